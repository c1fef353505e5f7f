/**
 * For tests: an API in memory that behaves as the server does where controllers can tell the difference: versions,
 * conflicts, generated names, generations, status apart from spec, finalizers, graceful deletion of pods, watches.
 */
import { applyMergePatch } from '#base/data/merge-patch.ts'
import { type JsonPatchOperation, applyJsonPatch } from '#base/data/json-patch.ts'
import { BoundedQueue } from '#base/async/bounded-queue.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { matchesSelector, parseSelector } from '#base/data/label-selector.ts'
import type { JsonObject, KubernetesList, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { strategicMergePatch } from '#spec/kubernetes/patch/strategic-merge.ts'
import { typeOfKind } from '#spec/kubernetes/schema/kinds.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { Clock } from '#world/ports/clock.ts'
import { type ApiClient, type ApiResource, resourceId, type WatchedEvent } from './api-client.ts'
import { apiTime } from './api-time.ts'
import { keyFrom, keyOf } from './object-key.ts'

type Stored = KubernetesObject

interface Watcher {
  readonly id: string
  readonly queue: BoundedQueue<WatchedEvent<Stored>>
}

/** A failure with a server's Status. */
export function failureOf(reason: string, message: string, causes: readonly object[] = []): GantryError {
  return new GantryError('KUBERNETES_STATUS', 'conflict', message, {
    details: { status: { reason, message, details: { causes } } },
  })
}

/** The API and what tests want to see of it. */
export class InMemoryApi implements ApiClient {
  /** Every write in order: `create pods default/a`. */
  readonly writes: string[] = []
  /** Throws in place of a write when it returns an error. */
  refuse: ((verb: string, resource: string, object: KubernetesObject) => Error | undefined) | undefined
  readonly #clock: Clock
  readonly #objects = new Map<string, Map<string, Stored>>()
  readonly #watchers = new Set<Watcher>()
  readonly #history: { readonly id: string; readonly version: number; readonly event: WatchedEvent<Stored> }[] = []
  #version = 1
  #names = 0
  #uids = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** All objects of a resource. */
  all<T extends object>(resource: ApiResource<T>): readonly T[] {
    return [...this.#of(resource).values()] as unknown as T[]
  }

  /** Ends every watch, as a server does that restarts. */
  endWatches(): void {
    for (const watcher of this.#watchers) watcher.queue.close()
    this.#watchers.clear()
  }

  async get<T extends object>(
    resource: ApiResource<T>,
    name: string,
    options: { namespace?: string | undefined } = {},
  ): Promise<T> {
    return this.#find(resource, keyFrom(options.namespace, name)) as unknown as T
  }

  async list<T extends object>(
    resource: ApiResource<T>,
    options: { namespace?: string | undefined; labelSelector?: string } = {},
  ): Promise<KubernetesList<T>> {
    const selector = parseSelector(options.labelSelector ?? '')
    const items = [...this.#of(resource).values()].filter(
      (object) =>
        (options.namespace === undefined || options.namespace === object.metadata.namespace) &&
        matchesSelector(selector, object.metadata.labels),
    )
    const list = {
      apiVersion: 'v1',
      kind: `${resource.kind}List`,
      metadata: { resourceVersion: String(this.#version) },
      items,
    }
    return list as unknown as KubernetesList<T>
  }

  async *watch<T extends object>(
    resource: ApiResource<T>,
    options: { signal?: AbortSignal; resourceVersion?: string } = {},
  ): AsyncIterable<WatchedEvent<T>> {
    const watcher: Watcher = {
      id: resourceId(resource),
      queue: new BoundedQueue({ capacity: 100_000, whenFull: 'reject' }),
    }
    this.#watchers.add(watcher)
    const since = Number(options.resourceVersion ?? '0')
    for (const { id, version, event } of this.#history)
      if (id === watcher.id && version > since) watcher.queue.offer(event)
    const end = (): void => watcher.queue.close()
    options.signal?.addEventListener('abort', end, { once: true })
    try {
      for await (const event of watcher.queue) yield event as unknown as WatchedEvent<T>
    } finally {
      this.#watchers.delete(watcher)
    }
  }

  async create<T extends object>(resource: ApiResource<T>, object: T): Promise<T> {
    const wanted = object as unknown as Stored
    const name =
      wanted.metadata.name ?? `${wanted.metadata.generateName ?? ''}${String(++this.#names).padStart(5, '0')}`
    this.#check('create', resource, wanted)
    const { name: _name, ...metadata } = wanted.metadata
    const { status: _status, ...rest } = wanted
    const keepsStatus = resource.resource === 'nodes' || resource.resource === 'pods'
    const stored = {
      ...(keepsStatus ? wanted : rest),
      apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
      kind: resource.kind,
      metadata: {
        name,
        ...metadata,
        uid: metadata.uid ?? `uid-${++this.#uids}`,
        creationTimestamp: metadata.creationTimestamp ?? apiTime(this.#clock.now()),
        generation: 1,
      },
    } as Stored
    if (this.#of(resource).has(keyOf(stored)))
      throw failureOf('AlreadyExists', `${resource.resource} "${name}" already exists`)
    return this.#put(resource, { verb: 'create', event: 'ADDED', object: stored }) as unknown as T
  }

  async update<T extends object>(resource: ApiResource<T>, object: T): Promise<T> {
    const wanted = object as unknown as Stored
    const known = this.#current(resource, wanted)
    this.#check('update', resource, wanted)
    return this.#replace(resource, known, {
      ...wanted,
      ...('status' in known ? { status: known.status } : {}),
    }) as unknown as T
  }

  async updateStatus<T extends object>(resource: ApiResource<T>, object: T): Promise<T> {
    const wanted = object as unknown as Stored
    const known = this.#current(resource, wanted)
    this.#check('update-status', resource, wanted)
    // Annotations travel with a status, as most of the server's strategies let them.
    const { annotations = known.metadata.annotations } = wanted.metadata
    const metadata = annotations === undefined ? known.metadata : { ...known.metadata, annotations }
    return this.#replace(resource, known, { ...known, metadata, status: wanted.status }) as unknown as T
  }

  // oxlint-disable-next-line max-params -- the client's own shape
  async patch<T extends object>(
    resource: ApiResource<T>,
    name: string,
    patch: JsonObject | readonly unknown[],
    options: { namespace?: string | undefined; type: string; subresource?: string },
  ): Promise<T> {
    const known = this.#find(resource, keyFrom(options.namespace, name))
    this.#check('patch', resource, known)
    const type = typeOfKind(known.apiVersion, known.kind)
    let next: unknown
    if (options.type === 'json') next = applyJsonPatch(known as never, patch as readonly JsonPatchOperation[])
    else if (options.type === 'strategic' && type !== undefined)
      next = strategicMergePatch(known as never, patch as JsonObject, type)
    else next = applyMergePatch(known as never, patch as never)
    const result = next as Stored
    if (result.metadata.uid !== known.metadata.uid) throw failureOf('Conflict', 'uid mismatch')
    return this.#replace(resource, known, result) as unknown as T
  }

  async delete<T extends object>(
    resource: ApiResource<T>,
    name: string,
    options: {
      namespace?: string | undefined
      gracePeriodSeconds?: number
      propagationPolicy?: string
      preconditions?: { uid?: string; resourceVersion?: string }
    } = {},
  ): Promise<T | KubernetesObject> {
    const known = this.#find(resource, keyFrom(options.namespace, name))
    this.#check('delete', resource, known)
    const { uid, resourceVersion } = options.preconditions ?? {}
    if (uid !== undefined && uid !== known.metadata.uid) throw failureOf('Conflict', 'Precondition failed: UID')
    if (resourceVersion !== undefined && resourceVersion !== known.metadata.resourceVersion)
      throw failureOf('Conflict', 'Precondition failed: version')
    const spec = known.spec as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined
    const runs = resource.resource === 'pods' && spec?.nodeName !== undefined
    const graceSeconds = runs ? (options.gracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30) : 0
    const added = { Foreground: 'foregroundDeletion', Orphan: 'orphan' }[options.propagationPolicy ?? '']
    const finalizers = [...(known.metadata.finalizers ?? []), ...(added === undefined ? [] : [added])]
    this.writes.push(`delete ${resource.resource} ${keyOf(known)}`)
    if (finalizers.length === 0 && graceSeconds === 0) {
      this.#remove(resource, known)
      return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success' }
    }
    const deletionTimestamp = known.metadata.deletionTimestamp ?? apiTime(this.#clock.now() + graceSeconds * 1000)
    const metadata = {
      ...known.metadata,
      deletionTimestamp,
      deletionGracePeriodSeconds: graceSeconds,
      ...(finalizers.length === 0 ? {} : { finalizers }),
    }
    return this.#replace(resource, known, { ...known, metadata }) as unknown as T
  }

  async createSubresource<R extends object>(
    resource: ApiResource,
    name: string,
    options: { namespace?: string | undefined; subresource: string; body: object },
  ): Promise<R> {
    this.writes.push(`create ${resource.resource}/${options.subresource} ${keyFrom(options.namespace, name)}`)
    return {} as R
  }

  async updateSubresource<R extends object>(
    resource: ApiResource,
    name: string,
    options: { namespace?: string | undefined; subresource: string; body: object },
  ): Promise<R> {
    this.writes.push(`update ${resource.resource}/${options.subresource} ${keyFrom(options.namespace, name)}`)
    const known = this.#find(resource, keyFrom(options.namespace, name))
    return this.#replace(resource, known, { ...known, ...(options.body as Stored) }) as unknown as R
  }

  #of(resource: Pick<ApiResource, 'group' | 'version' | 'resource'>): Map<string, Stored> {
    const id = resourceId(resource)
    const known = this.#objects.get(id) ?? new Map<string, Stored>()
    this.#objects.set(id, known)
    return known
  }

  #find(resource: ApiResource<object>, key: string): Stored {
    const found = this.#of(resource).get(key)
    if (found === undefined) throw failureOf('NotFound', `${resource.resource} "${key}" not found`)
    return found
  }

  #current(resource: ApiResource<object>, wanted: Stored): Stored {
    const known = this.#find(resource, keyOf(wanted))
    const { resourceVersion } = wanted.metadata
    if (resourceVersion !== undefined && resourceVersion !== known.metadata.resourceVersion)
      throw failureOf(
        'Conflict',
        'the object has been modified; please apply your changes to the latest version and try again',
      )
    return known
  }

  #check(verb: string, resource: ApiResource<object>, object: Stored): void {
    const refused = this.refuse?.(verb, resource.resource, object)
    if (refused !== undefined) throw refused
  }

  #replace(resource: ApiResource<object>, known: Stored, wanted: Stored): Stored {
    const grew = !equalValues(known.spec, wanted.spec) ? 1 : 0
    const metadata = { ...wanted.metadata, generation: (known.metadata.generation ?? 1) + grew }
    const object = { ...wanted, metadata: { ...metadata, resourceVersion: known.metadata.resourceVersion ?? '' } }
    if (equalValues(object, known)) return known
    const isEnding = metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0
    if (isEnding && (metadata.deletionGracePeriodSeconds ?? 0) === 0) {
      this.writes.push(`finish ${resource.resource} ${keyOf(known)}`)
      return this.#remove(resource, object)
    }
    return this.#put(resource, { verb: 'write', event: 'MODIFIED', object })
  }

  #put(resource: ApiResource<object>, change: { verb: string; event: 'ADDED' | 'MODIFIED'; object: Stored }): Stored {
    const stored = {
      ...change.object,
      metadata: { ...change.object.metadata, resourceVersion: String(++this.#version) },
    }
    this.#of(resource).set(keyOf(stored), stored)
    this.writes.push(`${change.verb} ${resource.resource} ${keyOf(stored)}`)
    this.#publish(resource, { type: change.event, object: stored })
    return stored
  }

  #remove(resource: ApiResource<object>, object: Stored): Stored {
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } }
    this.#of(resource).delete(keyOf(object))
    this.#publish(resource, { type: 'DELETED', object: last })
    return last
  }

  #publish(resource: ApiResource<object>, event: WatchedEvent<Stored>): void {
    this.#history.push({ id: resourceId(resource), version: this.#version, event })
    for (const watcher of this.#watchers) if (watcher.id === resourceId(resource)) watcher.queue.offer(event)
  }
}
