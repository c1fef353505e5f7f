/** The Terminal port on this process's standard streams. */
import { ReadStream, WriteStream, isatty } from 'node:tty'
import type { Terminal, TerminalSize } from '#world/ports/terminal.ts'

/** The terminal of this process. Streams are opened at first use: commands that never read leave stdin alone. */
export function createTerminal(): Terminal {
  return {
    get stdin() {
      return process.stdin
    },
    get stdout() {
      return process.stdout
    },
    get stderr() {
      return process.stderr
    },
    get stdinIsTerminal() {
      return isatty(0)
    },
    get stdoutIsTerminal() {
      return isatty(1)
    },
    get stderrIsTerminal() {
      return isatty(2)
    },
    size: terminalSize,
    rawInput,
    onResize: (handler) => {
      process.on('SIGWINCH', handler)
      return { [Symbol.dispose]: () => process.off('SIGWINCH', handler) }
    },
    onSignal: listenToSignals,
    readSecret,
  }
}

/** Asked anew each time: a stream keeps the size it saw last, and nothing tells it of changes behind a pipe. */
function terminalSize(): TerminalSize | undefined {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream instanceof WriteStream && stream.isTTY) {
      const [columns, rows] = stream.getWindowSize()
      return { columns, rows }
    }
  }
  if (!isatty(0)) return undefined
  const stream = new WriteStream(0)
  const [columns, rows] = stream.getWindowSize()
  return { columns, rows }
}

function rawInput(): Disposable {
  const { stdin } = process
  if (!(stdin instanceof ReadStream)) return { [Symbol.dispose]: () => undefined }
  stdin.setRawMode(true)
  const restore = (): void => {
    stdin.setRawMode(false)
  }
  process.once('exit', restore)
  return {
    [Symbol.dispose]: () => {
      process.off('exit', restore)
      restore()
    },
  }
}

function listenToSignals(signals: readonly string[], handler: (signal: string) => void): Disposable {
  const listen = (name: string): void => handler(name)
  for (const name of signals) process.on(name as NodeJS.Signals, listen)
  return {
    [Symbol.dispose]: () => {
      for (const name of signals) process.off(name as NodeJS.Signals, listen)
    },
  }
}

async function readSecret(prompt: string): Promise<string | undefined> {
  process.stderr.write(prompt)
  using _raw = rawInput()
  const bytes: number[] = []
  for await (const chunk of process.stdin) {
    for (const byte of chunk as Uint8Array) {
      if (byte === 3 || (byte === 4 && bytes.length === 0)) return undefined
      if (byte === 10 || byte === 13 || byte === 4) {
        process.stderr.write('\n')
        return Buffer.from(bytes).toString()
      }
      if (byte === 127 || byte === 8) bytes.pop()
      else bytes.push(byte)
    }
  }
  return bytes.length === 0 ? undefined : Buffer.from(bytes).toString()
}
