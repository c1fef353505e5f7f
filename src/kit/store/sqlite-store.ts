/** The SQLite backend: durable on one machine, nothing to install. One process at a time owns the file. */
import { setImmediate } from 'node:timers'
import type { Clock } from '#world/ports/clock.ts'
import { EngineStore } from './create-local-store.ts'
import { defaultHistoryPolicy, defaultStoreLimits, type HistoryPolicy, type StoreLimits } from './limits.ts'
import { SqliteEngine } from './sqlite-engine.ts'
import type { TroubleListener } from './store-trouble.ts'
import type { LocalStore, VersionedStore } from './versioned-store.ts'

export interface SqliteStoreOptions {
  /** The database file; its folder must exist. SQLite keeps a `-wal` file beside it. */
  readonly path: string
  readonly clock: Clock
  readonly limits?: Partial<StoreLimits>
  readonly history?: Partial<HistoryPolicy>
  /** The file may not grow beyond this (STORE_FULL); bounded by the disk alone when left out. */
  readonly sizeBytesMax?: number
  readonly onTrouble?: TroubleListener
}

export interface SqliteStore extends VersionedStore {
  readonly local: LocalStore
}

/**
 * Opens (or creates) a store in a file. All writes queued within one turn of the event loop share one
 * transaction and one sync of the disk. Throws STORE_LOCKED, STORE_CORRUPT, STORE_TOO_NEW, STORE_CANNOT_OPEN.
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path, clock, sizeBytesMax, onTrouble } = options
  const engine = new SqliteEngine({ path, sizeBytesMax, nowMs: clock.now() })
  try {
    return new EngineStore({
      engine,
      clock,
      onTrouble,
      limits: { ...defaultStoreLimits, ...options.limits },
      history: { ...defaultHistoryPolicy, ...options.history },
      later: (step) => void setImmediate(step),
    })
  } catch (error) {
    engine[Symbol.dispose]()
    throw error
  }
}
