/** The person at the other end of a command: standard streams, the terminal behind them, signals. */
import type { Readable, Writable } from 'node:stream'

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface Terminal {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  readonly stderrIsTerminal: boolean
  /** Size of the terminal behind standard output (or input); undefined when there is none. */
  size(): TerminalSize | undefined
  /** Passes keys through unread (no echo, no line editing, no signals) until disposed. Does nothing without a terminal. */
  rawInput(): Disposable
  /** Calls `handler` when the window changes its size, until disposed. */
  onResize(handler: () => void): Disposable
  /** Calls `handler` instead of the default action of each listed signal, until disposed. */
  onSignal(signals: readonly string[], handler: (signal: string) => void): Disposable
  /** Reads one line without echo; undefined at the end of input. */
  readSecret(prompt: string): Promise<string | undefined>
}
