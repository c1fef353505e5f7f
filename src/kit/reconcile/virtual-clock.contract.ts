/** For tests: a Clock whose time moves only when told, and a Random on a seed. */
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'

interface Timer {
  readonly dueMs: number
  readonly order: number
  readonly fn: () => void
}

/** Time that stands still between calls of `advance`. */
export class VirtualClock implements Clock {
  #nowMs: number
  #order = 0
  readonly #startMs: number
  readonly #timers = new Set<Timer>()

  constructor(startMs: number = 1_767_225_600_000) {
    this.#nowMs = startMs
    this.#startMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs
  }

  setTimer(ms: number, fn: () => void): Disposable {
    const timer = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order++, fn }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const timer = this.setTimer(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      const onAbort = (): void => {
        timer[Symbol.dispose]()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Moves time, running what falls due in order, and lets everything settle after each step. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await this.settle()
    for (;;) {
      const next = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0]
      if (next === undefined || next.dueMs > untilMs) break
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.fn()
      await this.settle()
    }
    this.#nowMs = untilMs
    await this.settle()
  }

  /** One macrotask: every promise that can go on without time has gone on. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }
}

/** A reproducible Random (mulberry32). */
export function seededRandom(seed: number = 1): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    float: next,
    below: (limit) => Math.floor(next() * limit),
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)),
  }
}
