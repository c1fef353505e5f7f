/** The log of a command that runs in the foreground: text for a person at a terminal, JSON lines for everybody else. */
import { createLog, type Log } from '#kit/telemetry/log.ts'
import type { CommandHost } from './command-host.ts'

/** Writes to standard error from `level` on. */
export function openCommandLog(
  { world, terminal }: Pick<CommandHost, 'world' | 'terminal'>,
  level: Parameters<typeof createLog>[0]['level'],
): Log {
  return createLog({
    level,
    format: terminal.stderrIsTerminal ? 'text' : 'json',
    write: (line) => terminal.stderr.write(line),
    clock: world.clock,
  })
}
