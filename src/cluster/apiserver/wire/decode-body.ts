/** Request bodies to canonical objects: JSON, YAML and protobuf, with what strict validation objects to. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { parseYaml } from '#kit/encoding/yaml.ts'
import { bodyFailureMessage, jsonWord, strictDecodingMessage } from '#spec/kubernetes/decode/decode-error.ts'
import { type DecodeOptions, decodeTree, untypedStrictErrors } from '#spec/kubernetes/decode/decode-object.ts'
import { parseJson } from '#spec/kubernetes/decode/parse-json.ts'
import { decodeContent, hasProtobuf, isEnvelope, openEnvelope } from '#spec/kubernetes/protobuf/envelope.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { SchemaType } from '#spec/kubernetes/schema/type-rows.ts'
import { type ApiObject, textAt, withMetadata } from '../api-object.ts'
import type { ApiRequest, RequestBody } from '../api-request.ts'
import type { CustomVersion } from '../resource-versions.ts'
import { badRequest, invalid, unsupportedMediaType } from '../status-errors.ts'
import { limitObjects } from './object-limit.ts'
import { checkTypeTexts, groupOf, registrationProblem } from './registered-kinds.ts'

export const bodyMediaTypes: readonly string[] = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
]

/** The object a body is expected to be. */
export interface Expected {
  readonly apiVersion: string
  readonly kind: string
  /** Undefined for custom resources: the tree is taken as it is. */
  readonly type: SchemaType | undefined
  /** How bodies of a custom resource are read. */
  readonly custom?: CustomVersion
  readonly group?: string
  /** Whether a body of this other version is taken, since its fields are the same. */
  readonly takesVersion?: (apiVersion: unknown) => boolean
  /** Options are refused in the words of their reader alone. */
  readonly isOptions?: boolean
}

export interface Tree {
  readonly value: unknown
  readonly strictErrors: readonly string[]
}

/** The body as an object of the expected kind. Warnings go to the request. @throws 400, 415, 422. */
export function decodeBody(request: ApiRequest, expected: Expected): ApiObject {
  const { body } = request
  if (body === undefined) throw badRequest("Object 'Kind' is missing in '{}'")
  try {
    const { value, strictErrors } = readTree(body, expected)
    if (expected.type !== undefined) limitObjects(value, 'bytes' in body ? body.bytes.length : undefined)
    report(request, strictErrors, expected, value as JsonObject)
    return value as ApiObject
  } catch (error) {
    if (!(error instanceof GantryError) || error.code === 'KUBERNETES_STATUS') throw error
    throw badRequest(failureText(error, body, expected))
  }
}

/** What is said of a body that could not be read. */
function failureText(error: GantryError, body: RequestBody, expected: Expected): string {
  const isSyntax = error.code === 'KUBERNETES_JSON_SYNTAX' && body.mediaType !== 'application/yaml'
  const worded = isSyntax ? new Error(`couldn't get version/kind; json parse error: ${error.message}`) : error
  if (expected.isOptions === true) return worded.message
  return bodyFailureMessage({
    error: worded,
    body: 'bytes' in body ? body.bytes : Buffer.from(JSON.stringify(body.value)),
    expectedKind: expected.kind,
    found: isSyntax ? undefined : foundIn(body, expected),
  })
}

function foundIn(
  body: RequestBody,
  expected: Expected,
): { readonly version: string; readonly kind: string } | undefined {
  try {
    const tree = 'bytes' in body ? typeIn(body.bytes) : body.value
    if (!isJsonObject(tree)) return undefined
    const apiVersion = textAt(tree, 'apiVersion') || expected.apiVersion
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
    checkTypeTexts(tree)
    return { version, kind: textAt(tree, 'kind') || expected.kind }
  } catch {
    return undefined
  }
}

/** What says of which kind a body is. */
function typeIn(bytes: Buffer): unknown {
  return isEnvelope(bytes) ? { ...openEnvelope(bytes) } : parseYaml(bytes.toString()).value
}

