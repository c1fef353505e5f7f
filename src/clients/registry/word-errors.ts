/** What goes wrong with a registry, in dockerd's words: clients and scripts match on them. */
import { connectionWords, rootCauseOf } from '#base/errors/connection-words.ts'
import { errnoOf, GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { ErrorKind } from '#base/errors/gantry-error.ts'
import { asRecord } from '#spec/oci/strict-json.ts'
import { parseChallenges } from './parse-challenge.ts'

/** One error of a registry's error body. */
export interface RegistryComplaint {
  /** As sent: `MANIFEST_UNKNOWN`. */
  readonly code: string
  readonly message: string
}

const kindsByStatus: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  413: 'too-large',
  416: 'invalid',
  429: 'exhausted',
}
const snippetLengthMax = 200

/** `Get "http://host/v2/": dial tcp …`: how Go's HTTP client names a failed request. */
export function wordRequestFailure(method: string, url: string, error: unknown): GantryError {
  const kind = error instanceof GantryError && error.kind !== 'internal' ? error.kind : 'unavailable'
  return new GantryError('REGISTRY_UNREACHABLE', kind, `${requestName(method, url)}: ${wordCause(error, url)}`, {
    cause: error,
    remedy: 'Check that the registry runs and its address is right.',
    details: { transient: isTransient(error) },
  })
}

/** `Get "url"`. */
export function requestName(method: string, url: string): string {
  return `${method.slice(0, 1)}${method.slice(1).toLowerCase()} "${url}"`
}

/** The error that a refusing answer stands for; `details.code` is the registry's own code. */
export function wordRefusal(
  status: number,
  reason: string,
  answer: { readonly body: string; readonly challenge: string | undefined },
): GantryError {
  const complaint = readComplaint(status, answer)
  const kind = kindsByStatus[status] ?? (status >= 500 ? 'unavailable' : 'internal')
  if (status >= 500 || status < 400)
    return refusal(kind, `received unexpected HTTP status: ${status} ${reason}`.trim(), { status, code: '' })
  if (complaint !== undefined)
    return refusal(kind, `${codeWords(complaint.code)}: ${complaint.message}`, { status, code: complaint.code })
  if (status === 401) return refusal(kind, 'unauthorized: authentication required', { status, code: 'UNAUTHORIZED' })
  const start = answer.body.slice(0, 1)
  const problem =
    start === ''
      ? 'unexpected end of JSON input'
      : `invalid character ${quoteCharacter(start)} looking for beginning of value`
  return refusal(
    kind,
    `error parsing HTTP ${status} response body: ${problem}: ${JSON.stringify(answer.body.slice(0, snippetLengthMax))}`,
    { status, code: '' },
  )
}

function refusal(
  kind: ErrorKind,
  message: string,
  details: { readonly status: number; readonly code: string },
): GantryError {
  return new GantryError('REGISTRY_REFUSED', kind, message, {
    details: { ...details, transient: details.status >= 500 || details.status === 429 },
    remedy: 'See the message; log in if the registry asks for it.',
  })
}

/** The registry's code of a refusal, or ''. */
export function complaintCode(error: unknown): string {
  const code = error instanceof GantryError ? error.details['code'] : undefined
  return typeof code === 'string' ? code : ''
}

/** True for failures that may be gone a moment later: lost connections, 5xx, 429. */
export function isTransientFailure(error: unknown): boolean {
  return error instanceof GantryError && error.details['transient'] === true
}

/** Docker's sentence around a pull's refusal. `familiar` is the repository, `reference` with its tag or digest. */
export function wordPullFailure(
  error: unknown,
  names: { readonly familiar: string; readonly reference: string },
): unknown {
  if (!(error instanceof GantryError) || error.code !== 'REGISTRY_REFUSED') return error
  const code = complaintCode(error)
  if (code === 'MANIFEST_UNKNOWN') {
    return new GantryError(
      'REGISTRY_MANIFEST_UNKNOWN',
      'not-found',
      `manifest for ${names.reference} not found: ${error.message}`,
      { cause: error, remedy: 'Check the tag; the repository exists.' },
    )
  }
  if (code === 'DENIED' || code === 'NAME_UNKNOWN') {
    return new GantryError(
      'REGISTRY_PULL_DENIED',
      'not-found',
      `pull access denied for ${names.familiar}, repository does not exist or may require 'docker login': ${error.message}`,
      { cause: error, remedy: 'Check the name, or log in to the registry.' },
    )
  }
  return asDaemonFailure(error)
}

