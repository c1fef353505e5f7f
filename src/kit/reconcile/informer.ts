/**
 * An informer: one collection of the API, held as an indexed read-only cache that follows the server. It lists, watches
 * from the list's version, resumes where a watch ends, and lists again when the version is gone (410).
 */
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { type ApiClient, type ApiResource, resourceId } from './api-client.ts'
import { isExpired } from './api-failure.ts'
import { type CacheChange, type IndexBy, ObjectCache } from './object-cache.ts'

/** Reading side of the cache. Objects are shared: never change one. */
export interface Lister<T extends KubernetesObject> {
  get(key: string): T | undefined
  /** Everything, or everything of one namespace. */
  list(namespace?: string): readonly T[]
  /** Objects whose controller (the owner reference with `controller: true`) has this uid. */
  controlledBy(uid: string): readonly T[]
  byIndex(index: string, value: string): readonly T[]
}

export interface Informer<T extends KubernetesObject = KubernetesObject> extends Lister<T>, AsyncDisposable {
  readonly resource: ApiResource<T>
  /** Resolves when the first list is in the cache. Rejects only when the informer is disposed before. */
  readonly synced: Promise<void>
  readonly hasSynced: boolean
  /** Adds an index; values of an object are looked up with `byIndex`. */
  addIndex(name: string, by: IndexBy<T>): void
  /** Told of every change from now on, after the cache has it; what is in the cache already is told as added. */
  onChange(listener: (change: CacheChange<T>) => void): Disposable
  /** Takes in the answer to a write of our own. */
  observe(object: T): void
  observeDeleted(object: T): void
}

export interface InformerDeps {
  readonly client: ApiClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface InformerOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Objects of one page of the list, 500 unless told. */
  readonly pageSize?: number
}

const namespaceIndex = 'namespace'
const controllerIndex = 'controller'

/** Starts an informer; it works until it is disposed. */
export function startInformer<T extends KubernetesObject>(
  resource: ApiResource<T>,
  deps: InformerDeps,
  options: InformerOptions = {},
): Informer<T> {
  const listeners = new Set<(change: CacheChange<T>) => void>()
  const cache = new ObjectCache<T>((change) => {
    for (const listener of listeners) listener(change)
  })
  const synced = Promise.withResolvers<void>()
  synced.promise.catch(() => undefined)
  const state = { hasSynced: false }
  const abort = new AbortController()
  const feed = followCollection(resource, deps, {
    options,
    cache,
    signal: abort.signal,
    onSynced: () => {
      state.hasSynced = true
      synced.resolve()
    },
  })
  return {
    resource,
    synced: synced.promise,
    get hasSynced() {
      return state.hasSynced
    },
    get: (key) => cache.get(key),
    // These two are made when somebody first asks: most caches are never asked.
    list(namespace) {
      if (namespace === undefined) return cache.list()
      cache.addIndex(namespaceIndex, namespaceOf)
      return cache.byIndex(namespaceIndex, namespace)
    },
    controlledBy(uid) {
      cache.addIndex(controllerIndex, controllerUids)
      return cache.byIndex(controllerIndex, uid)
    },
    byIndex: (index, value) => cache.byIndex(index, value),
    addIndex: (name, by) => cache.addIndex(name, by),
    observe: (object) => cache.observe(object),
    observeDeleted: (object) => cache.observeDeleted(object),
    onChange(listener) {
      listeners.add(listener)
      for (const object of cache.list()) listener({ type: 'added', object })
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    async [Symbol.asyncDispose]() {
      const reason = new Error(`the informer of ${resourceId(resource)} has ended`)
      abort.abort(reason)
      synced.reject(reason)
      listeners.clear()
      await feed
    },
  }
}

const noNamespace = ['']

function namespaceOf({ metadata: { namespace } }: KubernetesObject): readonly string[] {
  return namespace === undefined ? noNamespace : [namespace]
}

function controllerUids(object: KubernetesObject): readonly string[] {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true)
  return owner === undefined ? [] : [owner.uid]
}

