/** Other programs, and what this one is. */
import type { Duplex, Readable } from 'node:stream'

export interface RunResult {
  /** Exit code; undefined when a signal ended it. */
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  /** The whole environment; left out: PATH and LC_ALL=C only. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: Uint8Array | string
  readonly timeoutMs?: number
  /** Kept of each stream; the rest is dropped. Default 1 MiB. */
  readonly outputBytesMax?: number
  readonly signal?: AbortSignal
}

/** What a child's descriptor is connected to: nothing, a pipe to us, a pipe from us, our own, or a descriptor number of ours. */
export type ChildDescriptor = 'null' | 'pipe' | 'pipe-in' | 'inherit' | number

export interface SpawnOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Index = descriptor number in the child; default null, null, null. A pipe at 0 is written by us, others read. */
  readonly descriptors?: readonly ChildDescriptor[]
  /** A session of its own, so that it outlives us and our terminal's signals. */
  readonly detached?: boolean
}

export interface ExitStatus {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

export interface ChildProcess {
  readonly pid: number
  /** Our end of each 'pipe' descriptor, by the child's number. */
  readonly pipes: ReadonlyMap<number, Duplex | Readable>
  readonly exited: Promise<ExitStatus>
  kill(signal: string): void
}

export interface Processes {
  /** Runs a program to its end and keeps its output. Throws a system error when it cannot start. */
  run(file: string, args: readonly string[], options?: RunOptions): Promise<RunResult>
  spawn(file: string, args: readonly string[], options?: SpawnOptions): ChildProcess
  /** Sends a signal (name or number); false when no such process. */
  kill(pid: number, signal: string | number): boolean
  /** The kernel's start time of a process in clock ticks (field 22 of /proc/pid/stat): with the pid it names a process for good. */
  startTicks(pid: number): Promise<number | undefined>
  /** Path of a program in PATH, or undefined. */
  find(name: string): Promise<string | undefined>
  readonly self: {
    readonly pid: number
    readonly uid: number
    readonly gid: number
    readonly env: Readonly<Record<string, string | undefined>>
    readonly cwd: string
  }
}
