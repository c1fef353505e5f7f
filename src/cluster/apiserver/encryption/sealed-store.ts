/** A store whose values are sealed on their way in and opened on their way out; everything else is the inner store's. */
import type {
  Entry,
  LocalStore,
  RangeResult,
  StoreEvent,
  TxnRequest,
  TxnResult,
  VersionedStore,
  WatchBatch,
  WatchQuery,
} from '#kit/store/versioned-store.ts'
import type { EncryptionConfig } from './encryption-config.ts'
import type { ValueSealer } from './value-sealer.ts'

/** A store that also knows which values were sealed with an old key. */
export interface SealedStore extends VersionedStore {
  /** True when the value of a key at that revision is to be written anew. */
  isStale(key: string, revision: number): boolean
  /** Seals by another configuration from now on; what was written until then is to be written anew. */
  reseal(config: EncryptionConfig): Promise<void>
}

/** Wraps a store. Disposing it disposes the inner one. */
export function sealStore(inner: VersionedStore, sealer: ValueSealer): SealedStore {
  const box = new Box(sealer)
  const { local } = inner
  return {
    isStale: (key, revision) => box.isStale(key, revision),
    reseal: async (config) => {
      sealer.use(config)
      // Asked afterwards: what is written meanwhile is written anew once too often rather than never.
      box.outdate(await inner.currentRevision())
    },
    get: async (key, options) => box.optional(await inner.get(key, options)),
    range: async (query) => box.rangeResult(await inner.range(query), query.keysOnly === true),
    txn: async (request) => box.txnResult(await inner.txn(box.request(request))),
    put: async (key, value, options) => box.entry(await inner.put(key, box.seal(key, value), options)),
    delete: async (key, options) => box.optional(await inner.delete(key, options)),
    watch: (query) => openEvents(inner, query, box),
    compact: (revision) => inner.compact(revision),
    currentRevision: () => inner.currentRevision(),
    grantLease: (ttlMs) => inner.grantLease(ttlMs),
    keepLeaseAlive: (id) => inner.keepLeaseAlive(id),
    revokeLease: (id) => inner.revokeLease(id),
    ...(local === undefined ? {} : { local: sealLocal(local, box) }),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}

function sealLocal(inner: LocalStore, box: Box): LocalStore {
  return {
    get revision() {
      return inner.revision
    },
    get compactRevision() {
      return inner.compactRevision
    },
    get: (key, options) => box.optional(inner.get(key, options)),
    range: (query) => box.rangeResult(inner.range(query), query.keysOnly === true),
    commit: (requests) =>
      inner
        .commit(requests.map((request) => box.request(request)))
        .map((result) => (result instanceof Error ? result : box.txnResult(result))),
    follow: (afterRevision, { take, fail }) =>
      inner.follow(afterRevision, { take: (batch) => take(openBatch(batch, box)), fail }),
  }
}

function openBatch(batch: WatchBatch, box: Box): WatchBatch {
  return batch.events.length === 0 ? batch : { ...batch, events: batch.events.map((event) => box.event(event)) }
}

async function* openEvents(inner: VersionedStore, query: WatchQuery, box: Box): AsyncGenerator<WatchBatch> {
  for await (const batch of inner.watch(query)) yield openBatch(batch, box)
}

class Box {
  readonly #sealer: ValueSealer
  /** What this process sealed itself need not be opened, and comes back as the very same bytes. */
  readonly #known = new WeakMap<Uint8Array, Uint8Array>()
  readonly #stale = new Map<string, number>()
  #outdated = 0

  constructor(sealer: ValueSealer) {
    this.#sealer = sealer
  }

  isStale(key: string, revision: number): boolean {
    return (revision <= this.#outdated && this.#sealer.covers(key)) || this.#stale.get(key) === revision
  }

  /** Whatever was written until a revision is stale. */
  outdate(revision: number): void {
    this.#outdated = revision
  }

  seal(key: string, value: Uint8Array): Uint8Array {
    const sealed = this.#sealer.seal(key, value)
    if (sealed !== value) this.#known.set(sealed, value)
    return sealed
  }

  entry(entry: Entry): Entry {
    const known = this.#known.get(entry.value)
    if (known !== undefined) {
      this.#stale.delete(entry.key)
      return { ...entry, value: known }
    }
    if (entry.value.length === 0) return entry
    const { value, isStale } = this.#sealer.open(entry.key, entry.value)
    if (isStale) this.#stale.set(entry.key, entry.modRevision)
    return value === entry.value ? entry : { ...entry, value }
  }

  optional(entry: Entry | undefined): Entry | undefined {
    return entry === undefined ? undefined : this.entry(entry)
  }

  rangeResult(result: RangeResult, isKeysOnly: boolean): RangeResult {
    return isKeysOnly ? result : { ...result, entries: result.entries.map((entry) => this.entry(entry)) }
  }

  request(request: TxnRequest): TxnRequest {
    return {
      ...request,
      writes: request.writes.map((write) =>
        write.type === 'put' ? { ...write, value: this.seal(write.key, write.value) } : write,
      ),
    }
  }

  txnResult(result: TxnResult): TxnResult {
    const open = (entries: readonly (Entry | undefined)[]): (Entry | undefined)[] =>
      entries.map((entry) => this.optional(entry))
    return result.ok ? { ...result, entries: open(result.entries) } : { ...result, current: open(result.current) }
  }

  event(event: StoreEvent): StoreEvent {
    if (event.type === 'delete') this.#stale.delete(event.entry.key)
    const previous = this.optional(event.previous)
    return { ...event, entry: this.entry(event.entry), ...(previous === undefined ? {} : { previous }) }
  }
}
