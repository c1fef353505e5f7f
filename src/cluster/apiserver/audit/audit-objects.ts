/** The objects that audit events show: what a client sent, and what it was answered with. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import { decodeBody } from '../wire/decode-body.ts'
import { valueOf } from '../wire/encode-answer.ts'
import type { AuditTrail } from './audit-trail.ts'

/** Tells a trail what was sent; a body that nobody can read is not shown. */
export function auditRequest(trail: AuditTrail, request: ApiRequest): void {
  const { body, verb, resource } = request
  if (body === undefined || !('bytes' in body) || body.bytes.length === 0) return
  // A patch names no object, and the path has the rest: only levels that show it need it.
  if (!trail.wants('Request') && verb !== 'create') return
  try {
    const isJson = /[/+]json$/.test(body.mediaType) || body.mediaType === ''
    trail.request(isJson ? JSON.parse(body.bytes.toString()) : decodeBody({ ...request, warnings: [] }, resource))
  } catch {
    // The answer says what is wrong with it.
  }
}

/** Tells a trail the answer. */
export function auditAnswer(trail: AuditTrail, answer: ApiAnswer): void {
  if (answer.form === 'value') trail.answer(answer.object as unknown as JsonObject)
  else if (answer.form === 'stored') trail.answer(valueOf(answer.resource, answer.object) as unknown as JsonObject)
  else if (trail.wants('RequestResponse')) {
    const { resource, resourceVersion, items } = answer
    trail.answer({
      kind: resource.listKind,
      apiVersion: resource.apiVersion,
      metadata: { resourceVersion },
      items: items.map((item) => valueOf(resource, item)),
    } as unknown as JsonObject)
  }
}
