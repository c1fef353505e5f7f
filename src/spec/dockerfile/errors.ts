/** Errors of reading a Dockerfile, worded as the classic builder of Docker 20.10 words them. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** A file that cannot be cut into instructions. */
export function failedToParse(message: string): GantryError {
  return new GantryError('DOCKERFILE_PARSE', 'invalid', `failed to parse Dockerfile: ${message}`, {
    remedy: 'Correct the Dockerfile.',
  })
}

/** An instruction with wrong arguments; `line` counts from 1. */
export function parseErrorAt(line: number, message: string): GantryError {
  return new GantryError('DOCKERFILE_INSTRUCTION', 'invalid', `dockerfile parse error line ${line}: ${message}`, {
    remedy: `Correct line ${line} of the Dockerfile.`,
    details: { line, message },
  })
}

/** A word whose variables or quotes are malformed. */
export function expansionError(message: string): GantryError {
  return new GantryError('DOCKERFILE_EXPANSION', 'invalid', message, { remedy: 'Correct the variable or the quotes.' })
}
