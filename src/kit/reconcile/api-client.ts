/**
 * What the reconcile kit asks of a Kubernetes API client. The typed client of `clients/kubernetes` and the API server's
 * client in process both satisfy it; so does anything a user writes for a test.
 */
import type { JsonObject, KubernetesList, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'

/** One resource of one group version. `T` is the type of its objects; nothing of it exists at run time. */
export interface ApiResource<T extends object = KubernetesObject> {
  readonly group: string
  readonly version: string
  /** Plural, lower case: `pods`. */
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  /** Carries `T`; never set. */
  readonly object?: T
}

interface Place {
  readonly namespace?: string | undefined
}

interface Selection extends Place {
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export type PatchKind = 'json' | 'merge' | 'strategic' | 'apply'

export interface DeleteTerms extends Place {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export type WatchedEvent<T extends object> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly object: KubernetesObject }

/** Failures carry the server's Status in `details.status` of a GantryError. */
export interface ApiClient {
  get<T extends object>(resource: ApiResource<T>, name: string, options?: Place): Promise<T>
  list<T extends object>(
    resource: ApiResource<T>,
    options?: Selection & { readonly limit?: number; readonly continue?: string },
  ): Promise<KubernetesList<T>>
  watch<T extends object>(
    resource: ApiResource<T>,
    options?: Selection & {
      readonly resourceVersion?: string
      readonly bookmarks?: boolean
      readonly signal?: AbortSignal
    },
  ): AsyncIterable<WatchedEvent<T>>
  create<T extends object>(resource: ApiResource<T>, object: T, options?: Place): Promise<T>
  update<T extends object>(resource: ApiResource<T>, object: T, options?: Place): Promise<T>
  updateStatus<T extends object>(resource: ApiResource<T>, object: T, options?: Place): Promise<T>
  patch<T extends object>(
    resource: ApiResource<T>,
    name: string,
    patch: JsonObject | readonly unknown[],
    options: Place & {
      readonly type: PatchKind
      readonly subresource?: string
      readonly fieldManager?: string
      readonly force?: boolean
    },
  ): Promise<T>
  delete<T extends object>(resource: ApiResource<T>, name: string, options?: DeleteTerms): Promise<T | KubernetesObject>
  createSubresource<R extends object = JsonObject>(
    resource: ApiResource,
    name: string,
    options: Place & { readonly subresource: string; readonly body: object },
  ): Promise<R>
  updateSubresource<R extends object = JsonObject>(
    resource: ApiResource,
    name: string,
    options: Place & { readonly subresource: string; readonly body: object },
  ): Promise<R>
}

/** A name for a resource that is unique in a cluster: `apps/v1/replicasets`, `v1/pods`. */
export function resourceId(resource: Pick<ApiResource, 'group' | 'version' | 'resource'>): string {
  return `${resource.group === '' ? '' : `${resource.group}/`}${resource.version}/${resource.resource}`
}
