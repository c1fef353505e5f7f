/**
 * The seam that both halves of the product stand on: keys and values under one global, monotone revision,
 * with compare-and-swap, ordered watches from a revision, history until compaction, and leases.
 * Every backend passes `versioned-store.contract.ts`.
 */

import type { GantryError } from '#base/errors/gantry-error.ts'

/** One version of one key. Values are handed over: neither side changes the bytes afterwards. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** The revision that created the key (again, after a delete). */
  readonly createRevision: number
  /** The revision that wrote this version. */
  readonly modRevision: number
  /** 1 for the creating write, then counted up. */
  readonly version: number
  readonly leaseId?: number
}

/** Keys that begin with `prefix`, or keys in [start, end), in UTF-8 byte order; all keys when empty. */
export interface KeyRange {
  readonly prefix?: string
  readonly start?: string
  readonly end?: string
}

export interface GetOptions {
  /** Read as of this revision; the newest when left out. */
  readonly revision?: number
}

export interface RangeQuery extends KeyRange {
  /** At most this many entries; no limit when left out. */
  readonly limit?: number
  /** Read as of this revision; the newest when left out. */
  readonly revision?: number
  /** Entries come with empty values. */
  readonly keysOnly?: boolean
  /** No entries, only the count. */
  readonly countOnly?: boolean
}

export interface RangeResult {
  readonly entries: readonly Entry[]
  /** The revision that the whole answer is of; the next page asks for it, a watch begins after it. */
  readonly revision: number
  /** True when the limit cut the answer. The next page starts at the last key + '\0'. */
  readonly more: boolean
  /** Keys in the range, with those that the limit cut. */
  readonly count: number
}

/** Holds while `key` is at `modRevision`; `absent` (0) holds while there is no such key. */
export interface Expectation {
  readonly key: string
  readonly modRevision: number
}

/** As an expected `modRevision`: the key must not exist. */
export const absent = 0

export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array; readonly leaseId?: number }
  | { readonly type: 'delete'; readonly key: string }

/** All writes at one revision, or none when an expectation fails. A key may be written once. */
export interface TxnRequest {
  readonly expect?: readonly Expectation[]
  readonly writes: readonly Write[]
}

export type TxnResult =
  | {
      readonly ok: true
      /** The revision of the writes; the current one when nothing changed. */
      readonly revision: number
      /** By write: the entry put, or the entry deleted (undefined when there was none). */
      readonly entries: readonly (Entry | undefined)[]
    }
  | {
      readonly ok: false
      readonly revision: number
      /** By expectation: what is there now. */
      readonly current: readonly (Entry | undefined)[]
    }

export interface PutOptions {
  /** Write only while the key is at this `modRevision`; `absent` to create. */
  readonly expect?: number
  readonly leaseId?: number
}

export interface DeleteOptions {
  /** Delete only while the key is at this `modRevision`. */
  readonly expect?: number
}

export interface StoreEvent {
  readonly type: 'put' | 'delete'
  /** What was put. For a delete: the key, an empty value, and the deleting revision as `modRevision`. */
  readonly entry: Entry
  /** The version before, when the watch asked for `previous` and there was one. */
  readonly previous?: Entry
}

/** Events in revision order. A transaction's events are never split over two batches. */
export interface WatchBatch {
  /** Everything up to here has been delivered: resume with it as `afterRevision`. */
  readonly revision: number
  /** Empty in a progress notification. */
  readonly events: readonly StoreEvent[]
}

export interface WatchQuery extends KeyRange {
  /** Every event with a greater revision is delivered; take it from a range or from an earlier batch. */
  readonly afterRevision: number
  readonly signal?: AbortSignal
  /** Events carry the version before them. */
  readonly previous?: boolean
  /** A batch without events tells the current revision when nothing else did for `progressIntervalMs`. */
  readonly progress?: boolean
}

export interface Lease {
  readonly id: number
  /** The time to live that was granted; a backend may round up. */
  readonly ttlMs: number
}

/**
 * Errors are GantryErrors with the codes of `errors.ts`. A promise of a write resolves only when the write
 * is durable (in memory: at once).
 */
export interface VersionedStore extends AsyncDisposable {
  get(key: string, options?: GetOptions): Promise<Entry | undefined>
  range(query: RangeQuery): Promise<RangeResult>
  txn(request: TxnRequest): Promise<TxnResult>
  /** Throws STORE_CONFLICT (details.current) when `expect` fails. */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<Entry>
  /** The entry deleted, undefined when there was none. Throws STORE_CONFLICT when `expect` fails. */
  delete(key: string, options?: DeleteOptions): Promise<Entry | undefined>
  /**
   * Follows a range. Ends quietly when the signal aborts or the loop is left; throws STORE_COMPACTED when the
   * revision is gone, STORE_WATCH_TOO_SLOW (details.revision to resume after) when the consumer lags too far.
   */
  watch(query: WatchQuery): AsyncIterable<WatchBatch>
  /** Forgets versions that were replaced at or before `revision`; reads before it throw STORE_COMPACTED. */
  compact(revision: number): Promise<void>
  /** The newest revision that reads can see. */
  currentRevision(): Promise<number>
  grantLease(ttlMs: number): Promise<Lease>
  /** Starts the lease's time anew. Throws STORE_LEASE_NOT_FOUND when it has ended. */
  keepLeaseAlive(id: number): Promise<Lease>
  /** Ends the lease and deletes its keys in one revision. */
  revokeLease(id: number): Promise<void>
  /** What keeps the store from working at the moment: the newest failure of its own since it last worked. */
  readonly problem?: GantryError | undefined
  /** Present when the store lives in this process: the same, without waiting. */
  readonly local?: LocalStore
}

/** What a store in this process offers to a sequencer that wants no promise between it and the data. */
export interface LocalStore {
  readonly revision: number
  readonly compactRevision: number
  get(key: string, options?: GetOptions): Entry | undefined
  range(query: RangeQuery): RangeResult
  /** One durable commit for all requests, each decided after those before it. An Error is that request's alone. */
  commit(requests: readonly TxnRequest[]): readonly (TxnResult | Error)[]
  /**
   * Tells of everything after `afterRevision`: at once of what happened already, then of each commit before the commit
   * is answered. Throws STORE_COMPACTED when the revision is gone. Disposing ends it.
   */
  follow(afterRevision: number, follower: StoreFollower): Disposable
}

/** Who is told of commits while they are made; neither may throw. */
export interface StoreFollower {
  take(batch: WatchBatch): void
  /** The store has been closed: nothing more comes. */
  fail(error: Error): void
}
