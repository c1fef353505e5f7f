/** Bounding how many run at once: in all, and one at a time per key. First come, first served. */

/** A permit; disposing gives it back, a second time does nothing. */
export type Permit = Disposable

export class Semaphore {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(permits: number) {
    if (!(permits >= 1)) throw new RangeError('a semaphore has at least one permit')
    this.#free = permits
  }

  /** Permits not taken. */
  get free(): number {
    return this.#free
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Waits for a permit.
   * @throws the signal's reason when it aborts first.
   */
  acquire(signal?: AbortSignal): Promise<Permit> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve(this.#permit())
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(grant), 1)
        reject(signal?.reason)
      }
      const grant = (): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve(this.#permit())
      }
      this.#waiting.push(grant)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** A permit if one is free now. */
  tryAcquire(): Permit | undefined {
    if (this.#free === 0) return undefined
    this.#free--
    return this.#permit()
  }

  /** Runs `work` with a permit. */
  async run<T>(work: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
    using _permit = await this.acquire(signal)
    return await work()
  }

  #permit(): Permit {
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        const next = this.#waiting.shift()
        if (next === undefined) this.#free++
        else next()
      },
    }
  }
}

/** One holder at a time for each key; a key costs nothing while nobody holds it. */
export class KeyedMutex<K> {
  readonly #locks = new Map<K, { readonly semaphore: Semaphore; users: number }>()

  /** Keys held or waited for. */
  get size(): number {
    return this.#locks.size
  }

  /**
   * Waits until nobody else holds `key`.
   * @throws the signal's reason when it aborts first.
   */
  async acquire(key: K, signal?: AbortSignal): Promise<Permit> {
    let lock = this.#locks.get(key)
    if (lock === undefined) this.#locks.set(key, (lock = { semaphore: new Semaphore(1), users: 0 }))
    const held = lock
    held.users++
    const leave = (): void => {
      if (--held.users === 0) this.#locks.delete(key)
    }
    try {
      const permit = await held.semaphore.acquire(signal)
      let isHeld = true
      return {
        [Symbol.dispose]: () => {
          if (!isHeld) return
          isHeld = false
          permit[Symbol.dispose]()
          leave()
        },
      }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Runs `work` while holding `key`. */
  async run<T>(key: K, work: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
    using _permit = await this.acquire(key, signal)
    return await work()
  }
}
