/** The messages of bodies that cannot be read, worded as the API server words them (apiserver handlers, v1.36). */
import { GantryError } from '#base/errors/gantry-error.ts'

/** A body of the right syntax whose values have the wrong types; `message` carries no prefix. */
export function decodeError(message: string, cause?: unknown): GantryError {
  return new GantryError('KUBERNETES_DECODE', 'invalid', message, {
    cause,
    remedy: 'Compare the object with kubectl explain.',
  })
}

/** `strict decoding error: unknown field "a", duplicate field "b"`. */
export function strictDecodingMessage(errors: readonly string[]): string {
  return `strict decoding error: ${errors.join(', ')}`
}

/** What a JSON value is called in Go's type errors. */
export function jsonWord(value: unknown, literal?: string): string {
  if (literal !== undefined) return `number ${literal}`
  if (Array.isArray(value)) return 'array'
  if (value === null) return 'null'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function summarize(body: Uint8Array): string {
  const max = 30
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (bytes.length === 0) return '<empty>'
  if (bytes[0] === 0x7b) return bytes.length > max ? `${bytes.toString('utf8', 0, max)} ...` : bytes.toString('utf8')
  return bytes.length > max ? `${bytes.toString('hex', 0, max)} ...` : bytes.toString('hex')
}

export interface BodyFailure {
  readonly error: unknown
  readonly body: Uint8Array
  /** The kind that the resource expects. */
  readonly expectedKind: string
  /** What the body says it is, when that much could be read. */
  readonly found: { readonly version: string; readonly kind: string } | undefined
}

/** The 400 message for a body that could not be decoded into `expectedKind`. */
export function bodyFailureMessage({ error, body, expectedKind, found }: BodyFailure): string {
  const text = error instanceof Error ? error.message : String(error)
  if (found !== undefined && found.kind !== '') {
    return `${found.kind} in version "${found.version}" cannot be handled as a ${expectedKind}: ${text}`
  }
  return `the object provided is unrecognized (must be of type ${expectedKind}): ${text} (${summarize(body)})`
}
