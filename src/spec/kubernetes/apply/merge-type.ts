/**
 * How values of a type merge: what server-side apply needs to know of a schema, whether it comes from the built-in table or
 * from a custom resource's OpenAPI.
 */
import type { SchemaField, SchemaType, StructType } from '../schema/type-rows.ts'
import type { Shape } from '../schema/shape.ts'

/** `deduced` follows the value: objects merge by member, lists and scalars as a whole. */
export type MergeKind = 'scalar' | 'list' | 'map' | 'deduced'

export interface MergeType {
  readonly kind: MergeKind
  /** The value is owned and replaced as a whole. */
  readonly atomic: boolean
  /** Key members of an associative list, names ascending; empty for a set of scalars. */
  readonly keys: readonly string[]
  /** Type of list items, and of map members that are not fields. */
  readonly element: MergeType | undefined
  /** A declared member of a struct. */
  field(name: string): MergeType | undefined
  /** The default of a member that is part of a list key (`protocol` of a port). */
  readonly keyDefault: unknown
  /** JSON type that a scalar must have, when only one will do. */
  readonly scalar: 'string' | 'number' | 'boolean' | undefined
}

const noField = (): undefined => undefined

/** A type from its parts; what is left out is that of a plain scalar. */
export function mergeTypeOf(parts: Partial<MergeType>): MergeType {
  return {
    kind: 'scalar',
    atomic: false,
    keys: [],
    element: undefined,
    field: noField,
    keyDefault: undefined,
    scalar: undefined,
    ...parts,
  }
}

/** Values of unknown type. */
export const deducedType: MergeType = mergeTypeOf({ kind: 'deduced' })
/** Values of unknown type that are owned as a whole. */
export const opaqueType: MergeType = mergeTypeOf({ kind: 'deduced', atomic: true })

/** Turns the built-in types into merge types, each once. */
export class MergeTypes {
  readonly #structs = new Map<StructType, MergeType>()

  /** The merge type of a kind's type. */
  of(type: SchemaType): MergeType {
    return this.#of(type, undefined)
  }

  #of(type: SchemaType, field: SchemaField | undefined): MergeType {
    const { element, struct } = type
    if (struct !== undefined) return this.#struct(struct, field)
    if (opaqueShapes.has(type.shape)) return opaqueType
    if (type.shape === 'any') return deducedType
    if (element === undefined) {
      const scalar = scalarTypes[type.shape]
      return mergeTypeOf({ keyDefault: field?.default ?? zeroOf(field, scalar), scalar })
    }
    if (type.shape === 'list') return this.#list(element, field)
    return mergeTypeOf({ kind: 'map', atomic: field?.mapType === 'atomic', element: this.#of(element, undefined) })
  }

  #list(element: SchemaType, field: SchemaField | undefined): MergeType {
    const item = this.#of(element, undefined)
    const keys = listKeys(field)
    return mergeTypeOf({ kind: 'list', atomic: keys === undefined, keys: [...(keys ?? [])].sort(), element: item })
  }

  #struct(struct: StructType, field: SchemaField | undefined): MergeType {
    const atomic = (field?.structType ?? field?.mapType ?? struct.structType) === 'atomic'
    const known = this.#structs.get(struct) ?? this.#newStruct(struct)
    return atomic === known.atomic ? known : { ...known, atomic }
  }

  #newStruct(struct: StructType): MergeType {
    const fields = new Map<string, MergeType>()
    const field = (name: string): MergeType | undefined => {
      const known = fields.get(name)
      const declared = known === undefined ? struct.byName.get(name) : undefined
      if (declared === undefined) return known
      const type = this.#of(declared.type, declared)
      fields.set(name, type)
      return type
    }
    const type = mergeTypeOf({ kind: 'map', atomic: struct.structType === 'atomic', field })
    this.#structs.set(struct, type)
    return type
  }
}

/** What required members without a default count as where they are left out, as in the published schemas. */
function zeroOf(field: SchemaField | undefined, scalar: MergeType['scalar']): unknown {
  if (field === undefined || !field.required || field.pointer || scalar === undefined) return undefined
  return { string: '', number: 0, boolean: false }[scalar]
}

/** Keys of an associative list, none for a set, undefined for an atomic list. */
function listKeys(field: SchemaField | undefined): readonly string[] | undefined {
  if (field?.listType === 'map') return field.listMapKeys
  if (field?.listType === 'set') return []
  if (field?.listType === 'atomic' || field?.patchStrategy.includes('merge') !== true) return undefined
  return field.patchMergeKey === undefined ? [] : [field.patchMergeKey]
}

const opaqueShapes: ReadonlySet<Shape> = new Set([
  'raw',
  'json',
  'fieldsV1',
  'schemaOrArray',
  'schemaOrBool',
  'schemaOrStrings',
])
const scalarTypes: Readonly<Partial<Record<Shape, MergeType['scalar']>>> = {
  string: 'string',
  bytes: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  float64: 'number',
}

/** The merge types of the built-in kinds. */
export const builtInMergeTypes: MergeTypes = new MergeTypes()

/** What a value of this type is treated as: `deduced` types look at the value (or its counterpart). */
export function kindOf(type: MergeType, value: unknown, other?: unknown): 'scalar' | 'list' | 'map' {
  if (type.kind !== 'deduced') return type.kind
  const shown = value ?? other
  if (Array.isArray(shown)) return 'list'
  return typeof shown === 'object' && shown !== null ? 'map' : 'scalar'
}

/** True when the value is owned as a whole. */
export function isAtomic(type: MergeType, kind: 'scalar' | 'list' | 'map'): boolean {
  return type.atomic || kind === 'scalar' || (type.kind === 'deduced' && kind === 'list')
}

/** The type of a member of an object. */
export function memberType(type: MergeType, name: string): MergeType {
  return type.field(name) ?? type.element ?? deducedType
}
