/**
 * Virtual time. It stands still until somebody runs it; then it jumps from one timer to the next. Before it moves, one
 * macrotask lets every microtask settle, so that all consequences of an instant happen in that instant.
 */
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'

export interface SimClockOptions {
  /** Wall time at the start, milliseconds since 1970. */
  readonly startMs?: number
  /** Orders timers that are due at the same instant; left out, the first set goes first. */
  readonly order?: Random
}

interface Timer {
  readonly dueMs: number
  readonly rank: number
  readonly sequence: number
  run: (() => void) | undefined
}

/** 2026-01-01T00:00:00Z, unless told. */
export const defaultStartMs = 1_767_225_600_000

const ticksMost = 999
/** Fewer disposed timers than this are no burden. */
const disposedLeast = 256

export class SimClock implements Clock {
  readonly #startMs: number
  readonly #order: Random | undefined
  readonly #timers: Timer[] = []
  #elapsedMs = 0
  #ticks = 0
  #sequence = 0
  /** Timers among those waiting that were disposed. */
  #disposed = 0

  constructor(options: SimClockOptions = {}) {
    this.#startMs = options.startMs ?? defaultStartMs
    this.#order = options.order
  }

  /** Wall time. Each reading within an instant is a microsecond later, as no two readings of a machine are the same. */
  now(): number {
    const ticks = Math.min(this.#ticks++, ticksMost)
    return this.#startMs + this.#elapsedMs + ticks / 1000
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = this.setTimer(ms, resolve)
    const onAbort = (): void => {
      timer[Symbol.dispose]()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  setTimer(ms: number, fn: () => void): Disposable {
    const timer: Timer = {
      dueMs: this.#elapsedMs + Math.max(0, ms),
      rank: this.#order?.float() ?? 0,
      sequence: this.#sequence++,
      run: fn,
    }
    this.#timers.push(timer)
    this.#rise(this.#timers.length - 1)
    return {
      [Symbol.dispose]: () => {
        if (timer.run === undefined) return
        timer.run = undefined
        this.#disposed++
        this.#forgetDisposed()
      },
    }
  }

  /** When the next timer is due, in monotonic milliseconds; undefined when none is set. */
  nextTimerMs(): number | undefined {
    this.#dropDisposed()
    return this.#timers[0]?.dueMs
  }

  /**
   * Moves time to the next timer at or before `untilMs` and runs all that are due at that instant; false when there is none.
   * Timers that these set for the same instant wait until what they caused has settled.
   */
  runNextInstant(untilMs: number): boolean {
    const dueMs = this.nextTimerMs()
    if (dueMs === undefined || dueMs > untilMs) return false
    this.#moveTo(dueMs)
    const before = this.#sequence
    for (let next = this.#timers[0]; next !== undefined && next.dueMs <= dueMs; next = this.#timers[0]) {
      if (next.sequence >= before) break
      this.#pop()
      const run = next.run
      next.run = undefined
      run?.()
    }
    return true
  }

  /** Time passes; everything due on the way happens. `afterStep` is told after each instant has settled. */
  async advance(ms: number, afterStep?: () => void): Promise<void> {
    const untilMs = this.#elapsedMs + ms
    for (;;) {
      await letMicrotasksSettle()
      afterStep?.()
      if (!this.runNextInstant(untilMs)) break
    }
    this.#moveTo(untilMs)
  }

  #moveTo(elapsedMs: number): void {
    if (elapsedMs <= this.#elapsedMs) return
    this.#elapsedMs = elapsedMs
    this.#ticks = 0
  }

  #dropDisposed(): void {
    while (this.#timers[0] !== undefined && this.#timers[0].run === undefined) this.#pop()
  }

  /** Most timers guard against what does not happen: once those that were disposed are most of all, they go together. */
  #forgetDisposed(): void {
    if (this.#disposed < disposedLeast || this.#disposed * 2 < this.#timers.length) return
    this.#disposed = 0
    const live = this.#timers.filter(({ run }) => run !== undefined)
    this.#timers.length = 0
    for (const timer of live) this.#timers.push(timer)
    for (let index = live.length >> 1; index-- > 0;) this.#sink(index)
  }

  #rise(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfBefore(index, parent)) return
      index = parent
    }
  }

  #pop(): void {
    if (this.#timers[0]?.run === undefined) this.#disposed--
    const last = this.#timers.pop()
    if (last === undefined || this.#timers.length === 0) return
    this.#timers[0] = last
    this.#sink(0)
  }

  #sink(from: number): void {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const smaller = this.#isBefore(left + 1, left) ? left + 1 : left
      if (!this.#swapIfBefore(smaller, index)) return
      index = smaller
    }
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.#timers[a]
    const second = this.#timers[b]
    if (first === undefined || second === undefined) return false
    return (first.dueMs - second.dueMs || first.rank - second.rank || first.sequence - second.sequence) < 0
  }

  #swapIfBefore(a: number, b: number): boolean {
    if (!this.#isBefore(a, b)) return false
    const first = this.#timers[a]
    const second = this.#timers[b]
    if (first === undefined || second === undefined) return false
    this.#timers[a] = second
    this.#timers[b] = first
    return true
  }
}

/** Resolves when every microtask that is or becomes runnable without time has run. */
export function letMicrotasksSettle(): Promise<void> {
  return new Promise((resolve) => {
    // The one macrotask of the simulated world: it runs after all microtasks and lets no time pass that anybody sees.
    // oxlint-disable-next-line no-restricted-globals
    setImmediate(resolve)
  })
}
