/** The client over HTTP(S): certificates or a token from a kubeconfig, JSON both ways. */
import type { Duplex } from 'node:stream'
import { createHttpClient, type HttpClient, isUpgraded } from '#kit/http/client.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import {
  isJsonObject,
  type KubernetesList,
  type KubernetesObject,
  type Status,
} from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import { type ApiResource, resourcePath } from './api-resource.ts'
import {
  type CallQuery,
  deleteBody,
  listQuery,
  patchTypes,
  selectionQuery,
  watchQuery,
  writeQuery,
} from './call-query.ts'
import type { KubeClient, ObjectPlace, WatchEvent, WatchOptions } from './kube-client.ts'
import type { Connection } from './kubeconfig.ts'
import { statusError } from './status-error.ts'
import { readWatch } from './read-watch.ts'

export interface ConnectOptions {
  readonly clock: Clock
  readonly connection: Connection
  /** The program's name, which the server takes as the manager of fields unless a call names one. */
  readonly userAgent?: string
}

interface Call {
  readonly method: string
  readonly path: string
  readonly query?: CallQuery
  readonly body?: unknown
  readonly mediaType?: string
  readonly signal?: AbortSignal | undefined
}

function withQuery(path: string, query: CallQuery = {}): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`
}

/** A failed answer as an error; one that is no Status still says what the server said. */
function failureOf(status: number, text: string): Error {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  if (isJsonObject(body) && body['kind'] === 'Status') return statusError(body as unknown as Status)
  const message = `the server answered ${status}: ${text.slice(0, 300).trim()}`
  return statusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    code: status,
  } as unknown as Status)
}

class HttpKubeClient implements KubeClient {
  readonly #http: HttpClient

  constructor(options: ConnectOptions) {
    const { url, authority, certificate, key, token, insecure, serverName } = options.connection
    this.#http = createHttpClient({
      clock: options.clock,
      target: { url },
      tls: {
        ...(authority === undefined ? {} : { authorities: authority }),
        ...(certificate === undefined ? {} : { certificate }),
        ...(key === undefined ? {} : { key }),
        ...(insecure === undefined ? {} : { insecure }),
        ...(serverName === undefined ? {} : { serverName }),
      },
      headers: {
        Accept: 'application/json',
        'User-Agent': options.userAgent ?? 'gantry',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
    })
  }

  get: KubeClient['get'] = (resource, name, options) =>
    this.#object({
      method: 'GET',
      path: pathOf(resource, options, name),
      query: { resourceVersion: options?.resourceVersion },
    })

  list: KubeClient['list'] = async <T extends object>(
    resource: ApiResource<T>,
    options?: Parameters<KubeClient['list']>[1],
  ) => {
    const list = await this.#object<KubernetesList<T>>({
      method: 'GET',
      path: pathOf(resource, options),
      query: listQuery(options),
    })
    const { apiVersion, kind } = list
    // Items of typed lists carry no kind of their own on the wire.
    const itemKind = kind.replace(/List$/, '')
    const items = (list.items as readonly T[] | null) ?? []
    return { ...list, items: items.map((item) => ({ kind: itemKind, apiVersion, ...item })) }
  }

  watch: KubeClient['watch'] = <T extends object>(resource: ApiResource<T>, options: WatchOptions = {}) =>
    this.#watch<T>(resource, options)

  create: KubeClient['create'] = (resource, object, options) =>
    this.#object({
      method: 'POST',
      path: pathOf(resource, placeOf(object, options)),
      query: writeQuery(options),
      body: typed(resource, object),
    })

  update: KubeClient['update'] = (resource, object, options) => this.#put(resource, object, { ...options })

  updateStatus: KubeClient['updateStatus'] = (resource, object, options) =>
    this.#put(resource, object, { ...options, subresource: 'status' })

  // oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
  patch: KubeClient['patch'] = (resource, name, patch, options) =>
    this.#object({
      method: 'PATCH',
      path: pathOf(resource, options, name, options.subresource),
      query: writeQuery(options),
      body: patch,
      mediaType: patchTypes[options.type],
    })

  apply: KubeClient['apply'] = (resource, configuration, options) =>
    this.#object({
      method: 'PATCH',
      path: pathOf(resource, placeOf(configuration, options), nameOf(configuration), options.subresource),
      query: writeQuery(options),
      body: typed(resource, configuration),
      mediaType: patchTypes.apply,
    })

  delete: KubeClient['delete'] = (resource, name, options) =>
    this.#object({ method: 'DELETE', path: pathOf(resource, options, name), body: deleteBody(options) })

  deleteCollection: KubeClient['deleteCollection'] = async (resource, options) => {
    const query = selectionQuery(options)
    await this.#object({ method: 'DELETE', path: pathOf(resource, options), query, body: deleteBody(options) })
  }

  getSubresource: KubeClient['getSubresource'] = (resource, name, options) =>
    this.#object({ method: 'GET', path: pathOf(resource, options, name, options.subresource) })

  createSubresource: KubeClient['createSubresource'] = (resource, name, options) =>
    this.#object({
      method: 'POST',
      path: pathOf(resource, options, name, options.subresource),
      query: writeQuery(options),
      body: options.body,
    })

  updateSubresource: KubeClient['updateSubresource'] = (resource, name, options) =>
    this.#object({
      method: 'PUT',
      path: pathOf(resource, options, name, options.subresource),
      query: writeQuery(options),
      body: options.body,
    })

  raw: KubeClient['raw'] = async (request) => {
    await using reply = await this.#http.request({
      method: request.method ?? 'GET',
      path: request.path,
      ...(request.headers === undefined ? {} : { headers: request.headers }),
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    return { status: reply.status, headers: reply.headers, body: await reply.bytes(request.bytesMax) }
  }

  upgrade: NonNullable<KubeClient['upgrade']> = async (request): Promise<Duplex> => {
    const answer = await this.#http.upgrade({
      method: request.method ?? 'POST',
      path: request.path,
      protocol: request.protocol,
      ...(request.headers === undefined ? {} : { headers: request.headers }),
    })
    if (isUpgraded(answer)) return answer.stream
    throw failureOf(answer.status, await answer.text())
  };

  [Symbol.asyncDispose](): Promise<void> {
    this.#http.close()
    return Promise.resolve()
  }

  async #send(call: Call): Promise<HttpReply> {
    return await this.#http.request({
      method: call.method,
      path: withQuery(call.path, call.query),
      ...(call.body === undefined
        ? {}
        : {
            body: JSON.stringify(call.body),
            headers: { 'Content-Type': call.mediaType ?? 'application/json' },
          }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    })
  }

  async #object<R extends object>(call: Call): Promise<R> {
    await using reply = await this.#send(call)
    const text = await reply.text()
    if (reply.status >= 400) throw failureOf(reply.status, text)
    return JSON.parse(text) as R
  }

  #put<T extends object>(
    resource: ApiResource<T>,
    object: T,
    options: Parameters<KubeClient['update']>[2] & { readonly subresource?: string },
  ): Promise<T> {
    return this.#object({
      method: 'PUT',
      path: pathOf(resource, placeOf(object, options), nameOf(object), options.subresource),
      query: writeQuery(options),
      body: typed(resource, object),
    })
  }

  async *#watch<T extends object>(
    resource: ApiResource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { signal } = options
    const stopped = (): boolean => signal?.aborted ?? false
    if (stopped()) return
    try {
      await using reply = await this.#send({
        method: 'GET',
        path: pathOf(resource, options),
        query: watchQuery(options),
        signal,
      })
      if (reply.status >= 400) throw failureOf(reply.status, await reply.text())
      yield* readWatch<T>(reply.body)
    } catch (error) {
      if (!stopped()) throw error
    }
  }
}

// oxlint-disable-next-line max-params -- the parts of a path, in its order
function pathOf(
  resource: ApiResource<object>,
  place: ObjectPlace | undefined,
  name?: string,
  subresource?: string,
): string {
  return resourcePath(resource, {
    ...(place?.namespace === undefined || !resource.namespaced ? {} : { namespace: place.namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  })
}

function nameOf(object: object): string {
  return (object as KubernetesObject).metadata.name ?? ''
}

function placeOf(object: object, options: ObjectPlace | undefined): ObjectPlace {
  return { namespace: options?.namespace ?? (object as KubernetesObject).metadata.namespace }
}

function typed<T extends object>(resource: ApiResource<T>, object: object): object {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
  return { kind: resource.kind, apiVersion, ...object }
}

/** Makes a client; nothing is connected before the first call. */
export function connectKubeClient(options: ConnectOptions): KubeClient {
  return new HttpKubeClient(options)
}
