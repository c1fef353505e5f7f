/**
 * The typed client of the Kubernetes API: what controllers, scheduler, simulated nodes and commands call. One interface,
 * two transports with the same behaviour: `connectKubeClient` over HTTP(S), and the API server's own `clientFor(user)`
 * in process, which runs the same pipeline without sockets.
 *
 * Objects are immutable: those that come back may be shared with the server's cache and with other callers.
 * Failures are GantryErrors made of the server's Status (`status-error.ts`: `isNotFound`, `isConflict`, …).
 */
import type { Duplex } from 'node:stream'
import type { JsonObject, KubernetesList, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiResource } from './api-resource.ts'

/** Where an object lives. `namespace` is left out for resources that have none. */
export interface ObjectPlace {
  readonly namespace?: string | undefined
}

export interface GetOptions extends ObjectPlace {
  /** Unset reads the newest; '0' whatever is at hand; N something not older. */
  readonly resourceVersion?: string
}

export interface Selection extends ObjectPlace {
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface ListOptions extends Selection {
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan'
}

export interface WatchOptions extends Selection {
  /** Events after this version; unset or '0' begins with the current objects as ADDED. */
  readonly resourceVersion?: string
  readonly timeoutSeconds?: number
  /** Ask for BOOKMARK events. */
  readonly bookmarks?: boolean
  /** Streaming list: current objects as ADDED, then a bookmark annotated `k8s.io/initial-events-end`. */
  readonly initialEvents?: boolean
  readonly signal?: AbortSignal
}

export interface WriteOptions extends ObjectPlace {
  readonly fieldManager?: string
  readonly dryRun?: boolean
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore'
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface PatchOptions extends WriteOptions {
  readonly type: PatchType
  /** Only for `apply`: take over fields that others own. */
  readonly force?: boolean
  readonly subresource?: string
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string
  readonly force?: boolean
  readonly subresource?: string
}

export interface DeleteOptions extends ObjectPlace {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun?: boolean
}

export interface SubresourceOptions extends WriteOptions {
  readonly subresource: string
}

export type WatchEvent<T extends object = KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Only `metadata.resourceVersion` (and annotations) are set. */
  | { readonly type: 'BOOKMARK'; readonly object: KubernetesObject }

/** A request in the API's own terms, for paths that have no typed call (discovery, metrics, custom documents). */
export interface RawRequest {
  readonly method?: string
  /** Path and query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  readonly signal?: AbortSignal
  /** Longest answer that is taken over a network; 64 MiB unless told. */
  readonly bytesMax?: number
}

export interface RawReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
}

export interface KubeClient extends AsyncDisposable {
  get<T extends object>(resource: ApiResource<T>, name: string, options?: GetOptions): Promise<T>
  list<T extends object>(resource: ApiResource<T>, options?: ListOptions): Promise<KubernetesList<T>>
  /**
   * Events until the server's timeout (then it ends quietly; watch again from the last version), the signal, or leaving
   * the loop. An ERROR event is thrown; a version that is gone as `isExpired`.
   */
  watch<T extends object>(resource: ApiResource<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>
  create<T extends object>(resource: ApiResource<T>, object: T, options?: WriteOptions): Promise<T>
  /** Replaces the object of that name; its `metadata.resourceVersion`, when set, must still be current. */
  update<T extends object>(resource: ApiResource<T>, object: T, options?: WriteOptions): Promise<T>
  updateStatus<T extends object>(resource: ApiResource<T>, object: T, options?: WriteOptions): Promise<T>
  patch<T extends object>(
    resource: ApiResource<T>,
    name: string,
    patch: JsonObject | readonly unknown[],
    options: PatchOptions,
  ): Promise<T>
  /** Server-side apply of a configuration: only the fields that the caller cares for. */
  apply<T extends object>(resource: ApiResource<T>, configuration: JsonObject, options: ApplyOptions): Promise<T>
  /** The deleted object, or the object that now waits for its finalizers or its grace to end, or a Status. */
  delete<T extends object>(
    resource: ApiResource<T>,
    name: string,
    options?: DeleteOptions,
  ): Promise<T | KubernetesObject>
  deleteCollection<T extends object>(resource: ApiResource<T>, options?: DeleteOptions & Selection): Promise<void>
  getSubresource<R extends object = JsonObject>(
    resource: ApiResource,
    name: string,
    options: SubresourceOptions,
  ): Promise<R>
  /** POST to a subresource: `binding`, `eviction`, `token`. */
  createSubresource<R extends object = JsonObject>(
    resource: ApiResource,
    name: string,
    options: SubresourceOptions & { readonly body: object },
  ): Promise<R>
  /** PUT to a subresource: `scale`, `approval`, `finalize`, `ephemeralcontainers`, `resize`. */
  updateSubresource<R extends object = JsonObject>(
    resource: ApiResource,
    name: string,
    options: SubresourceOptions & { readonly body: object },
  ): Promise<R>
  raw(request: RawRequest): Promise<RawReply>
  /** Takes the connection for a streaming subresource (exec, attach, port-forward). Only over HTTP. */
  upgrade?(request: RawRequest & { readonly protocol: string }): Promise<Duplex>
}
