/**
 * The API over HTTP: authenticate -> audit -> impersonate -> take a seat -> authorise -> answer -> encode. The same
 * answers go to callers in this process without this file.
 */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { EncodedError, HttpHandler, HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { randomUuid } from '#world/ports/random.ts'
import { admitConnect } from './admission/admit-subresource.ts'
import type { User } from './user.ts'
import type { RemoteGroup } from './aggregation/remote-group.ts'
import { limitTime } from './wire/request-deadline.ts'
import { checkTimeout } from './check-timeout.ts'
import { type AuditTrail, startTrail } from './audit/audit-trail.ts'
import { authenticate } from './authentication/authenticate.ts'
import { type Access, type Decision, whenDecided } from './authorization/access.ts'
import { refused } from './authorization/refuse-access.ts'
import { isLongRunning, takeTurn, type TurnParts } from './flow-control/take-turn.ts'
import { userInProcess } from './in-process/in-process-request.ts'
import type { Impersonation } from './impersonation/impersonation.ts'
import { answerPath, type PathParts } from './documents/path-routes.ts'
import { type RequestInfo, requestInfoOf } from './request-info.ts'
import type { RequestMeter } from './request-metrics.ts'
import { type ResourceCall, type ResourceParts, serveResource } from './serve-resource.ts'
import type { ServerParts } from './server-parts.ts'
import { toStatus } from './status-errors.ts'
import { encodeFailure } from './wire/encode-failure.ts'

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
  readonly meter: RequestMeter
  readonly impersonation: Impersonation
}

/** The handler of a server, and how its failures read. */
export interface ApiHandler {
  readonly handler: HttpHandler
  readonly encodeError: (error: unknown, request: HttpRequest) => EncodedError
}

/** Makes the handler. */
export function createApiHandler(parts: HandlerParts): ApiHandler {
  return {
    handler: (http, response) => answer(parts, http, { response, auditId: auditIdOf(parts, http), trail: undefined }),
    encodeError: encodeFailure,
  }
}

/** One request on its way. */
interface Passage {
  response: HttpResponse
  readonly auditId: string
  trail: AuditTrail | undefined
}

async function answer(parts: HandlerParts, http: HttpRequest, passage: Passage): Promise<void> {
  const { auditId } = passage
  const outer = passage.response
  const info = infoOf(http)
  const finish = parts.meter.begin(info)
  outer.setHeader('Audit-Id', auditId)
  passage.response.setHeader('Cache-Control', 'no-cache, private')
  try {
    checkTimeout(http, info)
    await handle(parts, http, { info, passage })
  } catch (error) {
    passage.trail?.fail(toStatus(error))
    if (passage.response.started) throw error
    if (!(error instanceof GantryError)) parts.log.error('a request met a fault', { error, path: http.path, auditId })
    const encoded = encodeFailure(error, http)
    passage.response.send(encoded.status, encoded.body, encoded.headers)
  } finally {
    passage.trail?.end()
    finish(outer.status)
  }
}

/** The client's own id where it sent one: a request that passes several servers then has one. */
function auditIdOf(parts: ServerParts, http: HttpRequest): string {
  const sent = http.headers['audit-id']
  return typeof sent === 'string' && /^[\w.-]{1,128}$/.test(sent) ? sent : randomUuid(parts.random)
}

async function handle(parts: HandlerParts, http: HttpRequest, { info, passage }: Arrival): Promise<void> {
  const caller = userInProcess(http) ?? (await callerOf(parts, http, { info, passage }))
  if (parts.audit !== undefined && !(await beginAudit(parts, http, { info, caller, passage }))) return
  const asked = parts.impersonation.of(http, () => ({ ...info, user: caller, path: http.path }))
  const acting = asked instanceof Promise ? await asked : asked
  const { user } = acting ?? { user: caller }
  const { response, trail } = passage
  if (acting !== undefined) trail?.actAs(acting)
  const turn = await takeTurn(parts, { http, response, info, user })
  if (turn === 'refused') return
  const onBegin = (): void => {
    if (turn !== 'free') turn.release()
  }
  try {
    const call = { http, response, info, user, onBegin, trail }
    const mayPass = authorize(parts, call)
    if (mayPass instanceof Promise ? await mayPass : mayPass) await serve(parts, call)
  } finally {
    onBegin()
  }
}

