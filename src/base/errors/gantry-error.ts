/**
 * The one error type of the program. It says what failed (message), why (cause) and what to do (remedy);
 * `kind` is what a protocol's edge maps to a status code. Programmer mistakes are asserts, not errors.
 */

/** What went wrong, in words every protocol knows. The edges map it: Docker API, Kubernetes Status, exit codes. */
export type ErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'not-modified'
  | 'too-large'
  | 'unprocessable'
  | 'not-implemented'
  | 'unavailable'
  | 'cancelled'
  | 'deadline'
  | 'exhausted'
  | 'internal'

export interface GantryErrorOptions {
  /** The error that led here; kept for logs, never shown to clients. */
  readonly cause?: unknown
  /** What the user can do about it, one sentence. */
  readonly remedy?: string
  /** Values for the edge to use (for instance the id of the conflicting object). */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * An expected failure. `code` is a row of a component's error catalogue (upper snake case, component first),
 * `message` is what clients read: where Docker or Kubernetes have a wording for it, exactly that wording.
 */
export class GantryError extends Error {
  readonly code: string
  readonly kind: ErrorKind
  readonly remedy: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, kind: ErrorKind, message: string, options: GantryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GantryError'
    this.code = code
    this.kind = kind
    this.remedy = options.remedy
    this.details = options.details ?? {}
  }
}

/** True when `error` is an expected failure of the given kind. */
export function isErrorKind(error: unknown, kind: ErrorKind): error is GantryError {
  return error instanceof GantryError && error.kind === kind
}

const httpStatuses: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'not-modified': 304,
  'too-large': 413,
  unprocessable: 422,
  'not-implemented': 501,
  unavailable: 503,
  cancelled: 499,
  deadline: 504,
  exhausted: 429,
  internal: 500,
}

/** The HTTP status that an error kind stands for (Engine API and Kubernetes API agree on these). */
export function httpStatusOf(error: unknown): number {
  return error instanceof GantryError ? httpStatuses[error.kind] : 500
}

/** The text of anything thrown, without stack; never empty. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message
  return String(error)
}

/** The errno name (`ENOENT`, …) of a system error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined
}
