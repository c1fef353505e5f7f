/** The memory backend: for tests, simulations and whatever may be forgotten. Deterministic; forks in microseconds. */
import type { Clock } from '#world/ports/clock.ts'
import { EngineStore } from './create-local-store.ts'
import { defaultHistoryPolicy, defaultStoreLimits, type HistoryPolicy, type StoreLimits } from './limits.ts'
import { emptySnapshot, MemoryEngine, type MemorySnapshot } from './memory-engine.ts'
import type { LocalStore, VersionedStore } from './versioned-store.ts'

export { type MemorySnapshot, snapshotOf } from './memory-engine.ts'

export interface MemoryStoreOptions {
  readonly clock: Clock
  readonly limits?: Partial<StoreLimits>
  readonly history?: Partial<HistoryPolicy>
  /** Content to start from; the store it was taken from goes on unaffected. Leases run anew for their full time. */
  readonly from?: MemorySnapshot
}

export interface MemoryStore extends VersionedStore {
  readonly local: LocalStore
  /** The content, history and leases of this moment, sharing structure with the store. */
  snapshot(): MemorySnapshot
}

/** Creates a memory store. Writes commit within the call; watchers hear of them in the same turn. */
export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const engine = new MemoryEngine(options.from ?? emptySnapshot)
  const store = new EngineStore({
    engine,
    clock: options.clock,
    limits: { ...defaultStoreLimits, ...options.limits },
    history: { ...defaultHistoryPolicy, ...options.history },
  })
  return Object.assign(store, { snapshot: () => engine.snapshot() })
}
