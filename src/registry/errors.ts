/** The registry's rows of the error catalogue: codes and words of the distribution spec (v1.1, "Error Codes") and Docker's registry. */

interface ErrorRow {
  readonly status: number
  readonly message: string
  readonly remedy: string
}

export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'TAG_INVALID'
  | 'RANGE_INVALID'
  | 'PAGINATION_NUMBER_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  | 'TOO_LARGE'
  | 'NOT_FOUND'
  | 'UNAVAILABLE'
  | 'UNKNOWN'

/** Every code with its status, words and remedy. */
export const registryErrorRows: Readonly<Record<RegistryErrorCode, ErrorRow>> = {
  BLOB_UNKNOWN: { status: 404, message: 'blob unknown to registry', remedy: 'Push the blob to this repository first.' },
  BLOB_UPLOAD_INVALID: { status: 400, message: 'blob upload invalid', remedy: 'Start the upload again.' },
  BLOB_UPLOAD_UNKNOWN: {
    status: 404,
    message: 'blob upload unknown to registry',
    remedy: 'Start the upload again; it was finished, cancelled or expired.',
  },
  DIGEST_INVALID: {
    status: 400,
    message: 'provided digest did not match uploaded content',
    remedy: 'Compute the digest over exactly the bytes that are sent.',
  },
  MANIFEST_BLOB_UNKNOWN: {
    status: 400,
    message: 'blob unknown to registry',
    remedy: 'Push every blob of the manifest to the repository before it.',
  },
  MANIFEST_INVALID: { status: 400, message: 'manifest invalid', remedy: 'Push a Docker schema 2 or OCI manifest.' },
  MANIFEST_UNKNOWN: { status: 404, message: 'manifest unknown', remedy: 'List the tags of the repository.' },
  NAME_INVALID: {
    status: 400,
    message: 'invalid repository name',
    remedy: 'Use lower-case path components of letters, digits and separators.',
  },
  NAME_UNKNOWN: {
    status: 404,
    message: 'repository name not known to registry',
    remedy: 'Push something to the repository first.',
  },
  SIZE_INVALID: {
    status: 400,
    message: 'provided length did not match content length',
    remedy: 'Send exactly as many bytes as announced, within the limits.',
  },
  TAG_INVALID: {
    status: 400,
    message: 'manifest tag did not match URI',
    remedy: 'Use at most 128 letters, digits, dots, dashes and underscores.',
  },
  RANGE_INVALID: {
    status: 416,
    message: 'invalid content range',
    remedy: 'Ask for the upload’s offset and go on from there.',
  },
  PAGINATION_NUMBER_INVALID: {
    status: 400,
    message: 'invalid number of results requested',
    remedy: 'Ask for a positive number of results.',
  },
  UNAUTHORIZED: { status: 401, message: 'authentication required', remedy: 'Log in to the registry.' },
  DENIED: {
    status: 403,
    message: 'requested access to the resource is denied',
    remedy: 'Ask for access to the repository.',
  },
  UNSUPPORTED: { status: 405, message: 'The operation is unsupported.', remedy: 'See the registry’s configuration.' },
  TOOMANYREQUESTS: { status: 429, message: 'too many requests', remedy: 'Try again later.' },
  TOO_LARGE: { status: 413, message: 'request body too large', remedy: 'Send a smaller document.' },
  NOT_FOUND: { status: 404, message: 'page not found', remedy: 'See the distribution spec for the paths.' },
  UNAVAILABLE: {
    status: 503,
    message: 'service unavailable',
    remedy: 'Try again; the upstream registry or the disk may be down.',
  },
  UNKNOWN: { status: 500, message: 'unknown error', remedy: 'See the registry’s log.' },
}

export interface RegistryErrorOptions {
  readonly detail?: unknown
  readonly message?: string
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** A refusal in the distribution spec's terms; `api/` writes it as `{"errors":[{code,message,detail}]}`. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode
  readonly status: number
  readonly detail: unknown
  readonly headers: Readonly<Record<string, string>>

  constructor(code: RegistryErrorCode, options: RegistryErrorOptions = {}) {
    super(
      options.message ?? registryErrorRows[code].message,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.name = 'RegistryError'
    this.code = code
    this.status = options.status ?? registryErrorRows[code].status
    this.detail = options.detail ?? null
    this.headers = options.headers ?? {}
  }
}
