/**
 * Forgets etcd's history by policy. Every server on one etcd does so by itself: each compacts only what was old when it
 * looked, so the youngest of them decides, and to compact what is compacted already does nothing.
 */
import type { Clock } from '#world/ports/clock.ts'
import { isStoreError } from '../errors.ts'
import type { HistoryPolicy } from '../limits.ts'

export interface EtcdHistoryOptions {
  readonly clock: Clock
  readonly policy: HistoryPolicy
  /** The newest revision seen. */
  readonly newest: () => number
  readonly compact: (revision: number) => Promise<void>
}

/** What has been compacted as far as is known here, and the timer that does it. */
export class EtcdHistory implements Disposable {
  readonly #options: EtcdHistoryOptions
  readonly #ages: { readonly atMs: number; readonly revision: number }[] = []
  #compactRevision = 0
  #timer: Disposable

  constructor(options: EtcdHistoryOptions) {
    this.#options = options
    this.#timer = this.#next()
  }

  /** Reads before it are refused; 0 while nothing is known to be compacted. */
  get compactRevision(): number {
    return this.#compactRevision
  }

  /** Remembers a compaction that was done. */
  compacted(revision: number): void {
    this.#compactRevision = Math.max(this.#compactRevision, revision)
  }

  /** Forgets what it knew: the store has another past. */
  restart(): void {
    this.#compactRevision = 0
    this.#ages.length = 0
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  #next(): Disposable {
    const { clock, policy } = this.#options
    return clock.setTimer(policy.ageMs / 10, () => {
      void this.#forget()
      this.#timer = this.#next()
    })
  }

  async #forget(): Promise<void> {
    const { clock, policy, newest, compact } = this.#options
    const nowMs = clock.monotonicMs()
    const revision = newest()
    let target = revision - policy.revisions
    while ((this.#ages[0]?.atMs ?? nowMs) + policy.ageMs <= nowMs)
      target = Math.max(target, this.#ages.shift()?.revision ?? 0)
    this.#ages.push({ atMs: nowMs, revision })
    if (target <= this.#compactRevision) return
    try {
      await compact(target)
      this.compacted(target)
    } catch (error) {
      // Another server may have been faster; anything else the next turn tries again.
      if (isStoreError(error, 'STORE_COMPACTED')) this.compacted(target)
    }
  }
}
