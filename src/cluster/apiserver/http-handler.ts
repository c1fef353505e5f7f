/**
 * The API over HTTP: authenticate -> impersonate -> route -> authorise -> answer -> encode. The same answers go to callers
 * in this process without this file.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EncodedError, HttpHandler, HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { readBody } from '#kit/http/read-body.ts'
import { hasProtobuf } from '#spec/kubernetes/protobuf/envelope.ts'
import { randomUuid } from '#world/ports/random.ts'
import { answerRequest, verbNotAllowed } from './answer-request.ts'
import type { ApiRequest, ApiVerb, User } from './api-request.ts'
import { authenticate } from './authentication/authenticate.ts'
import { type Access, refusalOf } from './authorization/access.ts'
import { encodeAnswer } from './encode-answer.ts'
import { userInProcess } from './in-process-request.ts'
import { impersonated } from './impersonate.ts'
import { contentTypes, type Format, negotiate } from './negotiate.ts'
import { answerPath, type PathParts } from './path-routes.ts'
import { isPretty } from './send-document.ts'
import { type RequestInfo, requestInfoOf } from './request-info.ts'
import { serveWatch } from './serve-watch.ts'
import type { ServerParts } from './server-parts.ts'
import { forbidden, tooLarge, toStatus, unknownResource } from './status-errors.ts'
import type { TableOptions } from './table.ts'
import { warningHeaders } from './warnings.ts'

/** Largest request body. */
const bodyBytesMax = 3 * 1024 * 1024

/** Takes over requests that need a connection to a node or a service (exec, logs, proxies). */
export interface StreamingHandler {
  handles(info: RequestInfo): boolean
  serve(http: HttpRequest, response: HttpResponse, context: StreamingContext): Promise<void>
}

export interface StreamingContext {
  readonly info: RequestInfo
  readonly user: User
  readonly parts: ServerParts
}

const requestsTotal = {
  name: 'apiserver_request_total',
  help: 'Requests by verb, resource and status code.',
  labels: ['verb', 'group', 'version', 'resource', 'subresource', 'code'],
}

export interface HandlerParts extends ServerParts, PathParts {
  readonly streaming: StreamingHandler | undefined
}

/** The handler of a server, and how its failures read. */
export interface ApiHandler {
  readonly handler: HttpHandler
  readonly encodeError: (error: unknown, request: HttpRequest) => EncodedError
}

/** Makes the handler. */
export function createApiHandler(parts: HandlerParts): ApiHandler {
  return {
    handler: async (http, response) => {
      const auditId = randomUuid(parts.random)
      response.setHeader('Audit-Id', auditId)
      response.setHeader('Cache-Control', 'no-cache, private')
      try {
        await handle(parts, http, response)
      } catch (error) {
        if (response.started) throw error
        if (!(error instanceof GantryError))
          parts.log.error('a request met a fault', { error, path: http.path, auditId })
        const encoded = encodeFailure(error)
        response.send(encoded.status, encoded.body, encoded.headers)
      }
    },
    encodeError: (error) => encodeFailure(error),
  }
}

function encodeFailure(error: unknown): EncodedError {
  const status = toStatus(error)
  const retryAfter = status.details?.retryAfterSeconds
  return {
    status: status.code ?? 500,
    headers: {
      'Content-Type': 'application/json',
      ...(retryAfter === undefined || retryAfter === 0 ? {} : { 'Retry-After': String(retryAfter) }),
    },
    body: `${JSON.stringify(status)}\n`,
  }
}

async function handle(parts: HandlerParts, http: HttpRequest, response: HttpResponse): Promise<void> {
  const caller = userInProcess(http) ?? (await authenticate(parts, http))
  const user = impersonated(http, caller, parts.authorizer)
  const { query } = http
  const watch = query.get('watch')
  const info = requestInfoOf(http.method, http.path, {
    watch: watch !== undefined && watch !== 'false' && watch !== '0',
    fieldSelector: query.get('fieldSelector') ?? '',
  })
  authorize(parts, user, info, http.path)
  if (!info.isResource) return answerPath(parts, http, response)
  if (parts.streaming?.handles(info) === true) return parts.streaming.serve(http, response, { info, user, parts })
  return answerResource(parts, { http, response }, { info, user })
}

// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
function authorize(parts: ServerParts, user: User, info: RequestInfo, path: string): void {
  const access: Access = { ...info, user, path }
  const decision = parts.authorizer.decide(access)
  if (decision.allowed) return
  const subject = info.isResource
    ? {
        group: info.group,
        resource: info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`,
        name: info.name,
      }
    : { group: '', resource: '', name: '' }
  throw forbidden(subject, refusalOf(access))
}

interface Caller {
  readonly info: RequestInfo
  readonly user: User
}

interface Exchange {
  readonly http: HttpRequest
  readonly response: HttpResponse
}

// oxlint-disable-next-line complexity -- independent checks, one after the other
async function answerResource(
  parts: HandlerParts,
  { http, response }: Exchange,
  { info, user }: Caller,
): Promise<void> {
  const resource = parts.resources.find(info.group, info.version, info.resource)
  if (resource === undefined) throw unknownResource()
  // Verbs that need a name, and namespaces where there are none.
  const namespace = resource.namespaced ? info.namespace : ''
  if (resource.namespaced && namespace === '' && info.name !== '' && info.verb !== 'list' && info.verb !== 'watch')
    throw unknownResource()
  if (!knownVerbs.has(info.verb)) throw verbNotAllowed()
  const { query } = http
  const request: ApiRequest = {
    verb: info.verb as ApiVerb,
    resource,
    subresource: info.subresource,
    namespace,
    name: collectionVerbs.has(info.verb) ? '' : info.name,
    user,
    userAgent: http.headers['user-agent'] ?? '',
    query: (name) => query.get(name),
    body: await bodyOf(http, info.verb),
    signal: undefined,
    warnings: [],
  }
  const offer = {
    protobuf: resource.type !== undefined && hasProtobuf(resource.apiVersion, resource.kind),
    table: info.subresource === '' || info.subresource === 'status',
    metadata: true,
  }
  const format = negotiate(http.headers.accept, offer, isPretty(http))
  const table = tableOptions(parts, http)
  if (request.verb === 'watch') {
    const watching = { ...request, name: info.subresource === '' ? info.name : '' }
    return serveWatch(parts, { http, response }, { request: watching, format, table, headers: {} })
  }
  try {
    const answer = await answerRequest(parts, request)
    const code = answer.form === 'list' ? 200 : answer.code
    countRequest(parts, request, code)
    setWarnings(response, request)
    sendPieces(response, { code, pieces: encodeAnswer(answer, formatFor(answer, format), table), format })
  } catch (error) {
    setWarnings(response, request)
    countRequest(parts, request, toStatus(error).code ?? 500)
    throw error
  }
}

function countRequest(parts: HandlerParts, request: ApiRequest, code: number): void {
  const { verb, subresource } = request
  const { group, version, resource } = request.resource
  parts.metrics
    .counter(requestsTotal)
    .add({ verb: verb.toUpperCase(), group, version, resource, subresource, code: String(code) })
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
  if (request.warnings.length > 0) response.setHeader('Warning', warningHeaders(request.warnings))
}

interface Body {
  readonly code: number
  readonly pieces: readonly Buffer[]
  readonly format: Format
}

function sendPieces(response: HttpResponse, { code, pieces, format }: Body): void {
  const headers = { 'Content-Type': contentTypes[format.encoding] }
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  // One buffer for small answers: one write and a length; large ones go out piece by piece.
  if (sizeBytes <= 512 * 1024) {
    response.send(code, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, sizeBytes), headers)
    return
  }
  response.start(code, headers)
  for (const piece of pieces) response.push(piece)
  response.end()
}
