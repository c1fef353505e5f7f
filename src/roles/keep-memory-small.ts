/** Gives memory back in the quiet after work: a server that has nothing to do should weigh little. */
import type { Clock } from '#world/ports/clock.ts'

export interface MemoryKeeper extends Disposable {
  /** Something is being done. Cheap. */
  touch(): void
}

/** So long nothing must have happened. */
const quietMs = 1000
/** A release takes the time of many requests: not more than one in so long. */
const pauseMs = 3000

/** Calls `release` once in each quiet that follows work; a failure of it is no reason to stop. */
export function createMemoryKeeper(clock: Clock, release: () => void): MemoryKeeper {
  let lastTouchMs = 0
  let lastReleaseMs = -pauseMs
  let timer: Disposable | undefined
  let ended = false
  const look = (): void => {
    const now = clock.monotonicMs()
    const waitMs = Math.max(lastTouchMs + quietMs, lastReleaseMs + pauseMs) - now
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
      if (!ended) timer ??= clock.setTimer(quietMs, look)
    },
    [Symbol.dispose]() {
      ended = true
      timer?.[Symbol.dispose]()
    },
  }
}
