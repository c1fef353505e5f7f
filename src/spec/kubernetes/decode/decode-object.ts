/**
 * A parsed JSON tree to the object Kubernetes would hold: only known members, in upstream's order, values canonical, empty
 * members left out as Go leaves them out. What strict validation would object to is collected, not thrown.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { isJsonObject } from '../objects/objects.ts'
import type { SchemaField, SchemaType, StructType } from '../schema/type-rows.ts'
import type { Shape } from '../schema/shape.ts'
import { canonicalScalar, isMismatch } from './canonical-scalar.ts'
import { decodeError, jsonWord } from './decode-error.ts'
import { sortedKeys } from './sorted-keys.ts'
import { type JsonNotes, parseJson, setMember } from './parse-json.ts'
import { treeMismatch } from './tree-mismatch.ts'
import { isOmitted, zeroStruct, zeroValue } from './zero-value.ts'

/** Upstream keeps no more than this many strict errors of one body. */
const strictErrorsMax = 100

export interface DecodedObject {
  readonly value: Record<string, unknown>
  /** `unknown field "spec.foo"`, `duplicate field "spec.bar"`; empty for a faultless body. */
  readonly strictErrors: readonly string[]
}

/**
 * Decodes JSON text as `type`. Throws `KUBERNETES_JSON_SYNTAX`, `KUBERNETES_DECODE`, `KUBERNETES_QUANTITY` or
 * `KUBERNETES_TIME` with upstream's sentence.
 */
export function decodeJson(text: string, type: SchemaType): DecodedObject {
  const { value, notes } = parseJson(text)
  return decodeTree(value, type, { notes, owned: true })
}

/** `tree` is how upstream words wrong types in an object that was patched as a tree: `unrecognized type: int32`. */
export type DecodeWording = 'json' | 'tree'

export interface DecodeOptions {
  readonly notes?: JsonNotes | undefined
  readonly wording?: DecodeWording
  /** A canonical object of the type; what the tree shares with it, in the same place, is canonical already. */
  readonly known?: Readonly<Record<string, unknown>> | undefined
  /** Nobody else has the tree: what is canonical in it already becomes part of the answer as it is. */
  readonly owned?: boolean
}

/** Decodes a tree that was parsed already (YAML, a patched object). The tree is not changed. */
export function decodeTree(tree: unknown, type: SchemaType, options: DecodeOptions = {}): DecodedObject {
  const decoder = new Decoder(options.notes, options)
  const value = decoder.root(tree, type, options.known)
  return { value, strictErrors: decoder.strictErrors }
}

/** Strict errors of a body without a Go type (custom resources): duplicates only. */
export function untypedStrictErrors(tree: unknown, notes: JsonNotes | undefined): readonly string[] {
  if (notes === undefined) return []
  const decoder = new Decoder(notes)
  decoder.walkUntyped(tree)
  return decoder.strictErrors
}

const schemaOr: ReadonlySet<Shape> = new Set(['schemaOrArray', 'schemaOrBool', 'schemaOrStrings'])
/** Types with readers of their own: their failures end the reading at once. */
const handCoded: ReadonlySet<Shape> = new Set(['time', 'microTime', 'duration', 'intOrString', 'quantity'])

/** How a scalar was read that has the wrong type. */
interface ScalarRead {
  readonly goType: string
  /** How a number was written. */
  readonly literal?: string | undefined
}

class Decoder {
  readonly strictErrors: string[] = []
  readonly #notes: JsonNotes | undefined
  readonly #wording: DecodeWording
  readonly #owned: boolean
  readonly #path: (string | number)[] = []
  readonly #goFields: string[] = []
  /** The object or list whose member is being read, for looking up how its number was written. */
  #container: object = {}
  #goStruct = ''
  #failure: GantryError | undefined

  constructor(notes: JsonNotes | undefined, { wording = 'json', owned = false }: DecodeOptions = {}) {
    this.#notes = notes
    this.#wording = wording
    this.#owned = owned
  }

