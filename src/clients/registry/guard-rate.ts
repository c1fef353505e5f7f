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
  const count = createMeter(guard)
  try {
    for await (const bytes of source) {
      count(bytes.byteLength)
      const before = guard.clock.monotonicMs()
      yield bytes
      count(0, guard.clock.monotonicMs() - before)
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

/** Counts bytes; time that the consumer took (`pausedMs`) is not the registry's. Throws when a limit is crossed. */
function createMeter(guard: BodyGuard): (byteCount: number, pausedMs?: number) => void {
  const windowMs = guard.windowMs ?? windowMsDefault
  const windowBytesMin = guard.windowBytesMin ?? windowBytesMinDefault
  let windowStartMs = guard.clock.monotonicMs()
  let windowBytes = 0
  let total = 0
  return (byteCount, pausedMs = 0) => {
    windowStartMs += pausedMs
    total += byteCount
    windowBytes += byteCount
    if (total > guard.bytesMax) {
      throw new GantryError(
        'REGISTRY_BODY_TOO_LONG',
        'invalid',
        `the registry sent more than the ${guard.bytesMax} bytes that were announced`,
        { remedy: 'The registry or something on the way to it is broken.' },
      )
    }
    const elapsedMs = guard.clock.monotonicMs() - windowStartMs
    if (elapsedMs < windowMs) return
    if (windowBytes < windowBytesMin) {
      throw new GantryError(
        'REGISTRY_TOO_SLOW',
        'deadline',
        `the registry sent only ${windowBytes} bytes in ${Math.round(elapsedMs / 1000)} seconds`,
        { remedy: 'Try again later.' },
      )
    }
    windowStartMs += elapsedMs
    windowBytes = 0
  }
}
