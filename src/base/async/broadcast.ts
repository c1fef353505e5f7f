/** One source, many listeners, none of which can slow the source or grow without end. */
import { BoundedQueue } from './bounded-queue.ts'

export interface BroadcastOptions {
  /** Items kept for each listener that is behind. */
  readonly capacity: number
  /** A listener too far behind loses the oldest items (and sees `dropped`), or is cut off. */
  readonly whenBehind: 'drop-oldest' | 'close'
  /** Listeners at most; more are refused. */
  readonly subscribersMax?: number
}

/** One listener; iterate it, dispose it. */
export interface Subscription<T> extends AsyncIterable<T>, Disposable {
  /** Items lost because this listener was behind. */
  readonly dropped: number
  /** True when it was cut off for being behind. */
  readonly overrun: boolean
  take(signal?: AbortSignal): Promise<T | undefined>
}

export class Broadcast<T> implements Disposable {
  readonly #options: BroadcastOptions
  readonly #listeners = new Set<{ readonly queue: BoundedQueue<T>; overrun: boolean }>()
  #closed = false

  constructor(options: BroadcastOptions) {
    this.#options = options
  }

  get subscribers(): number {
    return this.#listeners.size
  }

  /** Hands an item to everyone who listens now; never waits. */
  publish(item: T): void {
    for (const listener of this.#listeners) {
      if (listener.queue.offer(item)) continue
      listener.overrun = true
      listener.queue.close()
      this.#listeners.delete(listener)
    }
  }

  /**
   * Starts listening; items published from now on arrive in order. Ends when `signal` aborts.
   * @throws RangeError above `subscribersMax`.
   */
  subscribe(signal?: AbortSignal): Subscription<T> {
    const { capacity, whenBehind, subscribersMax = 10_000 } = this.#options
    if (this.#listeners.size >= subscribersMax) throw new RangeError(`more than ${subscribersMax} subscribers`)
    const queue = new BoundedQueue<T>({ capacity, whenFull: whenBehind === 'close' ? 'reject' : 'drop-oldest' })
    const listener = { queue, overrun: false }
    const stop = (): void => {
      signal?.removeEventListener('abort', stop)
      this.#listeners.delete(listener)
      queue.close()
    }
    if (this.#closed || signal?.aborted === true) queue.close()
    else this.#listeners.add(listener)
    signal?.addEventListener('abort', stop, { once: true })
    return {
      get dropped() {
        return queue.dropped
      },
      get overrun() {
        return listener.overrun
      },
      take: (takeSignal) => queue.take(takeSignal),
      [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
      [Symbol.dispose]: stop,
    }
  }

  /** Ends every subscription once its listener has read what it holds. */
  [Symbol.dispose](): void {
    this.#closed = true
    for (const { queue } of this.#listeners) queue.close()
    this.#listeners.clear()
  }
}
