/** How a command ends other than well: a message and an exit code. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'

/** A failure with an exit code of its own. An empty message prints nothing. */
export function exitWith(exitCode: number, message: string, cause?: unknown): GantryError {
  return new GantryError('CLI_EXIT', 'internal', message, {
    details: { exitCode },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** A failure of the client's own with exit code 1. */
export function failure(message: string, cause?: unknown): GantryError {
  return exitWith(1, message, cause)
}

/** The exit code that an error asks for. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof GantryError)) return 1
  const code = error.details['exitCode']
  return typeof code === 'number' ? code : 1
}

/** The daemon's own words, without the client's prefix. */
export function daemonMessage(error: unknown): string {
  if (error instanceof GantryError && typeof error.details['message'] === 'string') return error.details['message']
  return messageOf(error)
}
