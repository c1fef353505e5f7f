/**
 * The API over HTTP: authenticate -> impersonate -> route -> authorise -> answer -> encode. The same answers go to callers
 * in this process without this file.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EncodedError, HttpHandler, HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { randomUuid } from '#world/ports/random.ts'
import type { User } from './api-request.ts'
import { authenticate } from './authentication/authenticate.ts'
import { type Access, refusalOf } from './authorization/access.ts'
import { takeTurn, type TurnParts } from './flow-control/take-turn.ts'
import { userInProcess } from './in-process-request.ts'
import { impersonated } from './impersonate.ts'
import { answerPath, type PathParts } from './path-routes.ts'
import { type RequestInfo, requestInfoOf } from './request-info.ts'
import { type ResourceCall, type ResourceParts, serveResource } from './serve-resource.ts'
import type { ServerParts } from './server-parts.ts'
import { forbidden, toStatus } from './status-errors.ts'

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

export interface HandlerParts extends ResourceParts, PathParts, TurnParts {
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
  const turn = await takeTurn(parts, { http, response, info, user })
  if (turn === 'refused') return
  const onBegin = (): void => {
    if (turn !== 'free') turn.release()
  }
  try {
    authorize(parts, user, info, http.path)
    await serve(parts, { http, response, info, user, onBegin })
  } finally {
    onBegin()
  }
}

function serve(parts: HandlerParts, call: ResourceCall): Promise<void> | void {
  const { http, response, info, user } = call
  if (!info.isResource) return answerPath(parts, http, response)
  if (parts.streaming?.handles(info) === true) return parts.streaming.serve(http, response, { info, user, parts })
  return serveResource(parts, call)
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
