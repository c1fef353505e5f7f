/** Gives memory back in the quiet after work: a server that has nothing to do should weigh little. */
import type { HttpHandler } from '#kit/http/exchange.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ProcessMemory } from '#world/ports/kernel.ts'

export interface MemoryKeeper extends Disposable {
  /** Something is being done. Cheap. */
  touch(): void
}

/** So long nothing must have happened. */
const quietMs = 1000
/** A release takes the time of many requests: not more than one in so long. */
const pauseMs = 3000

/**
 * Calls `release` once in each quiet that follows work; a failure of it is no reason to stop.
 * @param laterQuietMs how long the quiet has to be after the first release, when what was compiled is worth keeping.
 */
export function createMemoryKeeper(clock: Clock, release: () => void, laterQuietMs: number = quietMs): MemoryKeeper {
  const restMs = (): number => (lastReleaseMs < 0 ? quietMs : laterQuietMs)
  let lastTouchMs = 0
  let lastReleaseMs = -pauseMs
  let timer: Disposable | undefined
  let ended = false
  const look = (): void => {
    const now = clock.monotonicMs()
    const waitMs = Math.max(lastTouchMs + restMs(), lastReleaseMs + pauseMs) - now
    timer = undefined
    if (waitMs > 0) {
      timer = clock.setTimer(waitMs, look)
      return
    }
    lastReleaseMs = now
    release()
  }
  return {
    touch() {
      lastTouchMs = clock.monotonicMs()
      if (!ended) timer ??= clock.setTimer(restMs(), look)
    },
    [Symbol.dispose]() {
      ended = true
      timer?.[Symbol.dispose]()
    },
  }
}

/** The handler; each request is work, and so is what it leaves behind when it ends. */
export function touching(keeper: Pick<MemoryKeeper, 'touch'>, handler: HttpHandler): HttpHandler {
  return async (request, response) => {
    keeper.touch()
    try {
      await handler(request, response)
    } finally {
      keeper.touch()
    }
  }
}

export interface ReleasePolicy {
  /** Less than this more than after the last release is not worth one. */
  readonly grownBytesMin: number
  /** A program with more values than this would stand still for too long. */
  readonly heapBytesMax: number
  /** So much of the program's own pages stays. */
  readonly programBytesKept: number
}

/** A release for programs that are never idle for long: done when there is something to gain, and little to be held up. */
export function releaseOnceGrown(memory: ProcessMemory, policy: ReleasePolicy): () => void {
  let keptBytes = 0
  return () => {
    const residentBytes = memory.residentBytes()
    if (residentBytes < keptBytes + policy.grownBytesMin || memory.heapBytes() > policy.heapBytesMax) return
    memory.release()
    memory.dropProgramPages({ aboveBytes: policy.programBytesKept })
    keptBytes = memory.residentBytes()
  }
}