/** The object in an envelope; one that does not say what it holds means what is expected. @throws 400. */
function contentOf(bytes: Buffer, expected: Expected): Record<string, unknown> {
  const { apiVersion, kind, raw } = openEnvelope(bytes)
  const type = { apiVersion: apiVersion || expected.apiVersion, kind: kind || expected.kind }
  if (!hasProtobuf(type.apiVersion, type.kind)) checkType(type, expected)
  return decodeContent({ ...type, raw })
}

function readTree(body: RequestBody, expected: Expected): Tree {
  if (!('bytes' in body)) return typed(body.value, expected)
  const { bytes, mediaType } = body
  if (mediaType === 'application/vnd.kubernetes.protobuf' || isEnvelope(bytes))
    return { value: checked(contentOf(bytes, expected), expected), strictErrors: [] }
  const text = bytes.toString()
  if (mediaType === 'application/yaml') {
    const { value, strictErrors } = yamlTree(text)
    return typed(expected.type === undefined ? value : (value ?? {}), expected, strictErrors)
  }
  if (mediaType !== 'application/json' && mediaType !== '') throw unsupportedMediaType(bodyMediaTypes)
  const { value: read, notes } = parseJson(text)
  // A null is an object of which nothing is said.
  const value = expected.type === undefined ? read : (read ?? {})
  if (expected.type !== undefined) {
    checkType(value, expected)
    const decoded = decodeTree(value, expected.type, { notes, owned: true })
    return { value: keepReset(value, checked(decoded.value, expected)), strictErrors: decoded.strictErrors }
  }
  return untyped(value, expected, untypedStrictErrors(value, notes))
}

/** A body without a Go type: as it is, or as its definition wants it. */
function untyped(tree: unknown, expected: Expected, strictErrors: readonly string[]): Tree {
  const object = checked(tree, expected)
  if (expected.custom === undefined) return { value: object, strictErrors }
  const decoded = expected.custom.decode(object)
  return { value: decoded.value, strictErrors: [...strictErrors, ...decoded.strictErrors] }
}

function typed(tree: unknown, expected: Expected, strictErrors: readonly string[] = []): Tree {
  if (expected.type === undefined) return untyped(tree, expected, strictErrors)
  checkType(tree, expected)
  const decoded = decodeTree(tree, expected.type)
  const value = keepReset(tree, checked(decoded.value, expected))
  return { value, strictErrors: [...strictErrors, ...decoded.strictErrors] }
}

/** An empty list of managers asks for the book-keeping to be dropped: unlike other empty lists it is no absence. */
function keepReset(tree: unknown, object: ApiObject): ApiObject {
  const metadata = isJsonObject(tree) ? tree['metadata'] : undefined
  const entries = isJsonObject(metadata) ? metadata['managedFields'] : undefined
  return Array.isArray(entries) && entries.length === 0 ? withMetadata(object, { managedFields: [] }) : object
}

/** YAML text as a JSON tree, and what strict reading objects to in it. @throws 400 with the parser's words. */
export function yamlTree(text: string): Tree {
  try {
    const { value, duplicates } = parseYaml(text)
    return { value, strictErrors: duplicates === undefined ? [] : [duplicates] }
  } catch (error) {
    const why = messageOf(error).replace(/^error converting YAML to JSON: /, '')
    throw new GantryError('KUBERNETES_JSON_SYNTAX', 'invalid', why, { cause: error })
  }
}

/** What is said of a value that is no object, and so has no kind. */
export function typelessProblem(value: unknown): string {
  return `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonWord(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`
}

