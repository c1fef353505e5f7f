/**
 * The queue of keys that a controller works through. A key is in it at most once; while it is worked on, adding it again
 * keeps it for afterwards. Failed keys come back with a growing delay. All time is the Clock's.
 */
import type { Clock } from '#world/ports/clock.ts'

export interface WorkQueueOptions {
  readonly clock: Clock
  /** First delay of `retry`, 5 ms unless told (client-go's default). */
  readonly retryFirstMs?: number
  /** Longest delay of `retry`, 1000 s unless told. */
  readonly retryMostMs?: number
  /**
   * How long a key rests after it was worked on, none unless told: what happens to it meanwhile is looked at together, so
   * that a hundred pods that start in one moment are counted once or twice and not a hundred times.
   */
  readonly restMs?: number
  readonly observer?: QueueObserver
}

/** Told what happens to keys. */
export interface QueueObserver {
  /** The key waits now, and did not before. */
  added(key: string): void
  taken(key: string): void
  done(key: string): void
  retried(key: string): void
}

interface Delayed {
  readonly dueMs: number
  readonly timer: Disposable
}

/** Holds each key once, so it is bounded by the number of objects. */
export class WorkQueue implements Disposable {
  readonly #options: WorkQueueOptions
  readonly #waiting = new Set<string>()
  readonly #working = new Set<string>()
  readonly #again = new Set<string>()
  readonly #resting = new Map<string, Disposable>()
  readonly #failures = new Map<string, number>()
  readonly #delayed = new Map<string, Delayed>()
  readonly #takers: ((key: string | undefined) => void)[] = []
  #ended = false

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  /** Keys waiting now (delayed ones not counted). */
  get size(): number {
    return this.#waiting.size
  }

  add(key: string): void {
    if (this.#ended) return
    const isHeldBack = this.#working.has(key) || this.#resting.has(key)
    const place = isHeldBack ? this.#again : this.#waiting
    if (!place.has(key)) {
      place.add(key)
      this.#options.observer?.added(key)
    }
    if (!isHeldBack) this.#handOut()
  }

  /** Adds later; of several pending times the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#ended) return
    if (delayMs <= 0) {
      this.add(key)
      return
    }
    const { clock } = this.#options
    const dueMs = clock.monotonicMs() + delayMs
    const pending = this.#delayed.get(key)
    if (pending !== undefined && pending.dueMs <= dueMs) return
    pending?.timer[Symbol.dispose]()
    const timer = clock.setTimer(Math.min(delayMs, 2_147_483_647), () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { dueMs, timer })
  }

  /** Adds after the key's own back-off, which doubles with each call until `forget`. */
  retry(key: string): void {
    const { retryFirstMs = 5, retryMostMs = 1_000_000 } = this.#options
    const count = this.#failures.get(key) ?? 0
    this.#failures.set(key, count + 1)
    this.#options.observer?.retried(key)
    this.addAfter(key, Math.min(retryMostMs, retryFirstMs * 2 ** Math.min(count, 40)))
  }

  /** The key did well: its back-off starts anew. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key, or undefined once the queue is disposed. Every key taken must be given to `done`. */
  take(): Promise<string | undefined> {
    if (this.#ended) return Promise.resolve(undefined)
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    this.#takers.push(resolve)
    this.#handOut()
    return promise
  }

  done(key: string): void {
    const { clock, observer, restMs = 0 } = this.#options
    this.#working.delete(key)
    observer?.done(key)
    if (restMs > 0 && !this.#ended)
      this.#resting.set(
        key,
        clock.setTimer(restMs, () => this.#wake(key)),
      )
    else this.#wake(key)
  }

  /** The key may be handed out again, and is when it was added meanwhile. */
  #wake(key: string): void {
    this.#resting.delete(key)
    if (!this.#again.delete(key)) return
    this.#waiting.add(key)
    this.#handOut()
  }

  [Symbol.dispose](): void {
    this.#ended = true
    this.#waiting.clear()
    this.#again.clear()
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]()
    this.#delayed.clear()
    for (const timer of this.#resting.values()) timer[Symbol.dispose]()
    this.#resting.clear()
    for (const resolve of this.#takers.splice(0)) resolve(undefined)
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const next = this.#waiting.values().next()
      if (next.done === true) return
      this.#waiting.delete(next.value)
      this.#working.add(next.value)
      this.#options.observer?.taken(next.value)
      this.#takers.shift()?.(next.value)
    }
  }
}
