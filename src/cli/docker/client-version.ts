/** What this client says of itself. */
import type { CliIo } from './cli-io.ts'

export const clientVersion = '0.1.0'

/** The answer to `--version`. */
export function clientVersionLine(io: CliIo): string {
  return io.program === 'docker'
    ? `Docker version ${clientVersion}, build gantry\n`
    : `Gantry version ${clientVersion}\n`
}
