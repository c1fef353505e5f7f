/** What is told of a command line that a command does not have. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** @param command its words without the program's: `image bootstrap`. */
export function usageError(command: string, message: string): GantryError {
  return new GantryError('ROLES_USAGE', 'invalid', message, { remedy: `See 'gantry ${command} --help'.` })
}
