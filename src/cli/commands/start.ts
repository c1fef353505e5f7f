/** `start`: starts stopped containers, or one in the foreground. */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { carryStreams } from '#cli/docker/attach-streams.ts'
import { detachKeysOf, parseDetachKeys } from '#cli/docker/detach-keys.ts'
import { exitWith, failure } from '#cli/docker/exit.ts'
import { followOutput, proxySignals } from '#cli/docker/resize-and-signals.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { waitForExit } from './wait-for-exit.ts'

export const start: Verb = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: [
    { name: 'attach', short: 'a', kind: 'bool', help: 'Show its output and pass signals on' },
    { name: 'checkpoint', kind: 'string', help: 'Checkpoint to restore', hidden: true },
    { name: 'checkpoint-dir', kind: 'string', help: 'Folder of the checkpoints', hidden: true },
    { name: 'detach-keys', kind: 'string', help: 'Keys that detach' },
    { name: 'interactive', short: 'i', kind: 'bool', help: 'Connect its STDIN' },
  ],
  count: atLeast(1),
  completes: 'stopped',
  async run(call) {
    const { flags, args, session } = call
    if (flags.has('detach-keys')) parseDetachKeys(flags.text('detach-keys'))
    if (flags.bool('attach') || flags.bool('interactive')) {
      if (args.length > 1) throw failure('you cannot start and attach multiple containers at once')
      return startAttached(call, args[0] ?? '')
    }
    await startAll(session, await session.client(), args)
    return 0
  },
}

async function startAll(session: Session, client: EngineClient, names: readonly string[]): Promise<void> {
  const failed: string[] = []
  for (const name of names) {
    try {
      await client.text('POST', `/containers${pathOf(name)}/start`)
      await session.print(`${name}\n`)
    } catch (error) {
      failed.push(name)
      await session.warn(`${messageOf(error)}\n`)
    }
  }
  if (failed.length > 0) throw failure(`Error: failed to start containers: ${failed.join(', ')}`)
}

interface Inspected {
  readonly Id: string
  readonly Config: { readonly Tty?: boolean; readonly OpenStdin?: boolean }
  readonly HostConfig?: { readonly AutoRemove?: boolean }
}

async function startAttached({ flags, session }: Call, name: string): Promise<number> {
  const client = await session.client()
  const {
    Id: id,
    Config: config,
    HostConfig: host,
  } = await client.json<Inspected>('GET', `/containers${pathOf(name)}/json`)
  const tty = config.Tty === true
  const detach = await detachKeysOf(session, flags.text('detach-keys'))
  const stdin = flags.bool('interactive') && config.OpenStdin === true
  using _signals = tty ? undefined : proxySignals(session, client, id)
  const connection = await client.hijack(`/containers${pathOf(id)}/attach`, {
    query: { stream: true, stdin, stdout: true, stderr: true, detachKeys: detach.text || undefined },
    headers: { 'Content-Type': 'text/plain' },
  })
  const ending = new AbortController()
  const exit = await waitForExit(client, {
    id,
    condition: host?.AutoRemove === true ? 'removed' : 'next-exit',
    signal: ending.signal,
  })
  const streams = carryStreams(session, {
    connection,
    tty,
    stdin,
    stdout: true,
    stderr: true,
    detachKeys: detach.keys,
  })
  try {
    await client.text('POST', `/containers${pathOf(id)}/start`)
  } catch (error) {
    connection.destroy()
    await streams.catch(() => undefined)
    ending.abort()
    throw error
  }
  using _window = tty ? followOutput(session, client, `/containers${pathOf(id)}`) : undefined
  if ((await streams) === 'detached') {
    ending.abort()
    return 0
  }
  const { exitCode, error } = await exit.status
  if (error !== undefined) throw exitWith(125, error)
  return exitCode
}
