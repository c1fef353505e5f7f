/** The store's limits, and the check of a transaction against them. */
import { storeInvalid, storeTooLarge } from './errors.ts'
import { checkKey } from './key-range.ts'
import type { RangeQuery, TxnRequest } from './versioned-store.ts'

/** Most writes or expectations in one transaction (etcd's default, --max-txn-ops). */
export const transactionWritesMax = 128
/** Largest value (what etcd accepts in one request by default, --max-request-bytes). */
export const valueSizeBytesMax = 1_572_864

export interface StoreLimits {
  /** Events that may wait for one watcher before it is told that it is too slow. */
  readonly watchBacklogEvents: number
  /** Value bytes that may wait for one watcher, likewise. */
  readonly watchBacklogBytes: number
  /** Writes that may wait for a commit. */
  readonly pendingWrites: number
  /** How long a watch with `progress` stays silent before it is told the revision. */
  readonly progressIntervalMs: number
}

export const defaultStoreLimits: StoreLimits = {
  watchBacklogEvents: 10_000,
  watchBacklogBytes: 64 * 1024 * 1024,
  pendingWrites: 20_000,
  progressIntervalMs: 5000,
}

/** When a store forgets history by itself. */
export interface HistoryPolicy {
  /** Revisions that stay readable. */
  readonly revisions: number
  /** Revisions older than this are forgotten also when there are fewer; looked at every tenth of it. */
  readonly ageMs: number
}

export const defaultHistoryPolicy: HistoryPolicy = { revisions: 10_000, ageMs: 300_000 }

/** Throws STORE_INVALID unless every backend can carry the transaction out. */
export function checkTxn(request: TxnRequest): void {
  const { expect = [], writes } = request
  if (writes.length > transactionWritesMax || expect.length > transactionWritesMax) {
    throw storeTooLarge(`A transaction holds at most ${transactionWritesMax} writes and expectations.`)
  }
  for (const { key, modRevision } of expect) {
    checkKey(key)
    if (!Number.isSafeInteger(modRevision) || modRevision < 0)
      throw storeInvalid('An expected revision must be a whole number.')
  }
  let sizeBytes = 0
  for (const write of writes) {
    checkKey(write.key)
    if (write.type === 'put') sizeBytes += write.value.byteLength
  }
  if (sizeBytes > valueSizeBytesMax)
    throw storeTooLarge(`A transaction of ${sizeBytes} bytes exceeds the limit of ${valueSizeBytesMax}.`)
  if (writes.length > 1 && new Set(writes.map((write) => write.key)).size < writes.length) {
    throw storeInvalid('A transaction may write a key only once.')
  }
}

/** Throws STORE_INVALID unless the numbers in the query make sense. */
export function checkQuery(query: RangeQuery): void {
  const { limit, revision } = query
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1))
    throw storeInvalid('A limit must be a positive whole number.')
  if (revision !== undefined && (!Number.isSafeInteger(revision) || revision < 1)) {
    throw storeInvalid('A revision must be a positive whole number.')
  }
}
