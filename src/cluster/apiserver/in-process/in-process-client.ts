/** The client of callers in this process: the same pipeline, authorisation included, with plain objects and no sockets. */
import type { ApiResource } from '#clients/kubernetes/api-resource.ts'
import type {
  KubeClient,
  ListOptions,
  ObjectPlace,
  RawReply,
  RawRequest,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '#clients/kubernetes/kube-client.ts'
import {
  type CallQuery,
  deleteBody,
  listQuery,
  patchTypes,
  selectionQuery,
  watchQuery,
  writeQuery,
} from '#clients/kubernetes/call-query.ts'
import type { KubernetesList, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { answerRequest } from '../answer-request.ts'
import type { ApiAnswer, ApiRequest, ApiVerb } from '../api-request.ts'
import type { User } from '../user.ts'
import { auditedInProcess, type InProcessCall } from '../audit/audit-in-process.ts'
import { authenticated } from '../authentication/authenticate.ts'
import { type Access, type Decision, whenDecided } from '../authorization/access.ts'
import { refused } from '../authorization/refuse-access.ts'
import { valueOf } from '../wire/encode-answer.ts'
import type { ServerParts } from '../server-parts.ts'
import { asStatusError, internalError, unknownResource } from '../status-errors.ts'
import { watchInProcess } from './in-process-watch.ts'

interface Call {
  readonly verb: ApiVerb
  readonly resource: ApiResource<object>
  readonly place: ObjectPlace | undefined
  readonly name?: string | undefined
  readonly subresource?: string | undefined
  readonly query?: CallQuery
  readonly body?: ApiRequest['body']
  readonly signal?: AbortSignal | undefined
}

/** Options of raw requests: they need the HTTP handler, which the server supplies. */
export type RawCall = (user: User, request: RawRequest) => Promise<RawReply>

function metadataOf(object: object): { readonly name?: string; readonly namespace?: string } {
  return (object as KubernetesObject).metadata
}

/** Makes the client of one user. */
// oxlint-disable-next-line max-lines-per-function -- one line per call of the interface
export function createInProcessClient(parts: ServerParts, caller: User, rawCall: RawCall): KubeClient {
  const user = authenticated(caller)
  const route = (call: Call): ApiRequest | Promise<ApiRequest> => requestOf(parts, user, call)
  const answer = async (call: Call): Promise<ApiAnswer> => {
    try {
      return await auditedInProcess(parts, auditedCall(user, call), () => {
        const routed = route(call)
        if (routed instanceof Promise) return routed.then((request) => answerRequest(parts, request))
        return answerRequest(parts, routed)
      })
    } catch (error) {
      throw asStatusError(error)
    }
  }
  const object = async <T extends object>(call: Call): Promise<T> => objectOf(await answer(call)) as unknown as T
  // oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
  const write = <T extends object>(
    verb: ApiVerb,
    resource: ApiResource<T>,
    value: T,
    options: (WriteOptions & { readonly subresource?: string }) | undefined,
  ): Promise<T> =>
    object<T>({
      verb,
      resource,
      place: { namespace: options?.namespace ?? metadataOf(value).namespace },
      name: verb === 'create' ? undefined : metadataOf(value).name,
      subresource: options?.subresource,
      query: writeQuery(options),
      body: { value },
    })
  const partWriter =
    (verb: ApiVerb): KubeClient['createSubresource'] =>
    (resource, name, options) => {
      const { body, subresource } = options
      return object({
        verb,
        resource,
        place: options,
        name,
        subresource,
        query: writeQuery(options),
        body: { value: body },
      })
    }
  return {
    get: (resource, name, options) =>
      object({ verb: 'get', resource, place: options, name, query: { resourceVersion: options?.resourceVersion } }),
    list: async <T extends object>(resource: ApiResource<T>, options?: ListOptions) =>
      listOf<T>(await answer({ verb: 'list', resource, place: options, query: listQuery(options) })),
    watch: <T extends object>(resource: ApiResource<T>, options: WatchOptions = {}) =>
      watchInProcess(parts, () => route(watchCall(resource, options))) as AsyncIterable<WatchEvent<T>>,
    create: (resource, value, options) => write('create', resource, value, options),
    update: (resource, value, options) => write('update', resource, value, options),
    updateStatus: (resource, value, options) => write('update', resource, value, { ...options, subresource: 'status' }),
    // oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
    patch: (resource, name, patch, options) =>
      object({
        verb: 'patch',
        resource,
        place: options,
        name,
        subresource: options.subresource,
        query: writeQuery(options),
        body: { value: patch, mediaType: patchTypes[options.type] },
      }),
    apply: (resource, configuration, options) =>
      object({
        verb: 'patch',
        resource,
        place: { namespace: options.namespace ?? metadataOf(configuration).namespace },
        name: metadataOf(configuration).name,
        subresource: options.subresource,
        query: writeQuery(options),
        body: { value: configuration, mediaType: patchTypes.apply },
      }),
    delete: (resource, name, options) =>
      object({ verb: 'delete', resource, place: options, name, body: { value: deleteBody(options) } }),
    deleteCollection: async (resource, options) => {
      const query = selectionQuery(options)
      await answer({ verb: 'deletecollection', resource, place: options, query, body: { value: deleteBody(options) } })
    },
    getSubresource: (resource, name, options) =>
      object({ verb: 'get', resource, place: options, name, subresource: options.subresource }),
    createSubresource: partWriter('create'),
    updateSubresource: partWriter('update'),
    raw: (request) => rawCall(user, request),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function auditedCall(user: User, { verb, resource, place, name = '', subresource = '', body }: Call): InProcessCall {
  const { group, version } = resource
  const namespace = place?.namespace ?? ''
  const info = {
    group,
    version,
    resource: resource.resource,
    namespace,
    name,
    subresource,
    fieldSelector: '',
    labelSelector: '',
  }
  return { user, verb, info, value: body !== undefined && 'value' in body ? body.value : undefined }
}

function watchCall(resource: ApiResource<object>, options: WatchOptions): Call {
  return { verb: 'watch', resource, place: options, signal: options.signal, query: watchQuery(options) }
}

/** The routed, authorised request of a call. @throws 403, 404. */
function requestOf(parts: ServerParts, user: User, call: Call): ApiRequest | Promise<ApiRequest> {
  const { group, version } = call.resource
  const resource = parts.resources.find(group, version, call.resource.resource)
  if (resource === undefined) throw unknownResource()
  const { verb, name = '', subresource = '', query = {} } = call
  const namespace = resource.namespaced ? (call.place?.namespace ?? '') : ''
  const access: Access = {
    user,
    verb,
    isResource: true,
    group,
    version,
    resource: resource.resource,
    subresource,
    namespace: resource.group === '' && resource.resource === 'namespaces' ? name : namespace,
    name,
    path: '',
    fieldSelector: query['fieldSelector'] ?? '',
    labelSelector: query['labelSelector'] ?? '',
  }
  const routed: ApiRequest = {
    verb,
    resource,
    subresource,
    namespace,
    name,
    user,
    userAgent: `${programOf(user)}/gantry`,
    query: (key) => query[key],
    body: call.body,
    signal: call.signal,
    warnings: [],
  }
  return whenDecided(parts.authorizer.decide(access), (decision) => {
    checkDecision(decision, access)
    return routed
  })
}

/** @throws 403 with the reason where an authorizer knows one, 500 where one could not tell. */
function checkDecision({ allowed, reason, error }: Decision, access: Access): void {
  if (allowed) return
  if (error !== undefined) throw internalError(error)
  throw refused(access, reason)
}

/** Whose work it is, by the names that the components have as programs: fields are owned under them. */
function programOf({ name }: User): string {
  if (name.startsWith('system:serviceaccount:kube-system:')) return 'kube-controller-manager'
  if (name.startsWith('system:node:')) return 'kubelet'
  return name === 'system:apiserver' ? 'kube-apiserver' : name.slice(name.lastIndexOf(':') + 1)
}

function objectOf(answer: ApiAnswer): object {
  if (answer.form === 'list') return listOf(answer)
  return answer.form === 'stored' ? valueOf(answer.resource, answer.object) : answer.object
}

function listOf<T extends object>(answer: ApiAnswer): KubernetesList<T> {
  if (answer.form !== 'list') throw new TypeError('a list answers with a list')
  const { resource, resourceVersion, continueToken, remaining, items } = answer
  return {
    kind: resource.listKind,
    apiVersion: resource.apiVersion,
    metadata: {
      resourceVersion,
      ...(continueToken === '' ? {} : { continue: continueToken }),
      ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
    },
    items: items.map((item) => valueOf(resource, item) as unknown as T),
  }
}
