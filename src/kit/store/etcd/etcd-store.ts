/**
 * The etcd backend (v3 API, 3.4 and later): the store of a replicated control plane. Reads are linearizable; what a write
 * promised survives as long as most members do, and the loss of a member is not seen by readers, writers and watchers.
 */
import { setImmediate } from 'node:timers'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { GantryError } from '#base/errors/gantry-error.ts'
import {
  isStoreError,
  storeClosed,
  storeCompacted,
  storeInvalid,
  storeLeaseNotFound,
  storeRevisionAhead,
} from '../errors.ts'
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
import { StoreTrouble, type TroubleListener } from '../store-trouble.ts'
import { type CallOptions, EtcdClient } from './etcd-client.ts'
import { EtcdHistory } from './etcd-history.ts'
import { EtcdKeys } from './etcd-keys.ts'
import {
  decodeLeaseSeconds,
  decodeRange,
  decodeRevision,
  decodeTxn,
  etcdMethods,
  glanceAtRange,
} from './etcd-messages.ts'
import { storeOutcomeUnknown, storeReplaced } from './etcd-errors.ts'
import { encodeTxn, mayRepeat, resultOf, resultOfLost } from './etcd-transaction.ts'
import { EtcdWatch, type ReadMark } from './etcd-watch.ts'
import { watchInStretches } from './watch-in-stretches.ts'
import { encodeFields, type Fields } from '#kit/grpc/encode-fields.ts'
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
  readonly onTrouble?: TroubleListener
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
  readonly #endpoints: readonly string[]
  readonly #client: EtcdClient
  readonly #keys: EtcdKeys
  readonly #history: EtcdHistory
  readonly #watches = new Set<EtcdWatch>()
  readonly #trouble: StoreTrouble
  /** What it failed at last was a write. */
  #isWriteTrouble = false
  #marking: Disposable | undefined
  #newest = 0
  #closed = false

  constructor(options: EtcdStoreOptions) {
    const { endpoints, tls, clock, patienceMs = patienceMsDefault } = options
    if (endpoints.length === 0) throw storeInvalid('An etcd store needs at least one endpoint.')
    const { pendingWrites } = { ...defaultStoreLimits, ...options.limits }
    this.#clock = clock
    this.#endpoints = endpoints
    this.#random = options.random
    this.#client = new EtcdClient({ endpoints, tls, clock, pendingCalls: pendingWrites, patienceMs })
    this.#trouble = new StoreTrouble(clock, () => this.#probe(), options.onTrouble)
    this.#keys = new EtcdKeys(options.prefix ?? '/gantry')
    this.#history = new EtcdHistory({
      clock,
      policy: { ...defaultHistoryPolicy, ...options.history },
      newest: () => this.#newest,
      compact: (revision) => this.#compactTo(revision),
    })
  }

  get problem(): GantryError | undefined {
    return this.#trouble.current ?? this.#client.trouble
  }

  async get(key: string, { revision }: GetOptions = {}): Promise<Entry | undefined> {
    checkKey(key)
    checkQuery({ ...(revision === undefined ? {} : { revision }) })
    const [raw] = decodeRange(await this.#read([[1, this.#keys.raw(key)]], { revision }))
    return raw === undefined ? undefined : this.#keys.entry(raw)
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    checkQuery(query)
    const { limit = Number.MAX_SAFE_INTEGER, countOnly = false } = query
    const { key, rangeEnd } = this.#keys.bounds(query)
    const entries: Entry[] = []
    let bytes = await this.#page({ key, rangeEnd, limit, query })
    const { revision, count } = glanceAtRange(bytes)
    for (let left = limit; ;) {
      const page = glanceAtRange(bytes)
      left -= page.size
      const isLast = !page.more || page.size === 0 || left <= 0
      // etcd works on the next page while this one is read.
      const next = isLast ? undefined : this.#page({ key: `${page.lastKey}\0`, rangeEnd, limit: left, query, revision })
      if (next !== undefined) await sent(next)
      for (const raw of decodeRange(bytes)) entries.push(this.#keys.entry(raw))
      // The count of the first page is that of the whole range.
      if (next === undefined)
        return { entries, revision: query.revision ?? revision, more: !countOnly && page.more, count }
      bytes = await next
    }
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    this.#open()
    checkTxn(request)
    let lost = false
    const seen = this.#newest
    const bytes = await this.#call(etcdMethods.txn, encodeTxn(request, this.#keys), {
      effect: mayRepeat(request) ? 'repeatable' : 'once',
      onLost: () => {
        lost = true
      },
      about: { leaseId: leaseOf(request) },
    })
    const answer = decodeTxn(bytes)
    this.#saw(answer.revision, seen)
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
    const open = (part: WatchQuery): AsyncIterable<WatchBatch> => this.#watch(part)
    if (query.progress === true) yield* watchInStretches({ ...query, progress: true }, newest, open)
    else yield* open(query)
  }

  async *#watch(query: WatchQuery): AsyncGenerator<WatchBatch, void, undefined> {
    const verify = (last: ReadMark): Promise<void> => this.#verify(last)
    const watch = new EtcdWatch({ client: this.#client, keys: this.#keys, verify }, query)
    this.#watches.add(watch)
    try {
      for await (const batch of watch.batches()) {
        this.#newest = Math.max(this.#newest, batch.revision)
        yield batch
      }
    } finally {
      this.#watches.delete(watch)
    }
  }

  /** Asks whether what a watch has read last is still in the store's past. @throws STORE_REPLACED when it is not. */
  async #verify({ key, modRevision }: ReadMark): Promise<void> {
    try {
      const bytes = await this.#read([[1, key]], { revision: modRevision })
      if (decodeRange(bytes)[0]?.modRevision === modRevision) return
      throw this.#replaced(glanceAtRange(bytes).revision, modRevision)
    } catch (error) {
      if (isStoreError(error, 'STORE_REVISION_AHEAD')) throw this.#replaced(await this.currentRevision(), modRevision)
      // Forgotten since: whether the watch may go on is told to itself.
      if (!isStoreError(error, 'STORE_COMPACTED')) throw error
    }
  }

  async compact(revision: number): Promise<void> {
    this.#open()
    if (revision === this.#history.compactRevision) return
    await this.#compactTo(revision)
    this.#history.compacted(revision)
  }

  async currentRevision(): Promise<number> {
    const { revision } = glanceAtRange(
      await this.#read([
        [1, this.#keys.marker],
        [9, true],
      ]),
    )
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
    const [seen, about] = [this.#newest, { leaseId: id }]
    const bytes = await this.#call(etcdMethods.revoke, encodeFields([[1, id]]), { effect: 'once', about })
    this.#saw(decodeRevision(bytes), seen)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#marking?.[Symbol.dispose]()
    this.#history[Symbol.dispose]()
    this.#trouble[Symbol.dispose]()
    this.#client[Symbol.dispose]()
  }

  #open(): void {
    if (this.#closed) throw storeClosed()
  }

  async #read(fields: Fields, { revision }: { readonly revision?: number | undefined } = {}): Promise<Buffer> {
    this.#open()
    const request = encodeFields([
      ...fields.filter(([field]) => field < 4),
      [4, revision],
      ...fields.filter(([field]) => field > 4),
    ])
    const seen = this.#newest
    const bytes = await this.#call(etcdMethods.range, request, { effect: 'none', about: { revision } })
    this.#saw(glanceAtRange(bytes).revision, seen)
    return bytes
  }

  #page({ key, rangeEnd, limit, query, revision }: Page): Promise<Buffer> {
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

  async #call(method: string, message: Uint8Array, options: CallOptions): Promise<Buffer> {
    const about = { newest: this.#newest, compactRevision: this.#history.compactRevision, ...options.about }
    const isWrite = options.effect !== 'none'
    try {
      const answer = await this.#client.call(method, message, { ...options, about })
      // An etcd that is full still reads.
      if (isWrite || !this.#isWriteTrouble) this.#trouble.clear()
      return answer
    } catch (error) {
      if (!isStoreError(error, 'STORE_UNREACHABLE')) this.#isWriteTrouble = isWrite
      this.#trouble.note(error)
      throw error
    }
  }

  /** Does in small what failed last. */
  async #probe(): Promise<void> {
    const isWrite = this.#isWriteTrouble
    if (isWrite) await this.#call(etcdMethods.put, encodeFields([[1, this.#keys.marker]]), { effect: 'repeatable' })
    else await this.currentRevision()
  }

  async #compactTo(revision: number): Promise<void> {
    await this.#call(etcdMethods.compact, encodeFields([[1, revision]]), { effect: 'none', about: { revision } })
  }

  /** Notes an answer's revision; `before` was the newest when it was asked for. @throws STORE_REPLACED when it is lower. */
  #saw(revision: number, before: number): void {
    if (revision < before) throw this.#replaced(revision, before)
    if (revision > this.#newest) this.#newest = revision
  }

  /** Answers are linearizable: one below what was seen before it is of another past. All that was read is worthless. */
  #replaced(found: number, seen: number): GantryError {
    const error = storeReplaced(this.#endpoints, { found, seen })
    this.#newest = found
    this.#history.restart()
    for (const watch of this.#watches) watch.fail(error)
    return error
  }

  /**
   * Others may write in the same etcd: a watch of this store then stands still while the revision rises. Somebody who has
   * read the newest revision may wait for it, so the marker is written, which moves every watch that tells progress.
   */
  #helpWatches(revision: number): void {
    const isBehind = (): boolean => [...this.#watches].some((watch) => watch.tellsProgress && watch.revision < revision)
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

/** Lets a call go out before what follows keeps the thread busy; its failure is told to whoever awaits it. */
async function sent(call: Promise<unknown>): Promise<void> {
  call.catch(() => undefined)
  await new Promise((resolve) => setImmediate(resolve))
}

function leaseOf({ writes }: TxnRequest): number | undefined {
  for (const write of writes) if (write.type === 'put' && write.leaseId !== undefined) return write.leaseId
  return undefined
}