function infoOf({ method, path, query }: HttpRequest): RequestInfo {
  const watch = query.get('watch')
  return requestInfoOf(method, path, {
    watch: watch !== undefined && watch !== 'false' && watch !== '0',
    fieldSelector: query.get('fieldSelector') ?? '',
    labelSelector: query.get('labelSelector') ?? '',
  })
}

interface Arrival {
  readonly info: RequestInfo
  readonly passage: Passage
}

/** Authenticates; a failure leaves one audit event. @throws 401. */
async function callerOf(parts: HandlerParts, http: HttpRequest, { info, passage }: Arrival): Promise<User> {
  try {
    const user = await authenticate(parts, http)
    parts.meter.authenticated('success')
    return user
  } catch (error) {
    parts.meter.authenticated('failure')
    if (parts.audit !== undefined) {
      const start = { http, info, user: { name: '', groups: [] }, auditId: passage.auditId, isLong: true }
      const trail = startTrail(parts.audit, parts.clock, start)
      trail?.refuse(http)
      passage.response = trail?.watch(passage.response) ?? passage.response
    }
    throw error
  }
}

/** False when the request is answered with why it cannot be recorded. */
async function beginAudit(
  parts: HandlerParts,
  http: HttpRequest,
  { info, caller, passage }: Arrival & { readonly caller: User },
): Promise<boolean> {
  if (parts.audit === undefined) return true
  const start = { http, info, user: caller, auditId: passage.auditId, isLong: isLongRunning(info) }
  const trail = startTrail(parts.audit, parts.clock, start)
  if (trail === undefined) return true
  try {
    await trail.received()
  } catch (error) {
    sendInternalError(passage.response, `${JSON.stringify(http.target)}: ${messageOf(error)}`)
    return false
  }
  passage.trail = trail
  passage.response = trail.watch(passage.response)
  return true
}

function serve(parts: HandlerParts, call: ResourceCall): Promise<void> | void {
  const { http, response, info } = call
  const remote = parts.aggregator.remoteFor(info, http.path)
  if (remote !== undefined) {
    if (info.verb === 'watch') call.onBegin()
    return serveElsewhere(parts, remote, call)
  }
  if (!info.isResource) return answerPath(parts, http, response)
  if (parts.streaming?.handles(info) === true) return connect(parts, parts.streaming, call)
  return serveResource(parts, call)
}

/** Passes a request on. Its time is kept here too: the other server may never answer. */
async function serveElsewhere(
  { aggregator }: HandlerParts,
  remote: RemoteGroup,
  { http, response, info, user }: ResourceCall,
): Promise<void> {
  const late = new AbortController()
  const mayLast = isLongRunning(info) || http.upgrade !== undefined
  using _ = mayLast ? undefined : limitTime(http, response, () => late.abort())
  await aggregator.serve(remote, { request: http, response, late: late.signal }, user)
}

async function connect(
  parts: HandlerParts,
  streaming: StreamingHandler,
  { http, response, info, user, trail }: ResourceCall,
): Promise<void> {
  const annotate = (key: string, value: string): void => trail?.annotate(key, value)
  await admitConnect(parts, { info, user, query: http.query, warn: () => {}, annotate })
  await streaming.serve(http, response, { info, user, parts })
}

/** True when a request is let through; false when it is answered with what went wrong instead. @throws 403. */
function authorize(parts: ServerParts, call: ResourceCall): boolean | Promise<boolean> {
  const { http, info, user } = call
  const access = { ...info, user, path: http.path }
  return whenDecided(parts.authorizer.decide(access), (decision) => mayPass(decision, access, call))
}

function mayPass(
  { allowed, reason, error }: Decision,
  access: Access & RequestInfo,
  { http, response, trail }: ResourceCall,
): boolean {
  if (!allowed && error !== undefined) {
    trail?.annotate('authorization.k8s.io/reason', 'internal error')
    sendInternalError(response, `${JSON.stringify(http.target)}: ${error}`)
    return false
  }
  trail?.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid')
  trail?.annotate('authorization.k8s.io/reason', reason)
  if (allowed) return true
  response.setHeader('X-Content-Type-Options', 'nosniff')
  throw refused(access, reason)
}

/** What upstream's filters answer to failures that are no Status: a line of text that no browser takes for markup. */
function sendInternalError(response: HttpResponse, what: string): void {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
  const text = `Internal Server Error: ${what}`.replace(/[&<>]/g, (mark) => marks[mark] ?? '')
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }
  response.send(500, `${text}\n`, headers)
}
