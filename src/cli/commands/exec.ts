/** `exec`: runs a program in a running container. */
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { carryStreams } from '#cli/docker/attach-streams.ts'
import { detachKeysOf } from '#cli/docker/detach-keys.ts'
import { exitWith, failure } from '#cli/docker/exit.ts'
import { followWindow } from '#cli/docker/resize-and-signals.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import { readEnvFile } from './key-value-files.ts'

export const exec: Verb = {
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  flags: [
    { name: 'detach', short: 'd', kind: 'bool', help: 'Leave it running in the background' },
    { name: 'detach-keys', kind: 'string', help: 'Keys that detach' },
    {
      name: 'env',
      short: 'e',
      kind: 'list',
      help: 'Environment variable (NAME=value, or NAME to pass on)',
      check: (value) => (value.startsWith('=') || value === '' ? `invalid environment variable: ${value}` : undefined),
    },
    { name: 'env-file', kind: 'list', help: 'File of environment variables' },
    { name: 'interactive', short: 'i', kind: 'bool', help: 'Connect STDIN' },
    { name: 'privileged', kind: 'bool', help: 'Give every privilege' },
    { name: 'tty', short: 't', kind: 'bool', help: 'Give it a terminal' },
    { name: 'user', short: 'u', kind: 'string', help: 'User and group (name|uid[:group|gid])' },
    { name: 'workdir', short: 'w', kind: 'string', help: 'Working folder' },
  ],
  count: atLeast(2),
  interspersed: false,
  completes: 'running',
  run: runExec,
}

async function runExec({ flags, args, session }: Call): Promise<number> {
  const [container = '', ...command] = args
  const detach = flags.bool('detach')
  const tty = flags.bool('tty')
  const stdin = flags.bool('interactive') && !detach
  const keys = await detachKeysOf(session, flags.text('detach-keys'))
  const env = await environment(session, flags.list('env-file'), flags.list('env'))
  const client = await session.client()
  // Asked first so that a missing container is told apart from a missing program.
  await client.text('GET', `/containers${pathOf(container)}/json`)
  if (stdin && tty && !session.io.terminal.stdinIsTerminal) throw failure('the input device is not a TTY')
  const console = tty ? consoleSize(session) : {}
  const body = {
    User: flags.text('user'),
    Privileged: flags.bool('privileged'),
    Tty: tty,
    ...console,
    AttachStdin: stdin,
    AttachStderr: !detach,
    AttachStdout: !detach,
    Detach: detach,
    DetachKeys: keys.text,
    Env: env.length === 0 ? null : env,
    WorkingDir: flags.text('workdir'),
    Cmd: command,
  }
  const { Id: id } = await client.json<{ readonly Id: string }>('POST', `/containers${pathOf(container)}/exec`, {
    json: body,
  })
  if (id === '') throw failure('exec ID empty')
  if (detach) {
    await client.text('POST', `/exec${pathOf(id)}/start`, { json: { Detach: true, Tty: tty } })
    return 0
  }
  return runForeground(session, client, { id, tty, stdin, keys: keys.keys, console })
}

function consoleSize(session: Session): { readonly ConsoleSize?: readonly number[] } {
  const size = session.io.terminal.size()
  return size === undefined ? {} : { ConsoleSize: [size.rows, size.columns] }
}

async function environment(
  session: Session,
  files: readonly string[],
  entries: readonly string[],
): Promise<readonly string[]> {
  const out: string[] = []
  for (const path of files) out.push(...(await readEnvFile(session.io, path)))
  for (const entry of entries) {
    const value = session.io.env[entry]
    out.push(entry.includes('=') || value === undefined ? entry : `${entry}=${value}`)
  }
  return out
}

interface Foreground {
  readonly id: string
  readonly tty: boolean
  readonly stdin: boolean
  readonly keys: Uint8Array | undefined
  readonly console: object
}

async function runForeground(
  session: Session,
  client: EngineClient,
  { id, tty, stdin, keys, console }: Foreground,
): Promise<number> {
  const connection = await client.hijack(`/exec${pathOf(id)}/start`, { json: { Detach: false, Tty: tty, ...console } })
  using _window =
    tty && session.io.terminal.stdinIsTerminal ? followWindow(session, client, `/exec${pathOf(id)}`) : undefined
  const outcome = await carryStreams(session, {
    connection,
    tty,
    stdin,
    stdout: true,
    stderr: true,
    detachKeys: keys,
  })
  if (outcome === 'detached') throw exitWith(1, 'read escape sequence')
  const { ExitCode: exitCode } = await client.json<{ readonly ExitCode?: number | null }>(
    'GET',
    `/exec${pathOf(id)}/json`,
  )
  return exitCode ?? 0
}
