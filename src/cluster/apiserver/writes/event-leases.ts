/** Leases for objects that are forgotten after a time (events): one for all that are written within a minute. */
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { Clock } from '#world/ports/clock.ts'

const sharedMs = 60_000

/** Leases of one time to live. */
export class EventLeases {
  readonly #store: VersionedStore
  readonly #clock: Clock
  readonly #ttlMs: number
  #current: { readonly id: Promise<number>; readonly untilMs: number } | undefined

  constructor(options: { readonly store: VersionedStore; readonly clock: Clock; readonly ttlMs: number }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#ttlMs = options.ttlMs
  }

  /** The lease for an object written now. */
  async id(): Promise<number> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#current === undefined || this.#current.untilMs <= nowMs) {
      const id = this.#store.grantLease(this.#ttlMs + sharedMs).then((lease) => lease.id)
      this.#current = { id, untilMs: nowMs + sharedMs }
    }
    try {
      return await this.#current.id
    } catch (error) {
      this.#current = undefined
      throw error
    }
  }
}
