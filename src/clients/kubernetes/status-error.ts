/** Failures of API calls: a Status of the server as a GantryError, and questions about it. */
import { type ErrorKind, GantryError } from '#base/errors/gantry-error.ts'
import type { Status } from '#spec/kubernetes/objects/objects.ts'

const kindOfReason: Readonly<Record<string, ErrorKind>> = {
  BadRequest: 'invalid',
  Unauthorized: 'unauthorized',
  Forbidden: 'forbidden',
  NotFound: 'not-found',
  AlreadyExists: 'conflict',
  Conflict: 'conflict',
  Gone: 'conflict',
  Expired: 'conflict',
  Invalid: 'unprocessable',
  RequestEntityTooLarge: 'too-large',
  MethodNotAllowed: 'not-implemented',
  ServerTimeout: 'deadline',
  Timeout: 'deadline',
  TooManyRequests: 'exhausted',
  ServiceUnavailable: 'unavailable',
}

/** The Status that an error of this client carries, or undefined for other errors. */
export function statusOf(error: unknown): Status | undefined {
  return error instanceof GantryError ? (error.details['status'] as Status | undefined) : undefined
}

/** A Status as an error: code `KUBERNETES_STATUS`, the Status in `details.status`. */
export function statusError(status: Status, cause?: unknown): GantryError {
  const reason = status.reason ?? ''
  return new GantryError('KUBERNETES_STATUS', kindOfReason[reason] ?? 'internal', status.message ?? reason, {
    cause,
    details: { status },
  })
}

const hasReason =
  (...reasons: readonly string[]) =>
  (error: unknown): boolean =>
    reasons.includes(statusOf(error)?.reason ?? '')

export const isNotFound: (error: unknown) => boolean = hasReason('NotFound')
export const isAlreadyExists: (error: unknown) => boolean = hasReason('AlreadyExists')
/** The object changed meanwhile: read it again and repeat. */
export const isConflict: (error: unknown) => boolean = hasReason('Conflict')
export const isForbidden: (error: unknown) => boolean = hasReason('Forbidden')
export const isInvalid: (error: unknown) => boolean = hasReason('Invalid')
