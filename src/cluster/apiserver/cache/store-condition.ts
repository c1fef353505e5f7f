/** What the server knows about the condition of its store: what the health checks answer, and what its log tells of it. */
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { Log } from '#kit/telemetry/log.ts'

export class StoreCondition {
  readonly #store: Pick<VersionedStore, 'problem'>
  readonly #log: Log
  #broken: unknown
  #reloading: unknown

  constructor(store: Pick<VersionedStore, 'problem'>, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** What keeps objects from being read and written; undefined while nothing does. */
  get problem(): unknown {
    return this.#broken ?? this.#store.problem
  }

  /** Whether what is served is what the store has, as far as anybody knows. */
  get isCurrent(): boolean {
    return this.#broken === undefined && this.#reloading === undefined
  }

  /** The store is not followed any more. */
  breaks(error: unknown): void {
    this.#broken = error
    this.#log.error('the watch of the store ended', { error })
  }

  /** Everything is loaded anew, for a reason, or (undefined) has been. */
  reloads(reason: unknown): void {
    this.#reloading = reason
    if (reason === undefined) this.#log.info('the store has been loaded anew')
    else this.#log.warn('the store is loaded anew', { error: reason })
  }
}
