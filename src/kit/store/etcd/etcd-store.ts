/**
 * The etcd backend (v3 API, 3.4 and later): the store of a replicated control plane. Reads are linearizable; what a write
 * promised survives as long as most members do, and the loss of a member is not seen by readers, writers and watchers.
 */
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { storeClosed, storeCompacted, storeInvalid, storeLeaseNotFound, storeRevisionAhead } from '../errors.ts'
import { checkKey } from '../key-range.ts'
import {
  checkQuery,
  checkTxn,
  defaultHistoryPolicy,
  defaultStoreLimits,
  type HistoryPolicy,
  type StoreLimits,
} from '../limits.ts'
import { deleteOne, putOne } from '../single-writes.ts'
import type {
  DeleteOptions,
  Entry,
  GetOptions,
  Lease,
  PutOptions,
  RangeQuery,
  RangeResult,
  TxnRequest,
  TxnResult,
  VersionedStore,
  WatchBatch,
  WatchQuery,
} from '../versioned-store.ts'
import { type CallOptions, EtcdClient } from './etcd-client.ts'
import { EtcdHistory } from './etcd-history.ts'
import { EtcdKeys } from './etcd-keys.ts'
import {
  decodeLeaseSeconds,
  decodeRange,
  decodeRevision,
  decodeTxn,
  etcdMethods,
  type RangeAnswer,
} from './etcd-messages.ts'
import { storeOutcomeUnknown } from './etcd-errors.ts'
import { encodeTxn, mayRepeat, resultOf, resultOfLost } from './etcd-transaction.ts'
import { EtcdWatch } from './etcd-watch.ts'
import { encodeFields } from '#kit/grpc/encode-fields.ts'
import type { ClientTls } from '#kit/grpc/grpc-connection.ts'

export interface EtcdStoreOptions {
  /** `http://HOST:PORT` or `https://HOST:PORT` of each member. */
  readonly endpoints: readonly string[]
  /** PEM texts; needed for https with an authority of one's own. */
  readonly tls?: ClientTls
  /** Goes before every key, so that several stores share one etcd. `/gantry` unless told. */
  readonly prefix?: string
  readonly clock: Clock
  readonly random: Random
  readonly limits?: Partial<StoreLimits>
  readonly history?: Partial<HistoryPolicy>
  /** How long a call looks for a member that answers. */
  readonly patienceMs?: number
}

/** Entries asked for in one call of a range: bounds what is held twice. */
const pageEntries = 1000
const patienceMsDefault = 10_000
/** A watch that is this late after a revision that was seen is helped on by a write of the marker. */
const markAfterMs = 50

interface Page {
  readonly key: string
  readonly rangeEnd: string
  readonly limit: number
  readonly query: RangeQuery
  /** That of the first page, for those after it. */
  readonly revision?: number
}

