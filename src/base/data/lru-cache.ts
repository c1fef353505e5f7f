/** A bounded cache that forgets what was unused longest. */

export interface LruOptions<V> {
  /** Sum of weights at most; without `weigh` each entry weighs 1. */
  readonly capacity: number
  readonly weigh?: (value: V) => number
  /** Told of each value that is pushed out or replaced, not of those deleted. */
  readonly onEvict?: (value: V) => void
}

export class LruCache<K, V> {
  // A Map keeps insertion order: the first entry is the one unused longest.
  readonly #entries = new Map<K, V>()
  readonly #options: LruOptions<V>
  #weight = 0

  constructor(options: LruOptions<V>) {
    if (!(options.capacity >= 1)) throw new RangeError('a cache holds at least one entry')
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** Sum of the weights inside. */
  get weight(): number {
    return this.#weight
  }

  /** The value, which now counts as used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined && !this.#entries.has(key)) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value as V)
    return value
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  /** Keeps a value; others go until it fits. A value heavier than the whole cache is not kept. */
  set(key: K, value: V): void {
    this.#drop(key)
    const weight = this.#weigh(value)
    if (weight > this.#options.capacity) {
      this.#options.onEvict?.(value)
      return
    }
    this.#entries.set(key, value)
    this.#weight += weight
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#options.capacity) break
      this.#drop(oldest)
    }
  }

  delete(key: K): boolean {
    const value = this.#entries.get(key)
    if (!this.#entries.delete(key)) return false
    this.#weight -= this.#weigh(value as V)
    return true
  }

  clear(): void {
    this.#entries.clear()
    this.#weight = 0
  }

  #drop(key: K): void {
    const value = this.#entries.get(key)
    if (this.delete(key)) this.#options.onEvict?.(value as V)
  }

  #weigh(value: V): number {
    return this.#options.weigh?.(value) ?? 1
  }
}
