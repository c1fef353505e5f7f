/**
 * The values that expressions work on. Text, truth, null, int (bigint), double (number) and bytes (Uint8Array) are
 * JavaScript's own; everything else is a class here. Values never change once an expression sees them.
 */
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  optionalType,
  runtimeTypeName,
  stringType,
  timestampType,
  uintType,
  type CelType,
  type ListKind,
  type ObjectType,
} from './cel-type.ts'

export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelUint
  | CelDuration
  | CelTimestamp
  | CelList
  | CelMap
  | CelOptional
  | CelTypeValue
  | CelOpaque

const intMin = -(1n << 63n)
const intMax = (1n << 63n) - 1n
const uintMax = (1n << 64n) - 1n

/** Whether a number fits a signed integer of 64 bits. */
export function fitsInt(value: bigint): boolean {
  return value >= intMin && value <= intMax
}

/** Whether a number fits an unsigned integer of 64 bits. */
export function fitsUint(value: bigint): boolean {
  return value >= 0n && value <= uintMax
}

/** Why an evaluation ended without a value. */
export type CelFailureKind = 'evaluation' | 'cost-limit' | 'cancelled'

/** Thrown inside an evaluation; `&&`, `||` and the loops' tests may absorb those of kind `evaluation`. */
export class CelFailure extends Error {
  readonly kind: CelFailureKind

  constructor(message: string, kind: CelFailureKind = 'evaluation') {
    super(message)
    this.kind = kind
  }
}

/** An unsigned integer. */
export class CelUint {
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }
}

/** A span of time in nanoseconds. */
export class CelDuration {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

/** A moment in nanoseconds since 1970, UTC. */
export class CelTimestamp {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

/** A list. Items of JSON are read as they are asked for. */
export class CelList {
  readonly items: readonly unknown[]
  readonly listKind: ListKind | undefined
  readonly #read: ((item: unknown) => CelValue) | undefined

  constructor(items: readonly unknown[], read?: (item: unknown) => CelValue, listKind?: ListKind) {
    this.items = items
    this.listKind = listKind
    this.#read = read
  }

  get length(): number {
    return this.items.length
  }

  at(index: number): CelValue {
    const item = this.items[index]
    return this.#read === undefined ? (item as CelValue) : this.#read(item)
  }

  /** All items, read. */
  *[Symbol.iterator](): Generator<CelValue> {
    for (let index = 0; index < this.items.length; index += 1) yield this.at(index)
  }

  /** The items of a wanted range, still unread where they are JSON. */
  slice(from: number, to: number): CelList {
    return new CelList(this.items.slice(from, to), this.#read)
  }
}

/** A map, or an object with fields. */
export interface CelMap {
  readonly isMap: true
  readonly size: number
  /** The declared type of an object; absent for maps. */
  readonly objectType?: ObjectType
  /** The value under a key, or undefined. */
  find(key: CelValue): CelValue | undefined
  keys(): Iterable<CelValue>
}

/** Text that is equal for keys that CEL holds equal: numbers of all kinds are one. Undefined for what cannot be a key. */
export function mapKeyText(key: CelValue): string | undefined {
  if (typeof key === 'string') return `s${key}`
  if (typeof key === 'bigint') return `n${key}`
  if (typeof key === 'boolean') return `b${key}`
  if (key instanceof CelUint) return `n${key.value}`
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : `d${key}`
  return undefined
}

/** A map that an expression builds. */
export class BuiltMap implements CelMap {
  readonly isMap = true
  readonly objectType?: ObjectType
  readonly #entries: ReadonlyMap<string, readonly [CelValue, CelValue]>

  constructor(entries: ReadonlyMap<string, readonly [CelValue, CelValue]>, objectType?: ObjectType) {
    this.#entries = entries
    if (objectType !== undefined) this.objectType = objectType
  }

  get size(): number {
    return this.#entries.size
  }

  find(key: CelValue): CelValue | undefined {
    const text = mapKeyText(key)
    return text === undefined ? undefined : this.#entries.get(text)?.[1]
  }

  *keys(): Generator<CelValue> {
    for (const [key] of this.#entries.values()) yield key
  }
}

/** A map over a JSON object whose members are read as they are asked for. */
export class JsonMap implements CelMap {
  readonly isMap = true
  readonly json: Readonly<Record<string, unknown>>
  readonly objectType?: ObjectType
  readonly #read: (name: string, json: unknown) => CelValue
  #size: number | undefined

