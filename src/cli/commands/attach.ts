/** `attach`: connects the terminal to a running container. */
import { pathOf } from '#clients/docker/engine-client.ts'
import { carryStreams } from '#cli/docker/attach-streams.ts'
import { detachKeysOf } from '#cli/docker/detach-keys.ts'
import { exitWith, failure } from '#cli/docker/exit.ts'
import { followOutput, proxySignals } from '#cli/docker/resize-and-signals.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { waitForExit } from './wait-for-exit.ts'

interface Inspected {
  readonly State: { readonly Running?: boolean; readonly Paused?: boolean; readonly Restarting?: boolean }
  readonly Config: { readonly Tty?: boolean; readonly OpenStdin?: boolean }
}

export const attach: Verb = {
  usage: '[OPTIONS] CONTAINER',
  flags: [
    { name: 'detach-keys', kind: 'string', help: 'Keys that detach' },
    { name: 'no-stdin', kind: 'bool', help: 'Leave STDIN alone' },
    { name: 'sig-proxy', kind: 'bool', default: 'true', help: 'Pass signals on to the process' },
  ],
  count: exactly(1),
  completes: 'running',
  async run({ flags, args, session }) {
    const [name = ''] = args
    const client = await session.client()
    const ending = new AbortController()
    const exit = await waitForExit(client, { id: name, condition: 'not-running', signal: ending.signal }).catch(
      () => undefined,
    )
    const { State: state, Config: config } = await client.json<Inspected>('GET', `/containers${pathOf(name)}/json`)
    checkState(state)
    const tty = config.Tty === true
    const stdin = !flags.bool('no-stdin') && config.OpenStdin === true
    if (tty && stdin && !session.io.terminal.stdinIsTerminal) throw failure('the input device is not a TTY')
    const detach = await detachKeysOf(session, flags.text('detach-keys'))
    using _signals = flags.bool('sig-proxy') && !tty ? proxySignals(session, client, name) : undefined
    const connection = await client.hijack(`/containers${pathOf(name)}/attach`, {
      query: { stream: true, stdin, stdout: true, stderr: true, detachKeys: detach.text || undefined },
      headers: { 'Content-Type': 'text/plain' },
    })
    using _window = tty ? followOutput(session, client, `/containers${pathOf(name)}`) : undefined
    const outcome = await carryStreams(session, {
      connection,
      tty,
      stdin,
      stdout: true,
      stderr: true,
      detachKeys: detach.keys,
    })
    if (outcome === 'detached') {
      ending.abort()
      throw exitWith(1, 'read escape sequence')
    }
    return exitCodeOf(await exit?.status)
  },
}

function checkState(state: Inspected['State']): void {
  if (state.Running !== true) throw failure('You cannot attach to a stopped container, start it first')
  if (state.Paused === true) throw failure('You cannot attach to a paused container, unpause it first')
  if (state.Restarting === true) throw failure('You cannot attach to a restarting container, wait until it is running')
}

function exitCodeOf(ended: { readonly exitCode: number; readonly error?: string } | undefined): number {
  if (ended?.error !== undefined) throw failure(ended.error)
  return ended?.exitCode ?? 0
}
