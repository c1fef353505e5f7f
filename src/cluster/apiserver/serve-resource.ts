/** Resources over HTTP: from a routed and authorised request to the bytes of its answer, or to a watch. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { readBody } from '#kit/http/read-body.ts'
import { hasProtobuf } from '#spec/kubernetes/protobuf/envelope.ts'
import { answerRequest, verbNotAllowed } from './answer-request.ts'
import type { ApiRequest, ApiVerb } from './api-request.ts'
import type { User } from './user.ts'
import { isComputed } from './computed-resource.ts'
import { auditAnswer, auditRequest } from './audit/audit-objects.ts'
import type { AuditTrail } from './audit/audit-trail.ts'
import { encodeAnswer } from './wire/encode-answer.ts'
import { contentTypes, type Encoding, type Format, negotiate, type Offer } from './wire/negotiate.ts'
import type { RequestInfo } from './request-info.ts'
import { sendBody } from './wire/send-body.ts'
import { limitTime } from './wire/request-deadline.ts'
import { isPretty } from './wire/send-document.ts'
import { sendNotFound } from './wire/send-not-found.ts'
import { serveWatch } from './watch/serve-watch.ts'
import { isOwnGroup, type ServedResource } from './served-resource.ts'
import type { ServerParts } from './server-parts.ts'
import { tooLarge, unknownResource } from './status-errors.ts'
import type { TableOptions } from './wire/table.ts'
import { warningHeaders } from './wire/warnings.ts'

/** Largest request body. */
const bodyBytesMax = 3 * 1024 * 1024

export type ResourceParts = ServerParts

export interface ResourceCall {
  readonly http: HttpRequest
  readonly response: HttpResponse
  readonly info: RequestInfo
  readonly user: User
  /** Told when a watch has begun: what it was waiting for is over. */
  readonly onBegin: () => void
  /** Records what is sent and answered. */
  readonly trail?: AuditTrail | undefined
}

/** Serves a resource in the form that its client asks for. @throws the Status of a failure before the head is sent. */
export async function serveResource(parts: ResourceParts, call: ResourceCall): Promise<void> {
  const { http, response, info, user } = call
  const resource = resourceAt(parts, info)
  if (resource === undefined) return sendNotFound(response)
  using _ = info.verb === 'watch' ? undefined : limitTime(http, response)
  const { query } = http
  const request: ApiRequest = {
    verb: info.verb as ApiVerb,
    resource,
    subresource: info.subresource,
    namespace: resource.namespaced ? info.namespace : '',
    name: collectionVerbs.has(info.verb) ? '' : info.name,
    user,
    userAgent: http.headers['user-agent'] ?? '',
    query: (name) => query.get(name),
    body: await bodyOf(http, info.verb),
    signal: undefined,
    warnings: [],
    annotate: (key, value) => call.trail?.annotate(key, value),
  }
  const format = negotiate(http.headers.accept, offerOf(request), isPretty(http))
  if (call.trail !== undefined) auditRequest(call.trail, request)
  const table = tableOptions(parts, http)
  if (request.verb === 'watch') {
    const watching = { ...request, name: info.subresource === '' ? info.name : '' }
    return serveWatch(
      parts,
      { http, response },
      { request: watching, format, table, headers: {}, onBegin: call.onBegin },
    )
  }
  // Who opens streams and resets them in one breath is not worked for.
  if (response.ended) return undefined
  // Awaited here, since the limit of time holds until it is done.
  return await sendAnswer(parts, call, { request, format, table })
}

interface Wanted {
  readonly request: ApiRequest
  readonly format: Format
  readonly table: TableOptions
}

/** Answers anything but a watch; what it warns of is told with the answer and with a failure alike. */
async function sendAnswer(parts: ResourceParts, call: ResourceCall, wanted: Wanted): Promise<void> {
  const { http, response, trail } = call
  const { request, format, table } = wanted
  try {
    const answer = await answerRequest(parts, request)
    if (trail !== undefined) auditAnswer(trail, answer)
    const code = answer.form === 'list' ? 200 : answer.code
    setWarnings(response, request)
    const pieces = encodeAnswer(answer, formatFor(answer, format), table)
    const headers = { 'Content-Type': contentTypes[format.encoding] }
    await sendBody({ http, response }, { code, pieces, headers }, parts.view.config.compression)
  } catch (error) {
    setWarnings(response, request)
    throw error
  }
}