/** Opens a store in etcd. @throws STORE_UNREACHABLE, STORE_DENIED. */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<VersionedStore> {
  const store = new EtcdStore(options)
  try {
    await store.currentRevision()
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
  return store
}

class EtcdStore implements VersionedStore {
  readonly #clock: Clock
  readonly #random: Random
  readonly #client: EtcdClient
  readonly #keys: EtcdKeys
  readonly #history: EtcdHistory
  readonly #progressing = new Set<EtcdWatch>()
  #marking: Disposable | undefined
  #newest = 0
  #closed = false

  constructor(options: EtcdStoreOptions) {
    const { endpoints, tls, clock, patienceMs = patienceMsDefault } = options
    if (endpoints.length === 0) throw storeInvalid('An etcd store needs at least one endpoint.')
    const { pendingWrites } = { ...defaultStoreLimits, ...options.limits }
    this.#clock = clock
    this.#random = options.random
    this.#client = new EtcdClient({ endpoints, tls, clock, pendingCalls: pendingWrites, patienceMs })
    this.#keys = new EtcdKeys(options.prefix ?? '/gantry')
    this.#history = new EtcdHistory({
      clock,
      policy: { ...defaultHistoryPolicy, ...options.history },
      newest: () => this.#newest,
      compact: (revision) => this.#compactTo(revision),
    })
  }

  async get(key: string, { revision }: GetOptions = {}): Promise<Entry | undefined> {
    checkKey(key)
    checkQuery({ ...(revision === undefined ? {} : { revision }) })
    const { entries } = await this.#read([[1, this.#keys.raw(key)]], { revision })
    const [raw] = entries
    return raw === undefined ? undefined : this.#keys.entry(raw)
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    checkQuery(query)
    const { limit = Number.MAX_SAFE_INTEGER } = query
    const { key, rangeEnd } = this.#keys.bounds(query)
    const first = await this.#page({ key, rangeEnd, limit, query })
    const entries = first.entries.map((raw) => this.#keys.entry(raw))
    let page = first
    while (page.more && page.entries.length > 0 && entries.length < limit) {
      const after = `${page.entries.at(-1)?.key}\0`
      const left = { key: after, rangeEnd, limit: limit - entries.length, query }
      page = await this.#page({ ...left, revision: first.revision })
      for (const raw of page.entries) entries.push(this.#keys.entry(raw))
    }
    // The count of the first page is that of the whole range.
    const more = query.countOnly !== true && page.more
    return { entries, revision: query.revision ?? first.revision, more, count: first.count }
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    this.#open()
    checkTxn(request)
    let lost = false
    const bytes = await this.#call(etcdMethods.txn, encodeTxn(request, this.#keys), {
      effect: mayRepeat(request) ? 'repeatable' : 'once',
      onLost: () => {
        lost = true
      },
      about: { leaseId: leaseOf(request) },
    })
    const answer = decodeTxn(bytes)
    this.#saw(answer.revision)
    const result = resultOf(request, answer, this.#keys)
    if (result.ok || !lost) return result
    const settled = resultOfLost(request, result)
    if (settled === undefined) throw storeOutcomeUnknown('a member that failed', undefined)
    return settled
  }

  async put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<Entry> {
    return putOne((request) => this.txn(request), { key, value }, options)
  }

  async delete(key: string, options: DeleteOptions = {}): Promise<Entry | undefined> {
    return deleteOne((request) => this.txn(request), key, options)
  }

  async *watch(query: WatchQuery): AsyncGenerator<WatchBatch, void, undefined> {
    const { afterRevision } = query
    const newest = await this.currentRevision()
    if (afterRevision > newest) throw storeRevisionAhead(afterRevision, newest)
    if (afterRevision < this.#history.compactRevision) throw storeCompacted(this.#history.compactRevision)
    const watch = new EtcdWatch({ client: this.#client, keys: this.#keys }, query)
    if (query.progress === true) this.#progressing.add(watch)
    try {
      yield* watch.batches()
    } finally {
      this.#progressing.delete(watch)
    }
  }

  async compact(revision: number): Promise<void> {
    this.#open()
    if (revision === this.#history.compactRevision) return
    await this.#compactTo(revision)
    this.#history.compacted(revision)
  }

  async currentRevision(): Promise<number> {
    const { revision } = await this.#read([
      [1, this.#keys.marker],
      [9, true],
    ])
    this.#helpWatches(revision)
    return revision
  }

  async grantLease(ttlMs: number): Promise<Lease> {
    this.#open()
    if (!(ttlMs > 0 && Number.isFinite(ttlMs))) throw storeInvalid('A lease needs a positive time to live.')
    // Chosen here, because etcd's own numbers are longer than a JavaScript number holds.
    const id = Buffer.from(this.#random.bytes(6)).readUIntBE(0, 6) + 1
    const request = encodeFields([
      [1, Math.ceil(ttlMs / 1000)],
      [2, id],
    ])
    const seconds = decodeLeaseSeconds(await this.#call(etcdMethods.grant, request, { effect: 'once' }))
    return { id, ttlMs: seconds * 1000 }
  }

  async keepLeaseAlive(id: number): Promise<Lease> {
    this.#open()
    const request = encodeFields([[1, id]])
    const seconds = decodeLeaseSeconds(await this.#call(etcdMethods.keepAlive, request, { effect: 'none' }))
    if (seconds <= 0) throw storeLeaseNotFound(id)
    return { id, ttlMs: seconds * 1000 }
  }

  async revokeLease(id: number): Promise<void> {
    this.#open()
    const about = { leaseId: id }
    this.#saw(decodeRevision(await this.#call(etcdMethods.revoke, encodeFields([[1, id]]), { effect: 'once', about })))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#marking?.[Symbol.dispose]()
    this.#history[Symbol.dispose]()
    this.#client[Symbol.dispose]()
  }

  #open(): void {
    if (this.#closed) throw storeClosed()
  }

  async #read(
    fields: Parameters<typeof encodeFields>[0],
    { revision }: { readonly revision?: number | undefined } = {},
  ): Promise<RangeAnswer> {
    this.#open()
    const request = encodeFields([
      ...fields.filter(([field]) => field < 4),
      [4, revision],
      ...fields.filter(([field]) => field > 4),
    ])
    const answer = decodeRange(await this.#call(etcdMethods.range, request, { effect: 'none', about: { revision } }))
    this.#saw(answer.revision)
    return answer
  }

  #page({ key, rangeEnd, limit, query, revision }: Page): Promise<RangeAnswer> {
    const isCount = query.countOnly === true
    return this.#read(
      [
        [1, key],
        [2, rangeEnd],
        [3, isCount ? 0 : Math.min(pageEntries, limit)],
        [8, query.keysOnly === true],
        [9, isCount],
      ],
      { revision: query.revision ?? revision },
    )
  }

  #call(method: string, message: Uint8Array, options: CallOptions): Promise<Buffer> {
    const about = { newest: this.#newest, compactRevision: this.#history.compactRevision, ...options.about }
    return this.#client.call(method, message, { ...options, about })
  }

  async #compactTo(revision: number): Promise<void> {
    await this.#call(etcdMethods.compact, encodeFields([[1, revision]]), { effect: 'none', about: { revision } })
  }

  #saw(revision: number): void {
    if (revision > this.#newest) this.#newest = revision
  }

  /**
   * Others may write in the same etcd: a watch of this store then stands still while the revision rises. Somebody who has
   * read the newest revision may wait for it, so the marker is written, which moves every watch that tells progress.
   */
  #helpWatches(revision: number): void {
    const isBehind = (): boolean => [...this.#progressing].some((watch) => watch.revision < revision)
    if (this.#marking !== undefined || !isBehind()) return
    this.#marking = this.#clock.setTimer(markAfterMs, () => {
      this.#marking = undefined
      if (this.#closed || !isBehind()) return
      const put = encodeFields([[1, this.#keys.marker]])
      // A marker that could not be written is asked for again by the next reader.
      this.#call(etcdMethods.put, put, { effect: 'none' }).catch(() => undefined)
    })
  }
}

function leaseOf({ writes }: TxnRequest): number | undefined {
  for (const write of writes) if (write.type === 'put' && write.leaseId !== undefined) return write.leaseId
  return undefined
}
