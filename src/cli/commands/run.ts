/** `run`: creates a container, starts it, and stays with it unless detached. */
import type { Duplex } from 'node:stream'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import type { AttachPlan } from '#cli/docker/attach-streams.ts'
import { carryStreams } from '#cli/docker/attach-streams.ts'
import { detachKeysOf } from '#cli/docker/detach-keys.ts'
import { exitWith, failure } from '#cli/docker/exit.ts'
import { followOutput, proxySignals } from '#cli/docker/resize-and-signals.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { runFlags } from './container-flags.table.ts'
import type { CreateBody } from './container-config.ts'
import { createContainer, readBody, startFailureCode, withHelp } from './create-container.ts'
import { waitForExit } from './wait-for-exit.ts'

export const run: Verb = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: runFlags,
  count: atLeast(1),
  interspersed: false,
  completes: 'images',
  run: runContainer,
}

async function runContainer({ flags, args, session }: Call): Promise<number> {
  const client = await session.client()
  const asked = await readBody({ flags, args, session }, client).catch((error: unknown) => {
    throw withHelp(session, 'run', { error })
  })
  const detached = flags.bool('detach')
  if (detached && flags.list('attach').length > 0)
    throw failure('conflicting options: cannot specify both --attach and --detach')
  if (!detached && asked.Tty && asked.AttachStdin && !session.io.terminal.stdinIsTerminal)
    throw failure('the input device is not a TTY')
  const body = withConsoleSize(session, detached ? { ...asked, ...unattached } : asked)
  const id = await createContainer(session, client, { flags, body }).catch((error: unknown) => {
    throw withHelp(session, 'run', { error })
  })
  if (detached || (!body.AttachStdin && !body.AttachStdout && !body.AttachStderr))
    return runDetached(session, client, id)
  return runAttached(session, client, {
    id,
    body,
    keys: flags.text('detach-keys'),
    proxy: flags.bool('sig-proxy'),
    remove: flags.bool('rm'),
  })
}

const unattached = { AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false } as const

/** A container with a terminal begins with the size of ours. */
function withConsoleSize(session: Session, body: CreateBody): CreateBody {
  const size = body.Tty ? session.io.terminal.size() : undefined
  return size === undefined
    ? body
    : { ...body, HostConfig: { ...body.HostConfig, ConsoleSize: [size.rows, size.columns] } }
}

async function start(session: Session, client: EngineClient, id: string): Promise<void> {
  try {
    await client.text('POST', `/containers${pathOf(id)}/start`)
  } catch (error) {
    throw withHelp(session, 'run', { error, exitCode: startFailureCode(error) })
  }
}

async function runDetached(session: Session, client: EngineClient, id: string): Promise<number> {
  try {
    await start(session, client, id)
  } finally {
    await session.print(`${id}\n`)
  }
  return 0
}

interface AttachedRun {
  readonly id: string
  readonly body: CreateBody
  readonly keys: string
  readonly proxy: boolean
  readonly remove: boolean
}

async function runAttached(session: Session, client: EngineClient, plan: AttachedRun): Promise<number> {
  const { id, body } = plan
  using _signals = plan.proxy && !body.Tty ? proxySignals(session, client, id) : undefined
  const detach = await detachKeysOf(session, plan.keys)
  const connection = await attach(client, { id, body, keys: detach.text })
  const ending = new AbortController()
  using _patience = plan.proxy
    ? undefined
    : forgiveSignals(session, () => {
        connection.destroy()
        ending.abort()
      })
  const exit = await waitForExit(client, {
    id,
    condition: plan.remove ? 'removed' : 'next-exit',
    signal: ending.signal,
  })
  const streams = carryStreams(session, attachPlan(connection, body, detach.keys))
  try {
    await start(session, client, id)
  } catch (error) {
    connection.destroy()
    await streams.catch(() => undefined)
    if (plan.remove) await exit.status.catch(() => undefined)
    ending.abort()
    throw error
  }
  using _window = body.Tty ? followOutput(session, client, `/containers${pathOf(id)}`) : undefined
  if ((await streams) === 'detached') {
    ending.abort()
    return 0
  }
  const { exitCode, error } = await exit.status
  if (error !== undefined) throw exitWith(125, `Error waiting for container: ${error}`)
  return exitCode
}

/** Without a signal proxy the session outlives two signals; the third means it. */
function forgiveSignals(session: Session, stop: () => void): Disposable {
  let seen = 0
  return session.io.terminal.onSignal(['SIGINT', 'SIGTERM'], () => {
    seen += 1
    if (seen < 3) return
    session.io.terminal.stderr.write('\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n')
    stop()
  })
}

function attach(
  client: EngineClient,
  { id, body, keys }: { readonly id: string; readonly body: CreateBody; readonly keys: string },
): Promise<Duplex> {
  return client.hijack(`/containers${pathOf(id)}/attach`, {
    query: {
      stream: true,
      stdin: body.AttachStdin,
      stdout: body.AttachStdout,
      stderr: body.AttachStderr,
      detachKeys: keys === '' ? undefined : keys,
    },
    headers: { 'Content-Type': 'text/plain' },
  })
}

function attachPlan(connection: Duplex, body: CreateBody, detachKeys: Uint8Array | undefined): AttachPlan {
  return {
    connection,
    tty: body.Tty,
    stdin: body.AttachStdin,
    stdout: body.AttachStdout,
    stderr: body.AttachStderr,
    detachKeys,
  }
}
