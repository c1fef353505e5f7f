/** Functions as they are declared: a signature in words, an upstream overload name, and what the call does. */
import type { RE2JS } from 're2js'
import type { ZoneTable } from './time-values.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  insideOptional,
  intType,
  listType,
  mapType,
  nullType,
  opaqueType,
  optionalType,
  stringType,
  timestampType,
  typeParts,
  uintType,
  type CelType,
} from './cel-type.ts'
import {
  CelDuration,
  CelFailure,
  CelList,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  isCelMap,
  type CelValue,
} from './cel-value.ts'

/** What a call may ask while it runs. */
export interface CallContext {
  /** Counts work that costs do not: steps of deep comparisons. @throws CelFailure when there was too much of it. */
  work(steps: number): void
  /** Patterns that the expression used before. */
  readonly patterns: { get(pattern: string, prefix: string): RE2JS }
  /** Time zones that the expression used before. */
  readonly zones: ZoneTable
}

/** One overload of a function. */
export interface CelOverload {
  readonly name: string
  /** Upstream's name of the overload, by which costs are told apart. */
  readonly id: string
  /** Whether it is called as `x.f()`. */
  readonly isMember: boolean
  /** Types of the arguments, the receiver first. */
  readonly parameters: readonly CelType[]
  readonly result: CelType
  /** Names of type parameters. */
  readonly generics: readonly string[]
  /** @throws CelFailure */
  readonly run: (args: readonly CelValue[], context: CallContext) => CelValue
}

const names: Readonly<Record<string, CelType>> = {
  dyn: dynType,
  null: nullType,
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
  timestamp: timestampType,
  duration: durationType,
  type: { kind: 'type' },
}

/** Reads the words of a signature from left to right. */
class SignatureReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Takes a name: letters, digits, dots and the marks of operators. */
  name(): string {
    const found = /^[^(),\s]+/.exec(this.#text.slice(this.#at))?.[0] ?? ''
    this.#at += found.length
    return found
  }

  take(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false
    this.#at += mark.length
    return true
  }

  type(): CelType {
    const name = this.name()
    const inside = this.take('(') ? this.types() : []
    const [first = dynType, second = dynType] = inside
    if (name === 'list') return listType(first)
    if (name === 'map') return mapType(first, second)
    if (name === 'optional') return optionalType(first)
    if (/^[A-Z]$/.test(name)) return { kind: 'parameter', name }
    return names[name] ?? opaqueType(name, ...inside)
  }

  /** Types up to the closing parenthesis. */
  types(): readonly CelType[] {
    const types: CelType[] = []
    while (!this.take(')')) {
      types.push(this.type())
      this.take(', ')
    }
    return types
  }
}

function genericsOf(type: CelType): readonly string[] {
  return type.kind === 'parameter' ? [type.name] : typeParts(type).flatMap(genericsOf)
}

/**
 * Declares an overload. A signature reads `size(list(A)) int`; one of a member starts with `.` and names the receiver first:
 * `.indexOf(list(A), A) int`.
 */
export function declare(signature: string, id: string, run: CelOverload['run']): CelOverload {
  const isMember = signature.startsWith('.')
  const reader = new SignatureReader(isMember ? signature.slice(1) : signature)
  const name = reader.name()
  reader.take('(')
  const parameters = reader.types()
  reader.take(' ')
  const result = reader.type()
  const generics = [...new Set([...parameters, result].flatMap(genericsOf))]
  return { name, id, isMember, parameters, result, generics, run }
}

/** Whether a value can be an argument where a type is asked for. Looks at the outermost kind only. */
export function isArgument(value: CelValue, type: CelType): boolean {
  switch (type.kind) {
    case 'parameter':
    case 'dyn':
      return true
    case 'list':
      return value instanceof CelList
    case 'map':
    case 'object':
      return isCelMap(value)
    case 'opaque':
      if (insideOptional(type) !== undefined) return value instanceof CelOptional
      return value instanceof CelOpaque && value.type.kind === 'opaque' && value.type.name === type.name
    default:
      return isSimpleArgument(value, type)
  }
}

function isSimpleArgument(value: CelValue, { kind }: CelType): boolean {
  switch (kind) {
    case 'string':
      return typeof value === 'string'
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'bigint'
    case 'double':
      return typeof value === 'number'
    case 'null':
      return value === null
    case 'uint':
      return value instanceof CelUint
    case 'bytes':
      return value instanceof Uint8Array
    case 'timestamp':
      return value instanceof CelTimestamp
    case 'duration':
      return value instanceof CelDuration
    default:
      return value instanceof CelTypeValue
  }
}

/** Fails with a message, as an expression. */
export function fail(message: string): never {
  throw new CelFailure(message)
}