/** What is served at a path, undefined where no route leads. @throws the Status of a route that is taken wrongly. */
function resourceAt({ resources }: ResourceParts, info: RequestInfo): ServedResource | undefined {
  const resource = resources.find(info.group, info.version, info.resource)
  if (resource === undefined || isWithoutPlace(resource, info)) {
    // Only built-in groups have routes of which a client may have taken the wrong one.
    if (!isOwnGroup(resources, info.group)) return undefined
    throw info.verb === 'create' && resource !== undefined ? verbNotAllowed() : unknownResource()
  }
  if (!isAllowed(info, resource)) throw verbNotAllowed()
  return resource
}

/** The forms that an answer may have. */
function offerOf({ resource, subresource, verb }: ApiRequest): Offer {
  // Reviews are answered and forgotten: there is nothing to make a table or metadata of.
  const isKept = resource.stored || isComputed(resource)
  return {
    protobuf: resource.type !== undefined && hasProtobuf(resource.apiVersion, resource.kind),
    table: isKept && tabledSubresources.has(subresource),
    metadata: isKept,
    ...(resource.type === undefined ? {} : { produces: producedBy(verb) }),
  }
}

const tabledSubresources: ReadonlySet<string> = new Set(['', 'status', 'scale'])

/** Objects of namespaces have no paths outside them, where only their lists are. */
function isWithoutPlace({ namespaced }: ServedResource, { namespace, name, verb }: RequestInfo): boolean {
  if (!namespaced || namespace !== '') return false
  return verb === 'create' || (name !== '' && verb !== 'list' && verb !== 'watch')
}

/** Verbs that change one object name it; a new one is posted where all of them are, but custom resources are let off. */
function isAllowed({ verb, name, subresource }: RequestInfo, { custom }: ServedResource): boolean {
  if (verb === 'create') return name === '' || subresource !== '' || custom !== undefined
  return knownVerbs.has(verb) && (name !== '' || (verb !== 'update' && verb !== 'patch'))
}

const collectionVerbs: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection'])
const knownVerbs: ReadonlySet<string> = new Set([
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
])

/** Statuses and the like are never shown as tables. */
function formatFor(answer: Awaited<ReturnType<typeof answerRequest>>, format: Format): Format {
  const isPlain = answer.form === 'value' && answer.resource === undefined
  return isPlain && format.as !== 'object' ? { ...format, as: 'object' } : format
}

function tableOptions(parts: ServerParts, http: HttpRequest): TableOptions {
  const include = http.query.get('includeObject')
  return {
    include: include === 'None' || include === 'Object' ? include : 'Metadata',
    nowSeconds: parts.clock.now() / 1000,
  }
}

async function bodyOf(http: HttpRequest, verb: string): Promise<ApiRequest['body']> {
  if (verb === 'get' || verb === 'list' || verb === 'watch') return undefined
  let bytes: Buffer
  try {
    bytes = await readBody(http, { bytesMax: bodyBytesMax })
  } catch (error) {
    if (error instanceof GantryError && error.kind === 'too-large')
      throw tooLarge(`Request entity too large: limit is ${bodyBytesMax}`)
    throw error
  }
  const type = http.headers['content-type'] ?? ''
  return { bytes, mediaType: (type.split(';', 1)[0] ?? '').trim().toLowerCase() }
}

function setWarnings(response: HttpResponse, request: ApiRequest): void {
  if (request.warnings.length > 0 && !response.started) response.setHeader('Warning', warningHeaders(request.warnings))
}

const producedTypes: readonly string[] = Object.values(contentTypes)
const streamed: readonly Encoding[] = ['json', 'protobuf']
const listTypes: readonly string[] = [
  ...producedTypes,
  ...streamed.map((encoding) => `${contentTypes[encoding]};stream=watch`),
]

/** What the routes of built-in kinds name: lists can be watched. */
function producedBy(verb: ApiVerb): readonly string[] {
  return verb === 'list' || verb === 'watch' ? listTypes : producedTypes
}
