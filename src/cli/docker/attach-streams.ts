/** Carries a hijacked connection to and from the terminal: output split in two, keys with detach, half-close at the end of input. */
import type { Duplex, Readable } from 'node:stream'
import type { Frame } from '#clients/docker/multiplex.ts'
import { createDemultiplexer } from '#clients/docker/multiplex.ts'
import { createDetachWatcher, defaultDetachKeys } from './detach-keys.ts'
import type { Session } from './session.ts'
import { writeTo } from './session.ts'

export interface AttachPlan {
  readonly connection: Duplex
  /** The container has a terminal: raw bytes, no frames. */
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  /** The keys that detach; undefined: the usual ones. */
  readonly detachKeys?: Uint8Array | undefined
}

/** Runs until the output ends or the user detaches. The terminal is as before afterwards. */
export async function carryStreams(session: Session, plan: AttachPlan): Promise<'ended' | 'detached'> {
  const { terminal } = session.io
  const raw = plan.tty && plan.stdin && terminal.stdinIsTerminal ? terminal.rawInput() : undefined
  const detached = Promise.withResolvers<'detached'>()
  const input = plan.stdin ? carryInput(terminal.stdin, plan, () => detached.resolve('detached')) : undefined
  if (!plan.stdin) plan.connection.end()
  try {
    return await Promise.race([carryOutput(session, plan), detached.promise])
  } finally {
    input?.[Symbol.dispose]()
    raw?.[Symbol.dispose]()
    plan.connection.destroy()
  }
}

async function carryOutput(session: Session, plan: AttachPlan): Promise<'ended'> {
  const { stdout, stderr } = session.io.terminal
  const frames = createDemultiplexer()
  try {
    for await (const chunk of plan.connection as AsyncIterable<Uint8Array>) {
      const parts: readonly Frame[] = plan.tty ? [{ stream: 'stdout', payload: chunk }] : frames.feed(chunk)
      for (const { stream, payload } of parts.filter((part) => plan[part.stream]))
        await writeTo(stream === 'stdout' ? stdout : stderr, payload)
    }
  } catch (error) {
    if (!plan.connection.destroyed || !isReset(error)) throw error
  }
  return 'ended'
}

function isReset(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  )
}

function carryInput(stdin: Readable, { connection, tty, detachKeys }: AttachPlan, detach: () => void): Disposable {
  const watcher = tty ? createDetachWatcher(detachKeys ?? defaultDetachKeys) : undefined
  const onData = (chunk: Uint8Array): void => {
    const { pass, detached } = watcher?.feed(chunk) ?? { pass: chunk, detached: false }
    if (pass.length > 0 && !connection.destroyed && !connection.write(pass)) {
      stdin.pause()
      connection.once('drain', () => stdin.resume())
    }
    if (detached) detach()
  }
  const onEnd = (): void => void connection.end()
  stdin.on('data', onData)
  stdin.on('end', onEnd)
  stdin.on('error', onEnd)
  connection.on('error', () => undefined)
  return {
    [Symbol.dispose]: () => {
      stdin.off('data', onData)
      stdin.off('end', onEnd)
      stdin.pause()
      // A pending read of a pipe or terminal would keep the program alive; nobody reads on.
      stdin.destroy()
    },
  }
}
