/**
 * Every stored object in memory: its served bytes, what selectors look at, and the recent events of its collection. Fed by
 * one watch of the store, so that all kinds change in one order; a store in this process tells of each commit before the
 * commit is answered. Reads never touch the store unless they ask for the past.
 */
import type { Clock } from '#world/ports/clock.ts'
import { isStoreError } from '#kit/store/errors.ts'
import type { LocalStore, RangeQuery, StoreEvent, VersionedStore, WatchBatch } from '#kit/store/versioned-store.ts'
import type { ApiObject } from '../api-object.ts'
import { Collection } from './collection.ts'
import { sealedValue } from '../encryption/sealed-value.ts'
import { ObjectPool } from './object-pool.ts'
import { versionAhead } from '../status-errors.ts'
import { StoredObject, type StoredVersion } from './stored-object.ts'
import type { AskedVersion } from '../wire/resource-version.ts'

/** Keys are `/registry/GROUP/RESOURCE/NAMESPACE/NAME`, without NAMESPACE where there is none. */
export const registryPrefix = '/registry/'
/** How long a read waits for a version that is not there yet (upstream's three seconds). */
const waitMs = 3000
/** Objects in one page of what is loaded at the start: for each page the store finds its place anew. */
const pageObjects = 10_000
const arriveTriesMax = 5

/** The collection (`GROUP/RESOURCE`) and what follows of a key, or undefined for a key that is not an object's. */
export function splitKey(key: string): { readonly storage: string; readonly rest: string } | undefined {
  const group = key.indexOf('/', registryPrefix.length)
  const resource = group < 0 ? -1 : key.indexOf('/', group + 1)
  if (resource < 0) return undefined
  return { storage: key.slice(registryPrefix.length, resource), rest: key.slice(resource + 1) }
}

/** The key of an object. */
export function keyOf(storage: string, namespace: string | undefined, name: string): string {
  const place = namespace === undefined || namespace === '' ? '' : `${namespace}/`
  return `${registryPrefix}${storage}/${place}${name}`
}

export interface CacheOptions {
  readonly store: VersionedStore
  readonly clock: Clock
  /** How much of the store's history is taken in at the start, for watches that resume; none unless told. */
  readonly resumeRevisions?: number
  /** Told when the store's watch breaks for good. */
  readonly onFault: (error: unknown) => void
}

interface Waiter {
  readonly revision: AskedVersion
  readonly resolve: () => void
}

/** The cache of one server. */
export class ObjectCache implements AsyncDisposable {
  readonly #options: CacheOptions
  readonly #collections = new Map<string, Collection>()
  readonly #written = new WeakMap<Uint8Array, Pick<StoredVersion, 'decoded' | 'texts'>>()
  readonly #pool = new ObjectPool()
  readonly #stop = new AbortController()
  #waiters: Waiter[] = []
  #revision = 0
  #following: Promise<void> | undefined

  constructor(options: CacheOptions) {
    this.#options = options
  }

  /** Every event up to here has been taken in. */
  get revision(): number {
    return this.#revision
  }