  constructor(
    json: Readonly<Record<string, unknown>>,
    read: (name: string, json: unknown) => CelValue,
    objectType?: ObjectType,
  ) {
    this.json = json
    this.#read = read
    if (objectType !== undefined) this.objectType = objectType
  }

  get size(): number {
    this.#size ??= this.#names().length
    return this.#size
  }

  find(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined
    const name = this.objectType === undefined ? key : (this.objectType.fields.get(key)?.name ?? key)
    if (!Object.hasOwn(this.json, name)) return undefined
    const json = this.json[name]
    return json === undefined ? undefined : this.#read(name, json)
  }

  keys(): Iterable<CelValue> {
    return this.#names()
  }

  #names(): readonly string[] {
    return Object.keys(this.json).filter((name) => this.json[name] !== undefined)
  }
}

/** A value that may be absent. */
export class CelOptional {
  /** Undefined when absent. */
  readonly value: CelValue | undefined

  constructor(value: CelValue | undefined) {
    this.value = value
  }
}

/** No value. */
export const celNone: CelOptional = new CelOptional(undefined)

/** A type as a value, as `type(x)` answers it. */
export class CelTypeValue {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** A value that libraries give meaning to: a quantity, an address, an authorizer. */
export abstract class CelOpaque {
  abstract readonly type: CelType
  abstract equals(other: CelOpaque): boolean
  /** What `size` counts, for costs. */
  get costSize(): number {
    return 1
  }
}

/** A value that stands among JSON and is CEL's already, whatever it looks like (a double that is a whole number). */
export class CelGiven {
  readonly value: CelValue

  constructor(value: CelValue) {
    this.value = value
  }
}

/** Whether a value is a map or an object. */
export function isCelMap(value: CelValue): value is CelMap {
  return typeof value === 'object' && value !== null && 'isMap' in value
}

/** Whether something is a value of CEL that JSON does not have. */
export function isCelObject(value: unknown): value is CelValue {
  return (
    typeof value === 'bigint' ||
    value instanceof CelUint ||
    value instanceof CelDuration ||
    value instanceof CelTimestamp ||
    value instanceof CelList ||
    value instanceof BuiltMap ||
    value instanceof JsonMap ||
    value instanceof CelOptional ||
    value instanceof CelTypeValue ||
    value instanceof CelOpaque ||
    value instanceof Uint8Array
  )
}

const anyList = listType(dynType)
const anyMap = mapType(dynType, dynType)

/** What a value turns out to be: its type without what is inside lists and maps. */
export function typeOfValue(value: CelValue): CelType {
  switch (typeof value) {
    case 'string':
      return stringType
    case 'boolean':
      return boolType
    case 'bigint':
      return intType
    case 'number':
      return doubleType
    default:
      return value === null ? nullType : typeOfObject(value)
  }
}

function typeOfObject(value: Exclude<CelValue, null | string | boolean | bigint | number>): CelType {
  if (value instanceof CelList) return anyList
  if (value instanceof CelUint) return uintType
  if (value instanceof CelTimestamp) return timestampType
  if (value instanceof CelDuration) return durationType
  if (value instanceof Uint8Array) return bytesType
  if (value instanceof CelOptional) return optionalType(dynType)
  if (value instanceof CelTypeValue) return { kind: 'type' }
  if (value instanceof CelOpaque) return value.type
  return value.objectType ?? anyMap
}

/** The name that `type(x)` has and that messages about wrong overloads show. */
export function typeNameOfValue(value: CelValue): string {
  return runtimeTypeName(typeOfValue(value))
}

/** How large a value counts as: code points, bytes, items, entries; 1 for everything else. */
export function costSizeOf(value: CelValue): number {
  if (typeof value === 'string') return codePointCount(value)
  if (typeof value !== 'object' || value === null) return 1
  if (value instanceof CelList || value instanceof Uint8Array) return value.length
  if (value instanceof CelOptional) return value.value === undefined ? 1 : costSizeOf(value.value)
  if (value instanceof CelOpaque) return value.costSize
  return isCelMap(value) ? value.size : 1
}

/** Characters of a text, as `size` counts them. */
export function codePointCount(text: string): number {
  let count = 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    const isPair = unit >= 0xd8_00 && unit <= 0xdb_ff && index + 1 < text.length
    if (isPair) index += 1
    count += 1
  }
  return count
}
