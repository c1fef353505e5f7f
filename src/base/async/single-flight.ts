/** Work of one key runs once at a time; those who ask meanwhile share its result. */

interface Flight<T> {
  readonly controller: AbortController
  readonly promise: Promise<T>
  waiters: number
}

export class SingleFlight<K, T> {
  readonly #flights = new Map<K, Flight<T>>()

  /** Keys being worked on. */
  get size(): number {
    return this.#flights.size
  }

  /**
   * The result of the running work for `key`, or of `work` started now. Someone whose signal aborts leaves at once;
   * when the last one has left, the work's own signal aborts.
   */
  async run(key: K, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const flight = this.#flights.get(key) ?? this.#start(key, work)
    flight.waiters++
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void => aborted.reject(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await (signal === undefined ? flight.promise : Promise.race([flight.promise, aborted.promise]))
    } finally {
      signal?.removeEventListener('abort', onAbort)
      if (--flight.waiters === 0) {
        this.#forget(key, flight)
        flight.controller.abort(signal?.reason ?? new Error('nobody waits for it any more'))
      }
    }
  }

  #start(key: K, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const promise = Promise.resolve().then(() => work(controller.signal))
    const flight: Flight<T> = { controller, promise, waiters: 0 }
    this.#flights.set(key, flight)
    const forget = (): void => this.#forget(key, flight)
    promise.then(forget, forget)
    return flight
  }

  #forget(key: K, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}
