/**
 * Makes a VersionedStore of an engine in this process: queues writes into group commits, tells watchers,
 * ends leases in time and forgets history by policy.
 */
import type { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import {
  storeBusy,
  storeClosed,
  storeCompacted,
  storeInvalid,
  storeLeaseNotFound,
  storeRevisionAhead,
} from './errors.ts'
import { checkKey } from './key-range.ts'
import { checkQuery, checkTxn, type HistoryPolicy, type StoreLimits } from './limits.ts'
import { deleteOne, putOne } from './single-writes.ts'
import type { StoreEngine } from './store-engine.ts'
import { StoreTrouble, type TroubleListener } from './store-trouble.ts'
import type {
  DeleteOptions,
  Entry,
  GetOptions,
  Lease,
  LocalStore,
  PutOptions,
  RangeQuery,
  RangeResult,
  TxnRequest,
  TxnResult,
  VersionedStore,
  WatchBatch,
  WatchQuery,
} from './versioned-store.ts'
import { WatchHub } from './watch-hub.ts'

/** Most transactions, and about the most bytes, in one commit: bounds how long the event loop is held. */
const groupRequestsMax = 1024
const groupBytesMax = 16 * 1024 * 1024
const leaseRetryMs = 1000

export interface LocalStoreOptions {
  readonly engine: StoreEngine
  readonly clock: Clock
  readonly limits: StoreLimits
  readonly history: HistoryPolicy
  readonly onTrouble?: TroubleListener | undefined
  /** Runs a step after what is ready now; left out, writes commit within the call. */
  readonly later?: ((step: () => void) => void) | undefined
}

interface Waiting {
  readonly request: TxnRequest
  readonly resolve: (result: TxnResult) => void
  readonly reject: (error: unknown) => void
}

interface RunningLease {
  readonly ttlMs: number
  endsAtMs: number
  timer: Disposable
}

/** The VersionedStore of an engine; it owns the engine. */
export class EngineStore implements VersionedStore {
  readonly local: LocalStore
  readonly #options: LocalStoreOptions
  readonly #engine: StoreEngine
  readonly #hub: WatchHub
  readonly #trouble: StoreTrouble
  readonly #leases = new Map<number, RunningLease>()
  #queue: Waiting[] = []
  #scheduled = false
  #sweeping: Promise<void> | undefined
  readonly #ages: { readonly atMs: number; readonly revision: number }[] = []
  #closed = false

  constructor(options: LocalStoreOptions) {
    this.#options = options
    const { engine } = options
    this.#engine = engine
    this.#hub = new WatchHub(options)
    this.#trouble = new StoreTrouble(options.clock, () => engine.probe(), options.onTrouble)
    for (const lease of engine.leases()) this.#runLease(lease)
    const commit = (requests: readonly TxnRequest[]): readonly (TxnResult | Error)[] => {
      this.#open()
      for (const request of requests) checkTxn(request)
      while (this.#queue.length > 0) this.#commitQueued()
      return this.#commit(requests)
    }
    this.local = {
      get revision() {
        return engine.revision
      },
      get compactRevision() {
        return engine.compactRevision
      },
      get: (key, read) => this.#get(key, read),
      range: (query) => this.#range(query),
      commit,
      follow: (afterRevision, follower) => this.#hub.follow(afterRevision, follower),
    }
  }

  get problem(): GantryError | undefined {
    return this.#trouble.current
  }

  async get(key: string, options?: GetOptions): Promise<Entry | undefined> {
    return this.#get(key, options)
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    return this.#range(query)
  }

  async currentRevision(): Promise<number> {
    this.#open()
    return this.#engine.revision
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    this.#open()
    checkTxn(request)
    if (this.#options.later === undefined) {
      const [result] = this.#commit([request])
      if (result instanceof Error) throw result
      return result as TxnResult
    }
    if (this.#queue.length >= this.#options.limits.pendingWrites) throw storeBusy(this.#queue.length)
    const { promise, resolve, reject } = Promise.withResolvers<TxnResult>()
    this.#queue.push({ request, resolve, reject })
    this.#schedule()
    return await promise
  }

  async put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<Entry> {
    return putOne((request) => this.txn(request), { key, value }, options)
  }

  async delete(key: string, options: DeleteOptions = {}): Promise<Entry | undefined> {
    return deleteOne((request) => this.txn(request), key, options)
  }

  watch(query: WatchQuery): AsyncIterable<WatchBatch> {
    return this.#hub.watch(query)
  }

  async compact(revision: number): Promise<void> {
    this.#open()
    const { revision: newest, compactRevision } = this.#engine
    if (revision > newest) throw storeRevisionAhead(revision, newest)
    if (revision < compactRevision) throw storeCompacted(compactRevision)
    this.#engine.compactTo(revision)
    await this.#sweep()
  }

  async grantLease(ttlMs: number): Promise<Lease> {
    this.#open()
    if (!(ttlMs > 0 && Number.isFinite(ttlMs))) throw storeInvalid('A lease needs a positive time to live.')
    const lease = this.#engine.grantLease(Math.ceil(ttlMs))
    this.#runLease(lease)
    return lease
  }

  async keepLeaseAlive(id: number): Promise<Lease> {
    this.#open()
    const lease = this.#leases.get(id)
    if (lease === undefined) throw storeLeaseNotFound(id)
    lease.endsAtMs = this.#options.clock.monotonicMs() + lease.ttlMs
    return { id, ttlMs: lease.ttlMs }
  }

  async revokeLease(id: number): Promise<void> {
    this.#open()
    if (!this.#leases.has(id)) throw storeLeaseNotFound(id)
    this.#revoke(id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    try {
      while (this.#queue.length > 0) this.#commitQueued()
    } finally {
      this.#closed = true
      this.#trouble[Symbol.dispose]()
      for (const lease of this.#leases.values()) lease.timer[Symbol.dispose]()
      this.#hub.close()
      await this.#sweeping?.catch(() => undefined)
      this.#engine[Symbol.dispose]()
    }
  }

  #open(): void {
    if (this.#closed) throw storeClosed()
  }

  #get(key: string, options: GetOptions = {}): Entry | undefined {
    this.#open()
    checkKey(key)
    checkQuery(options)
    return this.#told(() => this.#engine.get(key, options.revision))
  }

  #range(query: RangeQuery): RangeResult {
    this.#open()
    checkQuery(query)
    return this.#told(() => this.#engine.range(query))
  }

  /** Does it; what fails in the store itself is its problem until a write succeeds. */
  #told<T>(step: () => T): T {
    try {
      return step()
    } catch (error) {
      this.#trouble.note(error)
      throw error
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.later?.(() => {
      this.#scheduled = false
      if (this.#queue.length > 0) this.#commitQueued()
      if (this.#queue.length > 0) this.#schedule()
    })
  }

  /** Commits the front of the queue as one group and settles its promises. */
  #commitQueued(): void {
    const group = this.#takeGroup()
    try {
      const results = this.#commit(group.map((waiting) => waiting.request))
      for (const [index, waiting] of group.entries()) {
        const result = results[index] as TxnResult | Error
        if (result instanceof Error) waiting.reject(result)
        else waiting.resolve(result)
      }
    } catch (error) {
      for (const waiting of group) waiting.reject(error)
    }
  }

  #takeGroup(): Waiting[] {
    let sizeBytes = 0
    let taken = 0
    for (const { request } of this.#queue) {
      if (taken >= groupRequestsMax || sizeBytes >= groupBytesMax) break
      taken++
      for (const write of request.writes) if (write.type === 'put') sizeBytes += write.value.byteLength
    }
    if (taken === this.#queue.length) {
      const all = this.#queue
      this.#queue = []
      return all
    }
    return this.#queue.splice(0, taken)
  }

  #commit(requests: readonly TxnRequest[]): readonly (TxnResult | Error)[] {
    const { results, events } = this.#told(() => this.#engine.commit(requests, this.#hub.wantsPrevious))
    this.#trouble.worked()
    this.#hub.publish(events)
    this.#forgetHistory()
    return results
  }

  #forgetHistory(): void {
    const { history, clock } = this.#options
    const { revision, compactRevision } = this.#engine
    const nowMs = clock.monotonicMs()
    const newest = this.#ages.at(-1)
    if (newest === undefined || nowMs - newest.atMs >= history.ageMs / 10) this.#ages.push({ atMs: nowMs, revision })
    let target = compactRevision
    while ((this.#ages[0]?.atMs ?? nowMs) + history.ageMs < nowMs)
      target = Math.max(target, this.#ages.shift()?.revision ?? 0)
    // The slack makes compaction an occasional step and not a part of every commit.
    if (revision - compactRevision > history.revisions * 1.1) target = Math.max(target, revision - history.revisions)
    if (target <= compactRevision || this.#sweeping !== undefined) return
    this.#sweeping = this.#compactSoon(target).finally(() => {
      this.#sweeping = undefined
    })
  }

  /** Compacts behind the commits. A failure here (a full disk) is met again by the next commit, which reports it. */
  async #compactSoon(target: number): Promise<void> {
    try {
      await this.#pause()
      if (this.#closed) return
      this.#engine.compactTo(Math.max(target, this.#engine.compactRevision))
      await this.#sweepAll()
    } catch {
      // Space that could not be freed now is freed by a later sweep.
    }
  }

  async #sweep(): Promise<void> {
    await this.#sweeping
    this.#sweeping = this.#sweepAll().finally(() => {
      this.#sweeping = undefined
    })
    await this.#sweeping
  }

  async #sweepAll(): Promise<void> {
    while (!this.#closed && !this.#engine.sweep()) {
      // A pause lets commits in between.
      await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    const { later } = this.#options
    if (later !== undefined) await new Promise<void>((resolve) => later(resolve))
  }

  #runLease({ id, ttlMs }: Lease): void {
    const { clock } = this.#options
    this.#leases.set(id, { ttlMs, endsAtMs: clock.monotonicMs() + ttlMs, timer: this.#leaseTimer(id, ttlMs) })
  }

  #leaseTimer(id: number, ms: number): Disposable {
    return this.#options.clock.setTimer(ms, () => this.#endLease(id))
  }

  #endLease(id: number): void {
    const lease = this.#leases.get(id)
    if (lease === undefined || this.#closed) return
    const leftMs = lease.endsAtMs - this.#options.clock.monotonicMs()
    try {
      if (leftMs <= 0) this.#revoke(id)
      else lease.timer = this.#leaseTimer(id, leftMs)
    } catch {
      // A disk without room also refuses deletes; the lease ends when there is some.
      lease.timer = this.#leaseTimer(id, leaseRetryMs)
    }
  }

  #revoke(id: number): void {
    while (this.#queue.length > 0) this.#commitQueued()
    const { events } = this.#engine.revokeLease(id, this.#hub.wantsPrevious)
    this.#leases.get(id)?.timer[Symbol.dispose]()
    this.#leases.delete(id)
    this.#hub.publish(events)
  }
}
