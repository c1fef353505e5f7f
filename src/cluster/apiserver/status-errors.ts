/** Failures as the API words them: a Status with reason, details and causes (apimachinery errors, v1.36). */
import { GantryError, httpStatusOf, messageOf } from '#base/errors/gantry-error.ts'
import { statusError, statusOf } from '#clients/kubernetes/status-error.ts'
import type { Status } from '#spec/kubernetes/objects/objects.ts'

/** One thing that is wrong with a field; `message` is without the field: `Required value`. */
export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

/** What a failure is about. */
export interface Subject {
  readonly group: string
  /** The plural resource, or the kind for invalid objects. */
  readonly resource: string
  readonly name?: string | undefined
}

interface Parts {
  readonly code: number
  readonly reason: string
  readonly message: string
  readonly details?: object
}

/** Any Status as an error. */
export function failure({ code, reason, message, details }: Parts): GantryError {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  } as const
  return statusError(status as unknown as Status)
}

/** `pods` or `deployments.apps`. */
export function qualified({ group, resource }: Subject): string {
  return group === '' ? resource : `${resource}.${group}`
}

function detailsOf({ group, resource, name }: Subject): NonNullable<Status['details']> {
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(resource === '' ? {} : { kind: resource }),
  } as NonNullable<Status['details']>
}

export function notFound(subject: Subject): GantryError {
  const message = `${qualified(subject)} ${JSON.stringify(subject.name ?? '')} not found`
  return failure({ code: 404, reason: 'NotFound', message, details: detailsOf(subject) })
}

/** 404 for a path or a resource that there is not. */
export function unknownResource(): GantryError {
  return failure({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  })
}

/** 409 for a name that is taken. @param isLeaving whether its object is being deleted. */
export function alreadyExists(subject: Subject, isLeaving: boolean = false): GantryError {
  const prefix = isLeaving ? 'object is being deleted: ' : ''
  const message = `${prefix}${qualified(subject)} ${JSON.stringify(subject.name ?? '')} already exists`
  return failure({ code: 409, reason: 'AlreadyExists', message, details: detailsOf(subject) })
}

export function conflict(
  subject: Subject,
  why: string = 'the object has been modified; please apply your changes to the latest version and try again',
): GantryError {
  const message = `Operation cannot be fulfilled on ${qualified(subject)} ${JSON.stringify(subject.name ?? '')}: ${why}`
  return failure({ code: 409, reason: 'Conflict', message, details: detailsOf(subject) })
}

export function forbidden(subject: Subject, why: string, causes?: readonly Cause[]): GantryError {
  const what = subject.name === undefined || subject.name === '' ? '' : ` ${JSON.stringify(subject.name)}`
  const message = subject.resource === '' ? `forbidden: ${why}` : `${qualified(subject)}${what} is forbidden: ${why}`
  const details = { ...detailsOf(subject), ...(causes === undefined ? {} : { causes }) }
  return failure({ code: 403, reason: 'Forbidden', message, details: subject.resource === '' ? {} : details })
}

/** 422; `subject.resource` is the kind. */
export function invalid(subject: Subject, causes: readonly Cause[]): GantryError {
  const texts = [...new Set(causes.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)))]
  const list = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`
  const message = `${qualified(subject)} ${JSON.stringify(subject.name ?? '')} is invalid${texts.length === 0 ? '' : `: ${list}`}`
  return failure({ code: 422, reason: 'Invalid', message, details: { ...detailsOf(subject), causes } })
}

export function badRequest(message: string): GantryError {
  return failure({ code: 400, reason: 'BadRequest', message })
}

export function unauthorized(): GantryError {
  return failure({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' })
}

export function unsupportedMediaType(accepted: readonly string[]): GantryError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  return failure({ code: 415, reason: 'UnsupportedMediaType', message })
}

export function notAcceptable(accepted: readonly string[]): GantryError {
  const message = `only the following media types are accepted: ${accepted.join(', ')}`
  return failure({ code: 406, reason: 'NotAcceptable', message })
}

/** As `notAcceptable`, of routes that name what they produce. */
export function notProduced(produced: readonly string[]): GantryError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`
  return failure({ code: 406, reason: 'NotAcceptable', message, details: {} })
}

export function tooLarge(message: string): GantryError {
  return failure({ code: 413, reason: 'RequestEntityTooLarge', message })
}

/** 410: the version or the continue token is gone. */
export function expired(message: string, continueToken?: string): GantryError {
  const error = failure({ code: 410, reason: 'Expired', message })
  if (continueToken === undefined) return error
  return statusError({ ...(statusOf(error) as Status), metadata: { continue: continueToken } })
}

export function tooManyRequests(message: string, retryAfterSeconds: number, causes?: readonly Cause[]): GantryError {
  const details = {
    ...(causes === undefined ? {} : { causes: causes.map(withoutEmptyField) }),
    ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
  }
  return failure({ code: 429, reason: 'TooManyRequests', message, details })
}

/** A cause that is about no field does not name one. */
function withoutEmptyField({ field, ...rest }: Cause): object {
  return field === '' ? rest : { ...rest, field }
}

/** 504: the version asked for has not been reached yet. */
export function versionAhead(wanted: number | bigint, current: number): GantryError {
  const message = `Too large resource version: ${wanted}, current: ${current}`
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  return failure({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: ${message}`,
    details: { causes, retryAfterSeconds: 1 },
  })
}

/** 504: the time that a request may take is up. */
export function requestTimedOut(): GantryError {
  const message = 'Timeout: request did not complete within the allotted timeout'
  return failure({ code: 504, reason: 'Timeout', message, details: {} })
}

export function unavailable(message: string): GantryError {
  return failure({ code: 503, reason: 'ServiceUnavailable', message })
}

export function internalError(message: string): GantryError {
  const causes = [{ message }]
  return failure({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes },
  })
}

/** 422 for a JSON patch that reads well and does not fit the object; upstream keeps to itself why. */
export function rejectedPatch(): GantryError {
  const message = 'the server rejected our request due to an error in our request'
  return failure({ code: 422, reason: 'Invalid', message, details: {} })
}

/** 500 without a reason: what upstream answers to a failure that it has no status for. */
export function unexplained(message: string): GantryError {
  return failure({ code: 500, reason: '', message })
}

const reasonOfCode: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** Any failure as an error with a Status: those of the API as they are, others by their kind. */
export function asStatusError(error: unknown): GantryError {
  if (statusOf(error) !== undefined) return error as GantryError
  if (!(error instanceof GantryError)) return internalError(messageOf(error))
  if (error.kind === 'internal') return internalError(error.message)
  const code = httpStatusOf(error)
  const causes = error.details['causes'] as readonly Cause[] | undefined
  return failure({
    code,
    reason: reasonOfCode[code] ?? '',
    message: error.message,
    ...(causes === undefined ? {} : { details: { causes } }),
  })
}

/** The Status that answers a failure. */
export function toStatus(error: unknown): Status {
  return statusOf(asStatusError(error)) as Status
}
