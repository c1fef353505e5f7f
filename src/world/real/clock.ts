/** The machine's clock. */
import type { Clock } from '#world/ports/clock.ts'

/** Longer ones end at once in Node; they are waited for in parts. */
const timerMsMax = 2_147_483_647
/** The last moment of a millisecond: no double between it and the next tells a wall time of these decades. */
const lastFraction = 1 - 2 ** -12

/** The real Clock: wall time with sub-millisecond digits, timers that do not hold the process. */
export function createClock(): Clock {
  return {
    now: createWallTime(),
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason)
          return
        }
        const onAbort = (): void => {
          wait[Symbol.dispose]()
          reject(signal?.reason)
        }
        const wait = waitFor(ms, { hold: true }, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    setTimer: (ms, fn) => waitFor(ms, { hold: false }, fn),
  }
}

/**
 * Wall time whose whole milliseconds are the system's, read anew each time as somebody may set it. The digits below come
 * from the monotonic counter, which drifts from it: where both disagree, the counter is put right.
 */
function createWallTime(): () => number {
  let originMs = performance.timeOrigin
  return () => {
    const wholeMs = Date.now()
    const counterMs = performance.now()
    const wallMs = originMs + counterMs
    if (wallMs >= wholeMs && wallMs < wholeMs + 1) return wallMs
    const rightMs = wallMs < wholeMs ? wholeMs : wholeMs + lastFraction
    originMs = rightMs - counterMs
    return rightMs
  }
}

/** Runs `fn` once after `ms`, which may be any number; `hold` keeps the process alive until then. */
function waitFor(ms: number, { hold }: { readonly hold: boolean }, fn: () => void): Disposable {
  const dueMs = performance.now() + ms
  let timer: NodeJS.Timeout | undefined
  const arm = (leftMs: number): void => {
    timer = setTimeout(
      () => (leftMs > timerMsMax ? arm(dueMs - performance.now()) : fn()),
      Math.min(leftMs, timerMsMax),
    )
    if (!hold) timer.unref()
  }
  arm(ms)
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}