  root(tree: unknown, type: SchemaType, known: unknown): Record<string, unknown> {
    const struct = type.struct
    if (struct === undefined) throw decodeError(`no struct type: ${type.goName}`)
    if (tree === null) return zeroStruct(struct)
    if (typeof tree !== 'object' || Array.isArray(tree)) {
      throw decodeError(`json: cannot unmarshal ${jsonWord(tree)} into Go value of type ${type.goName}`)
    }
    const value = this.#struct(tree as Record<string, unknown>, struct, known)
    if (this.#failure !== undefined) throw this.#failure
    return value
  }

  walkUntyped(tree: unknown): void {
    if (typeof tree !== 'object' || tree === null) return
    const twice = this.#notes?.duplicates.get(tree)
    for (const [key, value] of Object.entries(tree)) {
      if (twice?.has(key) === true) this.#strict('duplicate field', key)
      this.#path.push(Array.isArray(tree) ? Number(key) : key)
      this.walkUntyped(value)
      this.#path.pop()
    }
  }

  #pathText(last?: string): string {
    let out = ''
    for (const step of this.#path) out += typeof step === 'number' ? `[${step}]` : out === '' ? step : `.${step}`
    if (last === undefined) return out
    return out === '' ? last : `${out}.${last}`
  }

  #strict(what: 'unknown field' | 'duplicate field', key: string): void {
    if (this.strictErrors.length >= strictErrorsMax) return
    const text = `${what} ${JSON.stringify(this.#pathText(key))}`
    if (!this.strictErrors.includes(text)) this.strictErrors.push(text)
  }

  /** Notes a wrong type; upstream reads on and reports the first one, unless a hand-coded type fails for good later. */
  #mismatch(value: unknown, type: SchemaType, read?: ScalarRead): undefined {
    this.#failure ??= this.#mismatchError(value, type, read)
    return undefined
  }

  #mismatchError(
    value: unknown,
    type: SchemaType,
    { goType, literal }: ScalarRead = { goType: type.goName },
  ): GantryError {
    if (this.#wording === 'tree') return decodeError(treeMismatch(value, type, goType))
    const word = jsonWord(
      value,
      typeof value === 'number' && /^u?int/.test(goType) ? (literal ?? String(value)) : undefined,
    )
    const field = this.#goStruct === '' ? 'value' : `struct field ${this.#goStruct}.${this.#goFields.join('.')}`
    return decodeError(`json: cannot unmarshal ${word} into Go ${field} of type ${goType}`)
  }

  #struct(value: Record<string, unknown>, struct: StructType, known: unknown): Record<string, unknown> {
    const outerStruct = this.#goStruct
    this.#goStruct = struct.baseName
    const twice = this.#notes?.duplicates.get(value)
    const slots = new Slots()
    let isSame = this.#owned
    for (const key in value) {
      const field = struct.byName.get(key)
      if (field === undefined) {
        this.#strict('unknown field', key)
        isSame = false
        continue
      }
      this.#container = value
      const member = value[key]
      const decoded = this.#member(member, field, memberOf(known, key))
      if (twice?.has(key) === true) this.#strict('duplicate field', key)
      if (decoded !== undefined) slots.set(field.index, decoded)
      isSame &&= decoded === member
    }
    this.#goStruct = outerStruct
    return isSame && slots.isWhole(struct) ? value : assemble(struct, slots)
  }

  /** The canonical value of a member, or undefined when it does not show (the zero of one that always shows is added later). */
  #member(value: unknown, field: SchemaField, known: unknown): unknown {
    if (value === null && field.type.shape !== 'json' && field.type.shape !== 'raw') return undefined
    this.#path.push(field.json)
    this.#goFields.push(field.goPath)
    const decoded = this.#value(value, field.type, known)
    this.#path.pop()
    this.#goFields.pop()
    return isOmitted(decoded, field) ? undefined : decoded
  }

  #value(value: unknown, type: SchemaType, known: unknown): unknown {
    const { shape } = type
    if (shape === 'string' && typeof value === 'string') return value
    if (known !== undefined && value === known) return value
    if (shape === 'struct') return this.#structValue(value, type, known)
    if (shape === 'list') return this.#list(value, type, known)
    if (shape === 'map') return this.#map(value, type)
    return schemaOr.has(shape) ? this.#schemaOr(value, type) : this.#scalar(value, type)
  }

  #structValue(value: unknown, type: SchemaType, known: unknown): unknown {
    if (typeof value !== 'object' || Array.isArray(value)) return this.#mismatch(value, type)
    const struct = type.struct
    if (struct === undefined) return value
    return value === null ? zeroStruct(struct) : this.#struct(value as Record<string, unknown>, struct, known)
  }

  #scalar(value: unknown, type: SchemaType): unknown {
    const text = typeof value === 'number' ? this.#literal() : undefined
    if (type.shape === 'bytes') return this.#bytes(value, type)
    const decoded = canonicalScalar(value, type, text)
    if (!isMismatch(decoded)) return decoded
    const read = { goType: decoded.mismatch, literal: text }
    if (handCoded.has(type.shape)) throw this.#mismatchError(value, type, read)
    return this.#mismatch(value, type, read)
  }

  /** How the number that is being read was written, where that says more than its value. */
  #literal(): string | undefined {
    return this.#notes?.numbers.get(this.#container)?.get(String(this.#path.at(-1)))
  }

  #bytes(value: unknown, type: SchemaType): unknown {
    try {
      const decoded = canonicalScalar(value, type)
      return isMismatch(decoded) ? this.#mismatch(value, type, { goType: decoded.mismatch }) : decoded
    } catch (error) {
      if (!(error instanceof GantryError)) throw error
      this.#failure ??= this.#wording === 'tree' ? decodeError(`error decoding from json: ${error.message}`) : error
      return undefined
    }
  }

  #list(value: unknown, type: SchemaType, known: unknown): unknown {
    const element = type.element
    if (!Array.isArray(value) || element === undefined) return this.#mismatch(value, type)
    const knownItems: readonly unknown[] = Array.isArray(known) ? known : []
    const items: readonly unknown[] = value
    let out = this.#owned ? undefined : [...items]
    for (let i = 0; i < items.length; i++) {
      this.#path.push(i)
      this.#container = value
      const item = this.#element(items[i], element, knownItems[i])
      if (item !== items[i]) (out ??= [...items])[i] = item
      this.#path.pop()
    }
    return out ?? items
  }

  #element(value: unknown, type: SchemaType, known: unknown): unknown {
    if (value !== null || type.shape === 'struct' || type.shape === 'json' || type.shape === 'any') {
      return value === null && type.shape !== 'struct' ? null : this.#value(value, type, known)
    }
    return zeroValue({ type, pointer: false } as SchemaField)
  }

  #map(value: unknown, type: SchemaType): unknown {
    const element = type.element
    if (typeof value !== 'object' || value === null || Array.isArray(value) || element === undefined) {
      return this.#mismatch(value, type)
    }
    const object = value as Record<string, unknown>
    const twice = this.#notes?.duplicates.get(object)
    const keys = sortedKeys(object)
    let isSame = this.#owned && Object.keys(object).every((key, i) => key === keys[i])
    const out: Record<string, unknown> = {}
    for (const key of keys) {
      if (twice?.has(key) === true) this.#strict('duplicate field', key)
      this.#path.push(key)
      this.#container = object
      const item = this.#element(object[key], element, undefined)
      setMember(out, key, item)
      isSame &&= item === object[key]
      this.#path.pop()
    }
    return isSame ? object : out
  }

  /** A JSON schema, or the other form the member allows. */
  #schemaOr(value: unknown, type: SchemaType): unknown {
    if (typeof value === 'boolean' && type.shape === 'schemaOrBool') return value
    if (Array.isArray(value)) {
      if (type.shape !== 'schemaOrArray') return value
      return value.map((item: unknown) => this.#schemaOr(item, type))
    }
    if (typeof value !== 'object' || value === null) throw decodeError('boolean or JSON schema expected')
    const struct = type.element?.struct
    return struct === undefined ? value : this.#struct(value as Record<string, unknown>, struct, undefined)
  }
}

