/** Failures as answers. */
import type { EncodedError, HttpRequest } from '#kit/http/exchange.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { toStatus } from '../status-errors.ts'
import { encodeValue } from './encode-answer.ts'
import { contentTypes, negotiateFailure } from './negotiate.ts'
import { isPretty } from './send-document.ts'

/** The Status of a failure in the form that the client accepts, JSON for eyes where it accepts none that there is. */
export function encodeFailure(error: unknown, http: HttpRequest): EncodedError {
  const status = toStatus(error)
  const format = negotiateFailure(http.headers.accept, isPretty(http))
  const retryAfter = status.details?.retryAfterSeconds
  return {
    status: status.code ?? 500,
    headers: {
      'Content-Type': contentTypes[format.encoding],
      ...(retryAfter === undefined || retryAfter === 0 ? {} : { 'Retry-After': String(retryAfter) }),
    },
    body: encodeValue(status as unknown as JsonObject, format),
  }
}