  /** Every collection that something is or was in, by storage key. */
  stored(): readonly Collection[] {
    return [...this.#collections.values()].toSorted((a, b) => (a.storage < b.storage ? -1 : 1))
  }

  /** The collection of a storage key, empty when nothing was ever in it. */
  collection(storage: string): Collection {
    let found = this.#collections.get(storage)
    if (found === undefined) this.#collections.set(storage, (found = new Collection(storage, this.#revision)))
    return found
  }

  /** Ends all watches of a collection: what it holds is served differently from now on. */
  endWatches(storage: string): void {
    this.#collections.get(storage)?.close()
  }

  /**
   * Loads everything as of some revisions ago and follows the store from there: what happened since is known as events,
   * so that watches which an earlier server began resume at this one.
   */
  async start(): Promise<void> {
    const { store, resumeRevisions = 0 } = this.#options
    const newest = await store.currentRevision()
    const revision = Math.max(newest - resumeRevisions, store.local?.compactRevision ?? 0, 1)
    const from = revision < newest ? await this.#loadAt(revision) : undefined
    const loaded = from ?? (await this.#loadAt(undefined)) ?? newest
    if (store.local === undefined) this.#following = this.#watch(loaded)
    else this.#follow(store.local, loaded)
    await this.#arrive()
  }

  /** Loads a revision, the newest unless told; undefined when it has been compacted. @returns the revision loaded. */
  async #loadAt(asked: number | undefined): Promise<number | undefined> {
    const { store } = this.#options
    let query: RangeQuery = {
      prefix: registryPrefix,
      limit: pageObjects,
      ...(asked === undefined ? {} : { revision: asked }),
    }
    try {
      for (;;) {
        const page = await store.range(query)
        this.#revision = page.revision
        for (const entry of page.entries) this.#load(entry.key, entry.value, entry.modRevision)
        const last = page.entries.at(-1)
        if (!page.more || last === undefined) return this.#loaded(page.revision)
        query = { ...query, start: `${last.key}\0`, revision: page.revision }
      }
    } catch (error) {
      const isGone = asked !== undefined && query.start === undefined && isStoreError(error, 'STORE_COMPACTED')
      if (isGone) return undefined
      throw error
    }
  }

  #loaded(revision: number): number {
    // Also of collections that somebody asked for before: nothing is known of what happened earlier.
    for (const collection of this.#collections.values()) collection.beginAt(revision)
    return revision
  }

  /** Takes in what happened up to now. A store that others write to as well may need to be asked more than once. */
  async #arrive(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.catchUp()
        return
      } catch (error) {
        if (attempt >= arriveTriesMax) throw error
      }
    }
  }

  /** Remembers the value behind bytes about to be written, so that they need not be parsed again. */
  expect(bytes: Uint8Array, decoded: ApiObject, texts?: StoredVersion['texts']): void {
    this.#written.set(bytes, { decoded, texts })
  }

  /** Resolves once everything up to `revision` is in. @throws 504 when that takes longer than three seconds. */
  async reach(revision: AskedVersion): Promise<void> {
    if (revision <= this.#revision) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { revision, resolve }
    this.#waiters.push(waiter)
    let late = false
    using _ = this.#options.clock.setTimer(waitMs, () => {
      late = true
      resolve()
    })
    await promise
    if (!late) return
    this.#waiters = this.#waiters.filter((one) => one !== waiter)
    throw versionAhead(revision, this.#revision)
  }

  /** Resolves once everything that was written before the call is in. */
  async catchUp(): Promise<void> {
    const { store } = this.#options
    const newest = store.local?.revision ?? (await store.currentRevision())
    if (newest > this.#revision) await this.reach(newest)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#following
    for (const collection of this.#collections.values()) collection.close()
  }

  /** Takes in each commit before whoever asked for it is answered. */
  #follow(local: LocalStore, afterRevision: number): void {
    const fail = (error: unknown): void => {
      followed[Symbol.dispose]()
      if (!this.#stop.signal.aborted) this.#options.onFault(error)
    }
    const take = ({ events, revision }: WatchBatch): void => {
      try {
        this.#apply(events, revision)
      } catch (error) {
        fail(error)
      }
    }
    const followed = new DisposableStack()
    followed.use(local.follow(afterRevision, { take, fail }))
    this.#stop.signal.addEventListener('abort', () => followed[Symbol.dispose](), { once: true })
  }

  async #watch(afterRevision: number): Promise<void> {
    const { store, onFault } = this.#options
    try {
      const query = { afterRevision, previous: false, progress: true, signal: this.#stop.signal }
      // Everything, not only objects: the revision then never stands still while others write.
      for await (const batch of store.watch(query)) this.#apply(batch.events, batch.revision)
    } catch (error) {
      if (!this.#stop.signal.aborted) onFault(error)
    }
  }

  #load(key: string, value: Uint8Array, revision: number): void {
    const at = splitKey(key)
    // The mark of a sealed value; objects begin with a brace.
    if (value[0] === 0x6b) throw sealedValue(key)
    if (at !== undefined) {
      this.collection(at.storage).load(new StoredObject(at.rest, { bytes: value, revision }, this.#pool))
    }
  }

  #put(collection: Collection, place: string, { value: bytes, modRevision: revision }: StoreEvent['entry']): void {
    const version = { bytes, revision, ...this.#written.get(bytes), before: collection.get(place) }
    // The bytes stay: they would keep what they were made of.
    this.#written.delete(bytes)
    collection.put(new StoredObject(place, version, this.#pool))
  }

  #apply(events: readonly StoreEvent[], revision: number): void {
    const touched = new Set<Collection>()
    for (const { type, entry } of events) {
      const at = entry.key.startsWith(registryPrefix) ? splitKey(entry.key) : undefined
      if (at === undefined) continue
      const collection = this.collection(at.storage)
      touched.add(collection)
      if (type === 'delete') collection.remove(at.rest, entry.modRevision)
      else this.#put(collection, at.rest, entry)
    }
    this.#revision = revision
    for (const collection of touched) collection.flush()
    if (this.#waiters.length === 0) return
    const ready = this.#waiters.filter((waiter) => waiter.revision <= revision)
    if (ready.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > revision)
    for (const waiter of ready) waiter.resolve()
  }
}
