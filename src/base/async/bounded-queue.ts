/** A queue with a capacity and a stated policy when it is full. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** `wait` slows the producer, `reject` fails it, the others lose the named end and count it. */
export type WhenFull = 'wait' | 'reject' | 'drop-oldest' | 'drop-newest'

export interface BoundedQueueOptions {
  /** Items held, at least 1. */
  readonly capacity: number
  readonly whenFull: WhenFull
}

/** First in, first out, for any number of producers and consumers. */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #capacity: number
  readonly #whenFull: WhenFull
  readonly #items: T[] = []
  readonly #takers: PromiseWithResolvers<IteratorResult<T, undefined>>[] = []
  readonly #producers: { readonly item: T; readonly done: PromiseWithResolvers<void> }[] = []
  #head = 0
  #closed = false
  #dropped = 0

  constructor(options: BoundedQueueOptions) {
    if (!(options.capacity >= 1)) throw new RangeError('a queue holds at least one item')
    this.#capacity = options.capacity
    this.#whenFull = options.whenFull
  }

  /** Items waiting to be taken. */
  get size(): number {
    return this.#items.length - this.#head
  }

  /** Items lost to a full queue so far. */
  get dropped(): number {
    return this.#dropped
  }

  get closed(): boolean {
    return this.#closed
  }

  /**
   * Adds an item; resolves when it is in the queue (at once unless the policy is `wait` and it is full).
   * @throws GantryError ASYNC_QUEUE_FULL with policy `reject`, ASYNC_QUEUE_CLOSED after `close`, the signal's reason while waiting.
   */
  async put(item: T, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#closed) throw closedError()
    if (this.offer(item) || this.#whenFull === 'drop-newest' || this.#whenFull === 'drop-oldest') return
    if (this.#whenFull === 'reject') throw new GantryError('ASYNC_QUEUE_FULL', 'exhausted', 'the queue is full')
    const done = Promise.withResolvers<void>()
    const waiting = { item, done }
    this.#producers.push(waiting)
    const onAbort = (): void => {
      const at = this.#producers.indexOf(waiting)
      if (at >= 0) this.#producers.splice(at, 1)
      done.reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await done.promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Adds an item without waiting; false when it was not taken in (full and not `drop-oldest`, or closed). */
  offer(item: T): boolean {
    if (this.#closed) return false
    const taker = this.#takers.shift()
    if (taker !== undefined) {
      taker.resolve({ value: item, done: false })
      return true
    }
    if (this.size >= this.#capacity) {
      if (this.#whenFull === 'drop-newest') this.#dropped++
      if (this.#whenFull !== 'drop-oldest') return false
      this.#shift()
      this.#dropped++
    }
    this.#items.push(item)
    return true
  }

  /**
   * The next item, or undefined once the queue is closed and empty.
   * @throws the signal's reason when it aborts first.
   */
  async take(signal?: AbortSignal): Promise<T | undefined> {
    signal?.throwIfAborted()
    if (this.size > 0) return this.#next()
    if (this.#closed) return undefined
    const taker = Promise.withResolvers<IteratorResult<T, undefined>>()
    this.#takers.push(taker)
    const onAbort = (): void => {
      const at = this.#takers.indexOf(taker)
      if (at >= 0) this.#takers.splice(at, 1)
      taker.reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return (await taker.promise).value
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** The next item if there is one now. */
  poll(): T | undefined {
    return this.size > 0 ? this.#next() : undefined
  }

  /** No more items come in; what is inside can still be taken. Waiting producers fail. Safe to call twice. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const taker of this.#takers.splice(0)) taker.resolve({ value: undefined, done: true })
    for (const { done } of this.#producers.splice(0)) done.reject(closedError())
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    for (;;) {
      // Items are handed out in order, one at a time.
      if (this.size === 0 && !this.#closed) await this.#wait()
      if (this.size === 0) return undefined
      yield this.#next()
    }
  }

  /** Resolves when something is inside or the queue is closed. */
  async #wait(): Promise<void> {
    const taker = Promise.withResolvers<IteratorResult<T, undefined>>()
    this.#takers.push(taker)
    const result = await taker.promise
    if (result.done !== true) this.#items.splice(this.#head, 0, result.value)
  }

  #next(): T {
    const item = this.#shift()
    const waiting = this.#producers.shift()
    if (waiting !== undefined) {
      this.#items.push(waiting.item)
      waiting.done.resolve()
    }
    return item
  }

  #shift(): T {
    const item = this.#items[this.#head++] as T
    // The array is cut in larger steps: shifting each time would make a long queue slow.
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    } else Reflect.set(this.#items, this.#head - 1, undefined)
    return item
  }
}

function closedError(): GantryError {
  return new GantryError('ASYNC_QUEUE_CLOSED', 'unavailable', 'the queue is closed')
}
