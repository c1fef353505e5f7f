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