interface Feed<T extends KubernetesObject> {
  readonly options: InformerOptions
  readonly cache: ObjectCache<T>
  readonly signal: AbortSignal
  readonly onSynced: () => void
}

/** Keeps a cache in step with its collection until the signal aborts; failures are retried with a growing pause. */
async function followCollection<T extends KubernetesObject>(
  resource: ApiResource<T>,
  deps: InformerDeps,
  feed: Feed<T>,
): Promise<void> {
  const at: { version: string | undefined; failures: number } = { version: undefined, failures: 0 }
  while (!feed.signal.aborted) {
    try {
      if (at.version === undefined) {
        at.version = await listInto(resource, deps.client, feed)
        feed.onSynced()
      }
      const began = deps.clock.monotonicMs()
      at.version = await watchInto({
        resource,
        client: deps.client,
        feed,
        version: at.version,
        onEvent: () => (at.failures = 0),
      })
      // A server that ends watches at once would otherwise keep this loop busy.
      if (deps.clock.monotonicMs() - began < 1000) await pause(deps, at.failures++, feed.signal)
    } catch (error) {
      if (feed.signal.aborted) return
      if (isExpired(error)) at.version = undefined
      else {
        at.version = feed.cache.version === '0' ? undefined : feed.cache.version
        deps.log.warn('watch failed', { resource: resourceId(resource), error })
      }
      await pause(deps, at.failures++, feed.signal)
    }
  }
}

async function listInto<T extends KubernetesObject>(
  resource: ApiResource<T>,
  client: ApiClient,
  { options, cache, signal }: Feed<T>,
): Promise<string> {
  const { pageSize = 500, ...selection } = options
  const objects: T[] = []
  let next: string | undefined
  for (;;) {
    signal.throwIfAborted()
    const page = await client.list(resource, {
      ...selection,
      limit: pageSize,
      ...(next === undefined ? {} : { continue: next }),
    })
    for (const item of page.items) objects.push(withType(item, resource))
    next = page.metadata?.continue
    if (next === undefined || next === '') {
      const version = page.metadata?.resourceVersion ?? '0'
      cache.replace(objects, version)
      return version
    }
  }
}

/** Items of lists come without their type, which keys, owner references and events need. */
function withType<T extends KubernetesObject>(object: T, resource: ApiResource<T>): T {
  const { apiVersion, kind }: { readonly apiVersion?: string; readonly kind?: string } = object
  if (apiVersion !== undefined && kind !== undefined) return object
  const version = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
  return { ...object, apiVersion: version, kind: resource.kind }
}

/** One watch to its end; resolves to the version to resume from. */
async function watchInto<T extends KubernetesObject>(work: {
  readonly resource: ApiResource<T>
  readonly client: ApiClient
  readonly feed: Feed<T>
  readonly version: string
  readonly onEvent: () => void
}): Promise<string> {
  const { resource, client, feed } = work
  const { pageSize: _, ...selection } = feed.options
  let version = work.version
  const options = { ...selection, resourceVersion: version, bookmarks: true, signal: feed.signal }
  for await (const event of client.watch(resource, options)) {
    if (feed.signal.aborted) break
    work.onEvent()
    version = event.object.metadata?.resourceVersion ?? version
    if (event.type === 'BOOKMARK') feed.cache.advance(version)
    else feed.cache.apply(event.type, withType(event.object, resource))
  }
  return version
}

/** 0.2 s doubling to 30 s, half of it by chance, so that many informers do not return at once. */
async function pause({ clock, random }: InformerDeps, failures: number, signal: AbortSignal): Promise<void> {
  const wholeMs = Math.min(30_000, 200 * 2 ** Math.min(failures, 20))
  await clock.sleep(wholeMs / 2 + (random.float() * wholeMs) / 2, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