/** Kind and version must be those of the resource; a body that leaves both out means them. @throws 400, 422. */
function checkType(value: unknown, expected: Expected): asserts value is JsonObject {
  if (!isJsonObject(value)) throw new GantryError('KUBERNETES_DECODE', 'invalid', typelessProblem(value))
  checkTypeTexts(value)
  const apiVersion = textAt(value, 'apiVersion')
  const kind = textAt(value, 'kind')
  const isVersion =
    apiVersion === '' || apiVersion === expected.apiVersion || expected.takesVersion?.(apiVersion) === true
  const isKind = kind === '' || kind === expected.kind
  if (isVersion && isKind) return
  if (expected.custom !== undefined) throw isVersion ? otherKind(value, expected) : otherVersion(value, expected)
  throw otherType({ apiVersion: apiVersion || expected.apiVersion, kind: kind || expected.kind }, expected)
}

function otherType(said: { readonly apiVersion: string; readonly kind: string }, expected: Expected): Error {
  const { apiVersion, kind } = said
  const problem = registrationProblem(said, groupOf(expected.apiVersion))
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const head = `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}`
  if (problem !== undefined) return badRequest(`${head}: ${problem}`)
  if (kind === expected.kind) return otherVersion(said, expected)
  const internal = groupOf(expected.apiVersion) === '' ? 'core' : groupOf(expected.apiVersion).split('.', 1)[0]
  return badRequest(
    `${head}: converting (${version}.${kind}) to (${internal ?? ''}.${expected.kind}): unknown conversion`,
  )
}

/** A decoded body with the kind and version of its resource. */
function checked(value: unknown, expected: Expected): ApiObject {
  checkType(value, expected)
  const { kind: _, apiVersion: __, metadata, ...rest } = value
  return {
    kind: expected.kind,
    apiVersion: expected.apiVersion,
    metadata: isJsonObject(metadata) ? metadata : isMisread(metadata, expected) ? (metadata as JsonObject) : {},
    ...rest,
  } as ApiObject
}

/** Metadata that is no object is told by those who read it by its type. */
function isMisread(metadata: unknown, { custom }: Expected): boolean {
  return custom !== undefined && metadata !== undefined && metadata !== null
}

function otherVersion(value: JsonObject, { apiVersion }: Expected): Error {
  const said = textAt(value, 'apiVersion')
  return badRequest(`the API version in the data (${said}) does not match the expected API version (${apiVersion})`)
}

function otherKind(value: JsonObject, { kind, group = '' }: Expected): Error {
  const message = `Invalid value: ${JSON.stringify(textAt(value, 'kind'))}: must be ${kind}`
  const subject = { group, resource: kind, name: textAt(value, 'metadata', 'name') }
  return invalid(subject, [{ reason: 'FieldValueInvalid', message, field: 'kind' }])
}

/** Unknown and duplicate fields: an error, a warning each, or nothing, as the request asks (`fieldValidation`). */
// oxlint-disable-next-line max-params -- the same parts in the same order as its callers have them
export function report(
  request: Pick<ApiRequest, 'query' | 'warnings'>,
  strictErrors: readonly string[],
  expected: Expected,
  found: JsonObject,
): void {
  if (strictErrors.length === 0) return
  const mode = request.query('fieldValidation') ?? 'Warn'
  if (mode === 'Ignore') return
  if (mode !== 'Strict') {
    request.warnings.push(...strictErrors)
    return
  }
  const version = expected.apiVersion.slice(expected.apiVersion.indexOf('/') + 1)
  const kind = typeof found['kind'] === 'string' ? found['kind'] : expected.kind
  throw badRequest(
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${strictDecodingMessage(strictErrors)}`,
  )
}

/** A changed tree made canonical again; `known` is the canonical object that it was made of. @throws what decoding throws. */
export function recanonical(
  tree: JsonObject,
  expected: Expected,
  options: Pick<DecodeOptions, 'known' | 'wording'>,
): { readonly object: ApiObject; readonly strictErrors: readonly string[] } {
  if (expected.type === undefined) {
    const { value: object, strictErrors } = untyped(tree, expected, [])
    return { object: object as ApiObject, strictErrors }
  }
  limitObjects(tree)
  const { value, strictErrors } = decodeTree(tree, expected.type, options)
  return { object: keepReset(tree, checked(value, expected)), strictErrors }
}
