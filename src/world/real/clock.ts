/** The machine's clock. */
import type { Clock } from '#world/ports/clock.ts'

/** The real Clock: wall time with sub-millisecond digits, timers that do not hold the process. */
export function createClock(): Clock {
  const originMs = performance.timeOrigin
  return {
    // Wall time is read anew (it may be stepped); the fraction comes from the monotonic counter.
    now: () => {
      const wholeMs = Date.now()
      const fraction = (originMs + performance.now()) % 1
      return wholeMs + (fraction < 0 ? 0 : fraction)
    },
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason)
          return
        }
        const onAbort = (): void => {
          clearTimeout(timer)
          reject(signal?.reason)
        }
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        }, ms)
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    setTimer: (ms, fn) => {
      const timer = setTimeout(fn, Math.min(ms, 2_147_483_647))
      timer.unref()
      return { [Symbol.dispose]: () => clearTimeout(timer) }
    },
  }
}
