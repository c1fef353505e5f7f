/** What a body says it is, and the refusals of bodies that do not say it (apimachinery runtime, v1.36). */
import { decodeError, jsonWord } from './decode-error.ts'
import { parseJson } from './parse-json.ts'

export interface BodyKind {
  readonly apiVersion: string
  readonly kind: string
}

const prefix = "couldn't get version/kind; json parse error: "
const goStruct = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`

function textMember(body: object, member: 'apiVersion' | 'kind'): string {
  const value: unknown = Object.hasOwn(body, member) ? (body as Readonly<Record<string, unknown>>)[member] : undefined
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  throw decodeError(`${prefix}json: cannot unmarshal ${jsonWord(value)} into Go struct field .${member} of type string`)
}

/** `apiVersion` and `kind` of a parsed body, empty where they are missing. Throws `KUBERNETES_DECODE` in upstream's words. */
export function kindOfTree(tree: unknown): BodyKind {
  if (tree === null) return { apiVersion: '', kind: '' }
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    throw decodeError(`${prefix}json: cannot unmarshal ${jsonWord(tree)} into Go value of type ${goStruct}`)
  }
  const apiVersion = textMember(tree, 'apiVersion')
  if (apiVersion.split('/').length > 2) throw decodeError(`unexpected GroupVersion string: ${apiVersion}`)
  return { apiVersion, kind: textMember(tree, 'kind') }
}

/** `kindOfTree` of JSON text; syntax errors carry upstream's prefix. */
export function kindOfJson(text: string): BodyKind {
  let tree: unknown
  try {
    tree = parseJson(text).value
  } catch (error) {
    throw decodeError(prefix + (error instanceof Error ? error.message : ''), error)
  }
  return kindOfTree(tree)
}

/** Refuses a body without kind or version; `text` is quoted. */
export function requireKind({ apiVersion, kind }: BodyKind, text: string): void {
  if (kind === '') throw decodeError(`Object 'Kind' is missing in '${text}'`)
  if (apiVersion === '') throw decodeError(`Object 'apiVersion' is missing in '${text}'`)
}
