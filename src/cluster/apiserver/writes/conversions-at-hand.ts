/**
 * Reckonings that need objects in other versions and cannot wait for them. Where somebody else converts, what is missing is
 * asked for and the whole reckoning done again, so that one piece of code serves both.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ApiObject } from '../api-object.ts'

/** An object in another version, now or later. */
export type Convert = (object: ApiObject, apiVersion: string) => ApiObject | Promise<ApiObject>
/** An object in another version. @throws GantryError when it cannot be had. */
export type ConvertNow = (object: ApiObject, apiVersion: string) => ApiObject

/** Ends a reckoning for want of an object. */
class NotAtHand extends Error {
  readonly key: string
  readonly coming: Promise<ApiObject>

  constructor(key: string, coming: Promise<ApiObject>) {
    super('an object has to be converted first')
    this.key = key
    this.coming = coming
  }
}

/**
 * What `reckon` comes to, at once where all conversions are at hand. `reckon` must do the same each time, and pass on what
 * `ConvertNow` throws unless it is a GantryError.
 */
export function withConversions<T>(convert: Convert, reckon: (convert: ConvertNow) => T): T | Promise<T> {
  const known = new Map<string, ApiObject | GantryError>()
  const now: ConvertNow = (object, apiVersion) => {
    const key = known.size === 0 ? '' : keyOf(object, apiVersion)
    const answer = known.get(key) ?? convert(object, apiVersion)
    if (answer instanceof Promise) throw new NotAtHand(keyOf(object, apiVersion), answer)
    if (answer instanceof GantryError) throw answer
    return answer
  }
  const attempt = (): T | NotAtHand => {
    try {
      return reckon(now)
    } catch (error) {
      if (error instanceof NotAtHand) return error
      throw error
    }
  }
  const first = attempt()
  return first instanceof NotAtHand ? inTheEnd(first, attempt, known) : first
}

async function inTheEnd<T>(
  first: NotAtHand,
  attempt: () => T | NotAtHand,
  known: Map<string, ApiObject | GantryError>,
): Promise<T> {
  let result: T | NotAtHand = first
  while (result instanceof NotAtHand) {
    known.set(result.key, await outcomeOf(result.coming))
    result = attempt()
  }
  return result
}

async function outcomeOf(coming: Promise<ApiObject>): Promise<ApiObject | GantryError> {
  try {
    return await coming
  } catch (error) {
    if (error instanceof GantryError) return error
    throw error
  }
}

function keyOf(object: ApiObject, apiVersion: string): string {
  return `${apiVersion} ${JSON.stringify(object)}`
}