function memberOf(known: unknown, key: string): unknown {
  return isJsonObject(known) ? known[key] : undefined
}

/** Members found, by ascending index. */
class Slots {
  readonly indexes: number[] = []
  readonly values: unknown[] = []
  #inOrder = true

  /** True when what came, came in order, and with all that always shows: an object of it would be the one that was read. */
  isWhole({ always }: StructType): boolean {
    return this.#inOrder && always.every(({ index }) => this.indexes.includes(index))
  }

  /** Most come in order; others go before those behind them. */
  set(index: number, value: unknown): void {
    const { indexes, values } = this
    let at = indexes.length
    if (at > 0 && (indexes[at - 1] as number) > index) this.#inOrder = false
    for (; at > 0 && (indexes[at - 1] as number) > index; at--) {
      indexes[at] = indexes[at - 1] as number
      values[at] = values[at - 1]
    }
    indexes[at] = index
    values[at] = value
  }
}

/** The object of the members found, with those that always show put in their places. Indexes ascend. */
function assemble(struct: StructType, { indexes, values }: Slots): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  const { always, fields } = struct
  let next = 0
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i] ?? 0
    for (let field = always[next]; field !== undefined && field.index <= index; field = always[++next]) {
      if (field.index < index) out[field.json] = zeroValue(field)
    }
    out[fields[index]?.json ?? ''] = values[i]
  }
  for (let field = always[next]; field !== undefined; field = always[++next]) out[field.json] = zeroValue(field)
  return out
}
