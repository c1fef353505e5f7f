/**
 * What a backend in this process must do, all of it synchronously; `create-local-store.ts` makes a
 * VersionedStore of it (queue, watches, lease timers, history policy).
 */
import type { KeyBounds } from './key-range.ts'
import type { Entry, Lease, RangeQuery, RangeResult, StoreEvent, TxnRequest, TxnResult } from './versioned-store.ts'

/** What one commit did: an answer for each request, and what watchers shall hear. */
export interface CommitOutcome {
  readonly results: readonly (TxnResult | Error)[]
  readonly events: readonly StoreEvent[]
}

/** A stretch of history. `revision` is how far it reaches; `complete` when that is the newest. */
export interface HistoryPage {
  readonly events: readonly StoreEvent[]
  readonly revision: number
  readonly complete: boolean
}

export interface HistoryQuery {
  readonly bounds: KeyBounds
  readonly afterRevision: number
  readonly previous: boolean
}

/** Tells whether some watcher wants the version before a change of this key. */
export type WantsPrevious = (key: string) => boolean

export interface StoreEngine extends Disposable {
  readonly revision: number
  /** Reads and watches before this are refused; 0 while nothing was compacted. */
  readonly compactRevision: number
  get(key: string, revision: number | undefined): Entry | undefined
  range(query: RangeQuery): RangeResult
  /** Decides and commits the checked requests in order, durable on return. Throws, with nothing kept, when it cannot. */
  commit(requests: readonly TxnRequest[], wantsPrevious: WantsPrevious): CommitOutcome
  history(query: HistoryQuery): HistoryPage
  /** Moves the compact revision; the space is freed by `sweep`. */
  compactTo(revision: number): void
  /** Frees a bounded amount of forgotten history; true when none is left. */
  sweep(): boolean
  leases(): readonly Lease[]
  grantLease(ttlMs: number): Lease
  /** Writes something that nobody reads, durably: throws as a commit would. */
  probe(): void
  /** Forgets the lease and deletes its keys at one revision. */
  revokeLease(id: number, wantsPrevious: WantsPrevious): CommitOutcome
}
