/** The types of CEL as the checker sees them, with the sizes that a schema promises, and their names in messages. */

/** Types without parts. */
export type SimpleKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'function'

/** Estimates that a schema gives. Not part of a type's identity. */
export interface TypeSizes {
  /** Most elements, characters or bytes a value can have. */
  readonly sizeMax?: number
  /** Fewest bytes that a value takes as JSON. */
  readonly jsonBytesMin?: number
}

/** How a list of a schema compares and concatenates. */
export type ListKind =
  | { readonly kind: 'atomic' }
  | { readonly kind: 'set' }
  | { readonly kind: 'map'; readonly keys: readonly string[] }

export interface SimpleType extends TypeSizes {
  readonly kind: SimpleKind
}
export interface ListType extends TypeSizes {
  readonly kind: 'list'
  readonly element: CelType
  readonly listKind?: ListKind
}
export interface MapType extends TypeSizes {
  readonly kind: 'map'
  readonly key: CelType
  readonly value: CelType
}
/** A type with declared fields. */
export interface ObjectType extends TypeSizes {
  readonly kind: 'object'
  readonly name: string
  /** Fields by their escaped name. */
  readonly fields: ReadonlyMap<string, ObjectField>
  /** Whether expressions may build values of it (`Object{...}`). */
  readonly constructible?: boolean
  /** The type of every other field; without it there are only those that are declared. */
  readonly otherFields?: CelType
}
export interface ObjectField {
  /** The name in JSON. */
  readonly name: string
  readonly type: CelType
}
/** A type that is known by its name and parameters only. */
export interface OpaqueType extends TypeSizes {
  readonly kind: 'opaque'
  readonly name: string
  readonly parameters: readonly CelType[]
}
/** The type of a type. */
export interface TypeOfType extends TypeSizes {
  readonly kind: 'type'
  readonly of?: CelType
}
/** A type parameter of a function, or a type not yet known. */
export interface ParameterType extends TypeSizes {
  readonly kind: 'parameter'
  readonly name: string
}
export type CelType = SimpleType | ListType | MapType | ObjectType | OpaqueType | TypeOfType | ParameterType

const simple = (kind: SimpleKind): SimpleType => ({ kind })

export const dynType: SimpleType = simple('dyn')
export const errorType: SimpleType = simple('error')
export const nullType: SimpleType = simple('null')
export const boolType: SimpleType = simple('bool')
export const intType: SimpleType = simple('int')
export const uintType: SimpleType = simple('uint')
export const doubleType: SimpleType = simple('double')
export const stringType: SimpleType = simple('string')
export const bytesType: SimpleType = simple('bytes')
export const timestampType: SimpleType = simple('timestamp')
export const durationType: SimpleType = simple('duration')

/** Lists of one type. */
export function listType(element: CelType, more: Omit<ListType, 'kind' | 'element'> = {}): ListType {
  return { kind: 'list', element, ...more }
}

/** Maps from one type to another. */
export function mapType(key: CelType, value: CelType, sizes: TypeSizes = {}): MapType {
  return { kind: 'map', key, value, ...sizes }
}

/** A named type without fields. */
export function opaqueType(name: string, ...parameters: readonly CelType[]): OpaqueType {
  return { kind: 'opaque', name, parameters }
}

/** A value that may be absent. */
export function optionalType(of: CelType): OpaqueType {
  return opaqueType('optional_type', of)
}

/** What an optional type holds, or undefined when it is no optional type. */
export function insideOptional(type: CelType): CelType | undefined {
  return type.kind === 'opaque' && type.name === 'optional_type' ? type.parameters[0] : undefined
}

/** The type of a field, or undefined when the type has no such field. */
export function fieldType(type: ObjectType, field: string): CelType | undefined {
  return type.fields.get(field)?.type ?? type.otherFields
}

/** Types that may be anything. */
export function isDynamic(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'error'
}

/** The name of a type as upstream's messages write it. */
export function celTypeName(type: CelType): string {
  switch (type.kind) {
    case 'list':
      return `list(${celTypeName(type.element)})`
    case 'map':
      return `map(${celTypeName(type.key)}, ${celTypeName(type.value)})`
    case 'object':
    case 'parameter':
      return type.name
    case 'opaque':
      return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(celTypeName).join(', ')})`
    case 'type':
      return type.of === undefined ? 'type' : `type(${celTypeName(type.of)})`
    case 'error':
      return '!error!'
    default:
      return type.kind
  }
}

/** The name that `type(x)` answers and that is compared at run time. */
export function runtimeTypeName(type: CelType): string {
  switch (type.kind) {
    case 'null':
      return 'null_type'
    case 'timestamp':
      return 'google.protobuf.Timestamp'
    case 'duration':
      return 'google.protobuf.Duration'
    case 'object':
    case 'opaque':
      return type.name
    default:
      return type.kind
  }
}

/** The parts that a type is made of. */
export function typeParts(type: CelType): readonly CelType[] {
  switch (type.kind) {
    case 'list':
      return [type.element]
    case 'map':
      return [type.key, type.value]
    case 'opaque':
      return type.parameters
    case 'type':
      return type.of === undefined ? [] : [type.of]
    default:
      return []
  }
}

/** Whether two types are the same, whatever their sizes. */
export function sameType(left: CelType, right: CelType): boolean {
  if (left === right) return true
  if (left.kind !== right.kind) return false
  if ('name' in left && left.name !== (right as OpaqueType).name) return false
  const parts = typeParts(left)
  const others = typeParts(right)
  return parts.length === others.length && parts.every((part, index) => sameType(part, others[index] as CelType))
}
