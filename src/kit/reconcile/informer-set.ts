/** Informers shared by several controllers: one list and one watch for each resource, however many read it. */
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiResource, resourceId } from './api-client.ts'
import { type Informer, type InformerDeps, startInformer } from './informer.ts'

export interface InformerSet extends AsyncDisposable {
  /** The informer of a resource, started when first asked for. */
  of<T extends KubernetesObject>(resource: ApiResource<T>): Informer<T>
  /** Ends the informer of a resource that is served no more. */
  drop(resource: ApiResource): Promise<void>
  /** Takes the answer to a write into the cache of its resource, if there is one. */
  observe(resource: ApiResource, object: KubernetesObject): void
  observeDeleted(resource: ApiResource, object: KubernetesObject): void
  /** Resolves when every informer asked for so far has its first list. */
  synced(): Promise<void>
}

/** Creates a set; its informers end with it. */
export function createInformerSet(deps: InformerDeps): InformerSet {
  const informers = new Map<string, Informer>()
  return {
    of<T extends KubernetesObject>(resource: ApiResource<T>): Informer<T> {
      const id = resourceId(resource)
      // The map's values were made for the resource of their key, so the type is the caller's.
      const known = informers.get(id) as Informer<T> | undefined
      if (known !== undefined) return known
      const made = startInformer(resource, deps)
      informers.set(id, made as unknown as Informer)
      return made
    },
    async drop(resource) {
      const id = resourceId(resource)
      const known = informers.get(id)
      informers.delete(id)
      await known?.[Symbol.asyncDispose]()
    },
    observe: (resource, object) => informers.get(resourceId(resource))?.observe(object),
    observeDeleted: (resource, object) => informers.get(resourceId(resource))?.observeDeleted(object),
    async synced() {
      await Promise.all([...informers.values()].map((informer) => informer.synced))
    },
    async [Symbol.asyncDispose]() {
      const all = [...informers.values()]
      informers.clear()
      await Promise.all(all.map((informer) => informer[Symbol.asyncDispose]()))
    },
  }
}
