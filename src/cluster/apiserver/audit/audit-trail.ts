/**
 * The audit of requests: each one that the policy asks for leaves an event when it is received, when a long answer begins,
 * and when its answer is complete. A request that nobody asks for costs one look at the policy.
 */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Status } from '#spec/kubernetes/objects/meta-v1.generated.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { User } from '../user.ts'
import type { RequestInfo } from '../request-info.ts'
import {
  agentOf,
  microTime,
  objectReference,
  responseStatus,
  sourceAddresses,
  userInfo,
  withoutManagedFields,
} from './audit-event.ts'
import { type AuditLevel, type AuditPolicy, type AuditScope, type AuditStage, scopeOf } from './audit-policy.ts'
import type { AuditSink } from './audit-sink.ts'
import { AuditedResponse } from './audited-response.ts'

export interface Audit {
  readonly policy: AuditPolicy
  readonly sink: AuditSink
}

export interface AuditStart {
  readonly http: Pick<HttpRequest, 'target' | 'path' | 'headers' | 'peer'>
  readonly info: RequestInfo
  readonly user: User
  readonly auditId: string
  readonly isLong: boolean
}

/** The audit of one request, undefined when the policy does not ask for it. */
export function startTrail({ policy, sink }: Audit, clock: Clock, start: AuditStart): AuditTrail | undefined {
  const scope = scopeOf(policy, { user: start.user, info: start.info, path: start.http.path })
  return scope.level === 'None' ? undefined : new AuditTrail({ scope, sink, clock }, start)
}

interface TrailParts {
  readonly scope: AuditScope
  readonly sink: AuditSink
  readonly clock: Clock
}

/** As whom a request goes on, and the verb that allowed it, if it was not the oldest one. */
interface ActingUser {
  readonly user: User
  readonly constraint: string
}

const ranks: Readonly<Record<AuditLevel, number>> = { None: 0, Metadata: 1, Request: 2, RequestResponse: 3 }

export class AuditTrail {
  readonly #parts: TrailParts
  readonly #isLong: boolean
  readonly #head: JsonObject
  readonly #annotations: Record<string, string> = {}
  #acting: ActingUser | undefined
  #reference: JsonObject | undefined
  #status: JsonObject | undefined
  #requestObject: unknown
  #responseObject: unknown
  #hasBegun = false

  constructor(parts: TrailParts, { http, info, user, auditId, isLong }: AuditStart) {
    this.#parts = parts
    this.#isLong = isLong
    this.#reference = objectReference(info)
    this.#head = {
      auditID: auditId,
      requestURI: http.target,
      verb: info.verb,
      user: userInfo(user),
      sourceIPs: sourceAddresses(http),
      userAgent: agentOf(http.headers['user-agent'] ?? ''),
      requestReceivedTimestamp: microTime(parts.clock.now()),
    }
  }

  /** True when objects of requests (`Request`) or also of answers (`RequestResponse`) are wanted. */
  wants(level: AuditLevel): boolean {
    return ranks[this.#parts.scope.level] >= ranks[level]
  }

  /** Promises where the request is to wait until this is recorded, and fails where it must not go on. */
  received(): void | Promise<void> {
    return this.#emit('RequestReceived')
  }

  /** The request goes on as somebody else. */
  actAs(acting: ActingUser): void {
    this.#acting = acting
  }

  annotate(key: string, value: string): void {
    this.#annotations[key] = value
  }

  /** What the client sent. */
  request(value: unknown): void {
    this.#complete(value)
    if (this.wants('Request')) this.#requestObject = this.#shown(value)
  }

  /** What it is answered with. */
  answer(value: JsonObject): void {
    if (this.wants('RequestResponse')) this.#responseObject = this.#shown(value)
  }

  /** The request failed. */
  fail(status: Status): void {
    this.#status = responseStatus(status)
    if (this.wants('RequestResponse')) this.#responseObject = status
  }

  /** Nobody knows who asks. */
  refuse({ headers, peer }: HttpRequest): void {
    const scheme = /^\s*(basic|bearer) +\S/i.exec(headers.authorization ?? '')?.[1]?.toLowerCase()
    const tried = [...(scheme === undefined ? [] : [scheme]), ...(peer.certificate === undefined ? [] : ['x509'])]
    const how = tried.length === 0 ? 'no credentials provided' : `attempted: ${tried.join(', ')}`
    this.#status = responseStatus({ message: `Authentication failed, ${how}` })
  }

  /** The response that tells this trail when it begins. */
  watch(response: HttpResponse): HttpResponse {
    return new AuditedResponse(response, (code) => this.begin(code))
  }

  /** The answer is out. */
  end(): void {
    if (!this.#hasBegun) {
      this.#status ??= responseStatus({ status: 'Success', message: 'Connection closed early', code: 200 })
      if (this.#isLong) this.#emitLater('ResponseStarted')
    }
    this.#emitLater('ResponseComplete')
  }

  /** The answer begins with this status. */
  begin(code: number): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#status = { metadata: {}, ...this.#status, code }
    if (this.#isLong) this.#emitLater('ResponseStarted')
  }

  /** Fills in what the path did not say. */
  #complete(value: unknown): void {
    const metadata = (value as { readonly metadata?: Readonly<Record<string, unknown>> } | undefined)?.metadata
    if (metadata === undefined || this.#reference === undefined || (value as JsonObject)['items'] !== undefined) return
    for (const name of ['namespace', 'name', 'uid', 'resourceVersion']) {
      const text = metadata[name]
      if (typeof text === 'string' && text !== '' && this.#reference[name] === undefined)
        this.#reference = { ...this.#reference, [name]: text }
    }
  }

  #shown(value: unknown): unknown {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return this.#parts.scope.omitManagedFields && isObject ? withoutManagedFields(value as JsonObject) : value
  }

  /** The answer is on its way already: nothing waits, and nothing can be taken back. */
  #emitLater(stage: AuditStage): void {
    const stored = this.#emit(stage)
    if (stored instanceof Promise) stored.catch(() => undefined)
  }

  #emit(stage: AuditStage): void | Promise<void> {
    const { scope, sink, clock } = this.#parts
    if (scope.omitStages.has(stage)) return undefined
    const { auditID, requestURI, verb, user, sourceIPs, userAgent, requestReceivedTimestamp } = this.#head
    return sink.write({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: scope.level,
      auditID,
      stage,
      requestURI,
      verb,
      user,
      ...actingInfo(this.#acting),
      sourceIPs,
      userAgent,
      ...(this.#reference === undefined ? {} : { objectRef: this.#reference }),
      ...(this.#status === undefined ? {} : { responseStatus: this.#status }),
      ...(this.#requestObject === undefined ? {} : { requestObject: this.#requestObject }),
      ...(this.#responseObject === undefined ? {} : { responseObject: this.#responseObject }),
      requestReceivedTimestamp,
      stageTimestamp: microTime(clock.now()),
      ...(Object.keys(this.#annotations).length === 0 ? {} : { annotations: { ...this.#annotations } }),
    })
  }
}

function actingInfo(acting: ActingUser | undefined): JsonObject {
  if (acting === undefined) return {}
  const { user, constraint } = acting
  const metadata = constraint === '' ? {} : { authenticationMetadata: { impersonationConstraint: constraint } }
  return { impersonatedUser: userInfo(user), ...metadata }
}
