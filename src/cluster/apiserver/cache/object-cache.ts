/**
 * Every stored object in memory: its served bytes, what selectors look at, and the recent events of its collection. Fed by
 * one watch of the store, so that all kinds change in one order; a store in this process tells of each commit before the
 * commit is answered. Reads never touch the store unless they ask for the past.
 */
import { askedEarly } from '#base/async/asked-early.ts'
import type { Clock } from '#world/ports/clock.ts'
import { isStoreError } from '#kit/store/errors.ts'
import type {
  Entry,
  LocalStore,
  RangeQuery,
  StoreEvent,
  VersionedStore,
  WatchBatch,
} from '#kit/store/versioned-store.ts'
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
const reloadRetryMs = 1000

/** True for the ends of a watch that leave a gap. */
function isPastGone(error: unknown): boolean {
  return isStoreError(error, 'STORE_COMPACTED') || isStoreError(error, 'STORE_REPLACED')
}

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
  /** Told why everything has to be loaded anew, and again (undefined) once it is. */
  readonly onReload?: (reason: unknown) => void
}

/** Batches of the store's watch; `end` ends it. */
interface Feed {
  readonly batches: AsyncIterable<WatchBatch>
  end(): void
}

/** Takes in one of the objects that are loaded. */
type Load = (entry: Entry) => void

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
  #reloading: Promise<void> | undefined
  /** Versions above the newest one, up to here, were handed out of a past that the store no longer has. */
  #lostUntil = 0

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
    // The way to a store elsewhere is long: what happened is asked for while the objects come.
    const early = store.local === undefined ? this.#feed(revision) : undefined
    const load: Load = ({ key, value, modRevision }) => this.#load(key, value, modRevision)
    const from = revision < newest ? await this.#loadAt(revision, load) : undefined
    const loaded = this.#loaded(from ?? (await this.#loadAt(undefined, load)) ?? newest)
    if (store.local !== undefined) this.#follow(store.local, loaded)
    else if (early !== undefined && loaded === revision) this.#following = this.#watch(early)
    else {
      early?.end()
      this.#following = this.#watch(this.#feed(loaded))
    }
    await this.#arrive()
  }

  /** Loads a revision, the newest unless told; undefined when it has been compacted. @returns the revision loaded. */
  async #loadAt(asked: number | undefined, load: Load): Promise<number | undefined> {
    const { store } = this.#options
    let query: RangeQuery = {
      prefix: registryPrefix,
      limit: pageObjects,
      ...(asked === undefined ? {} : { revision: asked }),
    }
    try {
      for (;;) {
        const page = await store.range(query)
        for (const entry of page.entries) load(entry)
        const last = page.entries.at(-1)
        if (!page.more || last === undefined) return page.revision
        query = { ...query, start: `${last.key}\0`, revision: page.revision }
      }
    } catch (error) {
      const isGone = asked !== undefined && query.start === undefined && isStoreError(error, 'STORE_COMPACTED')
      if (isGone) return undefined
      throw error
    }
  }

  #loaded(revision: number): number {
    this.#revision = revision
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
    const before = this.#revision
    const newest = store.local?.revision ?? (await store.currentRevision())
    if (this.#reloading !== undefined || newest < before) await this.#reloaded(newest)
    if (newest > this.#revision) await this.reach(newest)
  }

  /** True for a version that was handed out before the store went back, and that it has not reached again. */
  isLost(version: number): boolean {
    return version > this.#revision && version <= this.#lostUntil
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

  #feed(afterRevision: number): Feed {
    const end = new AbortController()
    const signal = AbortSignal.any([this.#stop.signal, end.signal])
    const query = { afterRevision, previous: false, progress: true, signal }
    // Everything, not only objects: the revision then never stands still while others write.
    return { batches: askedEarly(this.#options.store.watch(query)), end: () => end.abort() }
  }

  /** Takes in what the store tells. Once that is not all that happened any more, everything is loaded anew. */
  async #watch(first: Feed): Promise<void> {
    const { onFault } = this.#options
    for (let feed = first; !this.#stop.signal.aborted;) {
      try {
        for await (const batch of feed.batches) this.#apply(batch.events, batch.revision)
        return
      } catch (error) {
        feed.end()
        if (this.#stop.signal.aborted) return
        if (!isPastGone(error)) return onFault(error)
        feed = await this.#reload(error)
      }
    }
  }

  /** Loads everything anew, however long the store cannot be read, and follows from there. */
  async #reload(reason: unknown): Promise<Feed> {
    const { clock, onReload } = this.#options
    onReload?.(reason)
    const reloading = Promise.withResolvers<void>()
    this.#reloading = reloading.promise
    let loaded: number | undefined
    while (loaded === undefined && !this.#stop.signal.aborted) {
      loaded = await this.#replace().catch((error: unknown) => {
        onReload?.(error)
        return undefined
      })
      if (loaded === undefined) await clock.sleep(reloadRetryMs, this.#stop.signal).catch(() => undefined)
    }
    this.#reloading = undefined
    reloading.resolve()
    onReload?.(undefined)
    return this.#feed(loaded ?? this.#revision)
  }

  /** Reads all first, so that nobody ever sees objects of two pasts. */
  async #replace(): Promise<number | undefined> {
    const found = new Map<string, StoredObject[]>([...this.#collections.keys()].map((storage) => [storage, []]))
    const revision = await this.#loadAt(undefined, ({ key, value, modRevision }) => {
      const at = splitKey(key)
      if (at === undefined) return
      const object = new StoredObject(at.rest, { bytes: value, revision: modRevision }, this.#pool)
      const others = found.get(at.storage)
      if (others === undefined) found.set(at.storage, [object])
      else others.push(object)
    })
    if (revision === undefined) return undefined
    if (revision < this.#revision) this.#lostUntil = Math.max(this.#lostUntil, this.#revision)
    this.#revision = revision
    for (const [storage, objects] of found) this.collection(storage).replace(objects, revision)
    this.#release(revision)
    return revision
  }

  /** Waits until all has been loaded anew. @throws 504 when that takes longer than three seconds. */
  async #reloaded(newest: number): Promise<void> {
    let late = false
    const waited = Promise.withResolvers<void>()
    using _ = this.#options.clock.setTimer(waitMs, () => {
      late = true
      waited.resolve()
    })
    // The watch learns of it at another time than whoever asks.
    await Promise.race([this.#reloading, waited.promise])
    if (late || this.#revision > newest) throw versionAhead(newest, this.#revision)
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
    this.#release(revision)
  }

  #release(revision: number): void {
    if (this.#waiters.length === 0) return
    const ready = this.#waiters.filter((waiter) => waiter.revision <= revision)
    if (ready.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > revision)
    for (const waiter of ready) waiter.resolve()
  }
}
