/** A body that must keep coming: bounded in length, and never slower than a crawl for long. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'

export interface BodyGuard {
  readonly clock: Clock
  /** Bytes that the body has at most. */
  readonly bytesMax: number
  /** Length of the window that is looked at. */
  readonly windowMs?: number
  /** Bytes that each whole window brings at least. */
  readonly windowBytesMin?: number
}

const windowMsDefault = 30_000
const windowBytesMinDefault = 32 * 1024

/**
 * Passes a body on.
 * @throws GantryError REGISTRY_BODY_TOO_LONG, REGISTRY_TOO_SLOW, REGISTRY_BODY_CUT (the connection broke).
 */
export async function* guardBody(source: AsyncIterable<Uint8Array>, guard: BodyGuard): AsyncGenerator<Uint8Array> {
  const windowMs = guard.windowMs ?? windowMsDefault
  const windowBytesMin = guard.windowBytesMin ?? windowBytesMinDefault
  let windowStartMs = guard.clock.monotonicMs()
  let windowBytes = 0
  let total = 0
  try {
    for await (const bytes of source) {
      total += bytes.byteLength
      windowBytes += bytes.byteLength
      if (total > guard.bytesMax)
        throw new GantryError(
          'REGISTRY_BODY_TOO_LONG',
          'invalid',
          `the registry sent more than the ${guard.bytesMax} bytes that were announced`,
          { remedy: 'The registry or something on the way to it is broken.' },
        )
      const before = guard.clock.monotonicMs()
      if (before - windowStartMs >= windowMs) {
        if (windowBytes < windowBytesMin)
          throw new GantryError(
            'REGISTRY_TOO_SLOW',
            'deadline',
            `the registry sent only ${windowBytes} bytes in ${Math.round((before - windowStartMs) / 1000)} seconds`,
            { remedy: 'Try again later.' },
          )
        windowStartMs = before
        windowBytes = 0
      }
      yield bytes
      // Time that the consumer took is not the registry's.
      windowStartMs += guard.clock.monotonicMs() - before
    }
  } catch (error) {
    if (error instanceof GantryError) throw error
    throw new GantryError(
      'REGISTRY_BODY_CUT',
      'unavailable',
      messageOf(error) === 'aborted' ? 'unexpected EOF' : messageOf(error),
      { cause: error, remedy: 'Try again.' },
    )
  }
}
