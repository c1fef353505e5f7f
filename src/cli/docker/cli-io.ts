/** Everything outside the program that a command may touch; the composing side supplies it. */
import type { Clock } from '#world/ports/clock.ts'
import type { Dialer } from '#world/ports/dialer.ts'
import type { Files } from '#world/ports/files.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { Terminal } from '#world/ports/terminal.ts'

export interface CliIo {
  /** The program's name in usage lines and hints: `docker` or `gantry`. */
  readonly program: string
  readonly terminal: Terminal
  readonly files: Files
  readonly clock: Clock
  /** Credential helpers. */
  readonly processes: Pick<Processes, 'run'>
  readonly dialer: Dialer
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly homeDirectory: string
  /** `linux/amd64`, as Docker names platforms. */
  readonly platform: string
}
