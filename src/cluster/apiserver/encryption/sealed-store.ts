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
import { type KmsProviders, kmsProvidersOf } from './kms-providers.ts'
import type { ValueSealer } from './value-sealer.ts'

/** A store that also knows which values were sealed with an old key. */
export interface SealedStore extends VersionedStore {
  /** True when the value of a key at that revision is to be written anew. */
  isStale(key: string, revision: number): boolean
  /** Seals by another configuration from now on; what was written until then is to be written anew. */
  reseal(config: EncryptionConfig): Promise<void>
}

/** What seals the values of a store. */
export interface Sealing {
  readonly sealer: ValueSealer
  readonly kms: KmsProviders
  readonly config: EncryptionConfig
}

/** Wraps a store. Disposing it disposes the inner one. */
export function sealStore(inner: VersionedStore, { sealer, kms, config: first }: Sealing): SealedStore {
  const box = new Box(sealer)
  // What plugins sealed has to be waited for, and nothing can be waited for there.
  const local = kmsProvidersOf(first).length > 0 ? undefined : inner.local
  const outdate = async (): Promise<void> => box.outdate(await inner.currentRevision())
  // A store that has ended outdates nothing.
  kms.onKeyChange = () => void outdate().catch(() => undefined)
  return {
    isStale: (key, revision) => box.isStale(key, revision),
    reseal: async (config) => {
      await kms.use(config)
      sealer.use(config)
      // Asked afterwards: what is written meanwhile is written anew once too often rather than never.
      await outdate()
      await kms.retire(config)
    },
    get problem() {
      return inner.problem
    },
    get: async (key, options) => {
      const entry = await inner.get(key, options)
      await box.unlock([entry])
      return box.optional(entry)
    },
    range: async (query) => {
      const result = await inner.range(query)
      if (query.keysOnly === true) return result
      await box.unlock(result.entries)
      return box.rangeResult(result, false)
    },
    txn: async (request) => {
      const result = await inner.txn(box.request(request))
      await box.unlock(result.ok ? result.entries : result.current)
      return box.txnResult(result)
    },
    put: async (key, value, options) => box.entry(await inner.put(key, box.seal(key, value), options)),
    delete: async (key, options) => {
      const entry = await inner.delete(key, options)
      await box.unlock([entry])
      return box.optional(entry)
    },
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
    commit: (requests) => {
      const sealed = requests.map((request) => box.tryRequest(request))
      const results = inner.commit(sealed.flatMap((one) => (one instanceof Error ? [] : one))).values()
      return sealed.map((one) => {
        const result = one instanceof Error ? one : (results.next().value as TxnResult | Error)
        return result instanceof Error ? result : box.txnResult(result)
      })
    },
    follow: (afterRevision, { take, fail }) =>
      inner.follow(afterRevision, { take: (batch) => take(openBatch(batch, box)), fail }),
  }
}

function openBatch(batch: WatchBatch, box: Box): WatchBatch {
  return batch.events.length === 0 ? batch : { ...batch, events: batch.events.map((event) => box.event(event)) }
}

async function* openEvents(inner: VersionedStore, query: WatchQuery, box: Box): AsyncGenerator<WatchBatch> {
  for await (const batch of inner.watch(query)) {
    await box.unlock(batch.events.flatMap(({ entry, previous }) => [entry, previous]))
    yield openBatch(batch, box)
  }
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

  /** Has plugins open what the values need. */
  async unlock(entries: readonly (Entry | undefined)[]): Promise<void> {
    for (const entry of entries) {
      if (entry === undefined || this.#known.has(entry.value)) continue
      const unlocking = this.#sealer.unlock(entry.key, entry.value)
      if (unlocking !== undefined) await unlocking
    }
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

  /** A request that cannot be sealed is the failure of nobody else. */
  tryRequest(request: TxnRequest): TxnRequest | Error {
    try {
      return this.request(request)
    } catch (error) {
      if (error instanceof Error) return error
      throw error
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
