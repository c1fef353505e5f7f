/** What goes wrong with a registry, in dockerd's words: clients and scripts match on them. */
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
  return error
}

function readComplaint(
  status: number,
  { body, challenge }: { readonly body: string; readonly challenge: string | undefined },
): RegistryComplaint | undefined {
  const bearer = parseChallenges(challenge).find(({ scheme }) => scheme === 'bearer')
  const said = bearer?.parameters['error']
  if (said === 'insufficient_scope')
    return {
      code: 'DENIED',
      message: bearer?.parameters['error_description'] ?? 'requested access to the resource is denied',
    }
  const record = parseRecord(body)
  const list: unknown = record?.['errors']
  const first = Array.isArray(list) ? asRecord(list[0]) : undefined
  if (typeof first?.['code'] === 'string') {
    const { code, message } = first
    return { code, message: typeof message === 'string' && message !== '' ? message : codeWords(code) }
  }
  if (said === 'invalid_token')
    return { code: 'UNAUTHORIZED', message: bearer?.parameters['error_description'] ?? 'authentication required' }
  const details = record?.['details'] ?? record?.['message']
  if (typeof details === 'string' && details !== '')
    return { code: status === 401 ? 'UNAUTHORIZED' : status === 403 ? 'DENIED' : 'UNKNOWN', message: details }
  return undefined
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

const errnoWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

const certificateWords: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
}

/** The system error at the bottom of a failed request. */
function rootOf(error: unknown): unknown {
  let current: unknown = error
  for (let depth = 0; depth < 8; depth += 1) {
    if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0]
    else if (current instanceof Error && current.cause !== undefined) current = current.cause
    else return current
  }
  return current
}

function wordCause(error: unknown, url: string): string {
  const root = rootOf(error)
  const errno = errnoOf(root) ?? ''
  const code = (root as { code?: unknown } | undefined)?.code
  const { address, port } = (root ?? {}) as { address?: string; port?: number }
  const known = errnoWords[errno]
  if (known !== undefined)
    return address === undefined
      ? `dial tcp: ${known}`
      : `dial tcp ${address.includes(':') ? `[${address}]` : address}:${port}: ${known}`
  if (errno === 'ENOTFOUND' || errno === 'EAI_AGAIN')
    return `dial tcp: lookup ${new URL(url).hostname}: ${errno === 'ENOTFOUND' ? 'no such host' : 'Temporary failure in name resolution'}`
  if (errno === 'ECONNRESET' || errno === 'EPIPE')
    return messageOf(root).includes('hang up') ? 'EOF' : 'read: connection reset by peer'
  if (typeof code === 'string' && certificateWords[code] !== undefined) return certificateWords[code]
  if (typeof code === 'string' && (code === 'EPROTO' || code.startsWith('ERR_SSL')))
    return 'http: server gave HTTP response to HTTPS client'
  if (error instanceof GantryError && error.code === 'HTTP_TIMEOUT')
    return 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)'
  return messageOf(error)
}

function isTransient(error: unknown): boolean {
  if (error instanceof GantryError && error.code === 'HTTP_TLS_INVALID') return false
  const errno = errnoOf(rootOf(error))
  if (errno !== undefined) return errno !== 'ENOTFOUND' && errno !== 'EPROTO'
  return (
    error instanceof GantryError &&
    ['HTTP_TIMEOUT', 'HTTP_CONNECT_FAILED', 'HTTP_BODY_CUT', 'REGISTRY_BODY_CUT', 'REGISTRY_TOO_SLOW'].includes(
      error.code,
    )
  )
}