/** A refused login is dockerd's own failure (500) in pulls and pushes: at 401 the stock CLI would ask for a password. */
export function asDaemonFailure(error: unknown): unknown {
  if (!(error instanceof GantryError) || error.code !== 'REGISTRY_REFUSED' || error.kind !== 'unauthorized')
    return error
  return new GantryError(error.code, 'internal', error.message, {
    cause: error,
    details: error.details,
    remedy: 'Log in to the registry.',
  })
}

type Refusing = { readonly body: string; readonly challenge: string | undefined }

/** What the registry says is wrong: in its challenge, in its error list, or in the odd form of a proxy before it. */
function readComplaint(status: number, { body, challenge }: Refusing): RegistryComplaint | undefined {
  const bearer = parseChallenges(challenge).find(({ scheme }) => scheme === 'bearer')?.parameters ?? {}
  const described = (fallback: string): string => bearer['error_description'] ?? fallback
  if (bearer['error'] === 'insufficient_scope')
    return { code: 'DENIED', message: described('requested access to the resource is denied') }
  const record = parseRecord(body)
  const listed = readErrorList(record?.['errors'])
  if (listed !== undefined) return listed
  if (bearer['error'] === 'invalid_token')
    return { code: 'UNAUTHORIZED', message: described('authentication required') }
  return readBareMessage(status, record)
}

function readBareMessage(
  status: number,
  record: Readonly<Record<string, unknown>> | undefined,
): RegistryComplaint | undefined {
  const details = record?.['details'] ?? record?.['message']
  if (typeof details !== 'string' || details === '') return undefined
  return { code: codesByStatus[status] ?? 'UNKNOWN', message: details }
}

const codesByStatus: Readonly<Record<number, string>> = { 401: 'UNAUTHORIZED', 403: 'DENIED' }

function readErrorList(list: unknown): RegistryComplaint | undefined {
  const first = Array.isArray(list) ? asRecord(list[0]) : undefined
  const code = first?.['code']
  if (typeof code !== 'string') return undefined
  const message = first?.['message']
  return { code, message: typeof message === 'string' && message !== '' ? message : codeWords(code) }
}

function parseRecord(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asRecord(JSON.parse(body))
  } catch {
    return undefined
  }
}

function codeWords(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ')
}

function quoteCharacter(character: string): string {
  return character === "'" ? String.raw`'\''` : `'${character}'`
}

const certificateWords: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
}

function wordCause(error: unknown, url: string): string {
  const words =
    connectionWords(error, new URL(url).hostname) ??
    wordTlsError((rootCauseOf(error) as { code?: unknown } | undefined)?.code)
  if (words !== undefined) return words
  if (error instanceof GantryError && error.code === 'HTTP_TIMEOUT')
    return 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)'
  return messageOf(error)
}

function wordTlsError(code: unknown): string | undefined {
  if (typeof code !== 'string') return undefined
  return (
    certificateWords[code] ??
    (code === 'EPROTO' || code.startsWith('ERR_SSL') ? 'http: server gave HTTP response to HTTPS client' : undefined)
  )
}

function isTransient(error: unknown): boolean {
  if (error instanceof GantryError && error.code === 'HTTP_TLS_INVALID') return false
  const errno = errnoOf(rootCauseOf(error))
  if (errno !== undefined) return errno !== 'ENOTFOUND' && errno !== 'EPROTO'
  return (
    error instanceof GantryError &&
    ['HTTP_TIMEOUT', 'HTTP_CONNECT_FAILED', 'HTTP_BODY_CUT', 'REGISTRY_BODY_CUT', 'REGISTRY_TOO_SLOW'].includes(
      error.code,
    )
  )
}
