/** The built-in types of the Kubernetes API as types of CEL, for checking expressions against the kinds that they are about. */
import { builtInTypes, type SchemaField, type SchemaType, type StructType } from '../schema/type-rows.ts'
import type { Shape } from '../schema/shape.ts'
import {
  boolType,
  bytesType,
  doubleType,
  dynType,
  intType,
  listType,
  mapType,
  stringType,
  timestampType,
  type CelType,
  type ObjectField,
  type ObjectType,
} from './cel-type.ts'
import { escapeName } from './escape-name.ts'

const scalars: Readonly<Partial<Record<Shape, CelType>>> = {
  string: stringType,
  bool: boolType,
  int32: intType,
  int64: intType,
  float64: doubleType,
  bytes: bytesType,
  time: timestampType,
  microTime: timestampType,
  duration: stringType,
  quantity: stringType,
}

/** A struct whose fields are worked out when somebody asks for them: types of the API may contain themselves. */
class BuiltInObject implements ObjectType {
  readonly kind = 'object'
  readonly name: string
  readonly #struct: StructType
  #fields: ReadonlyMap<string, ObjectField> | undefined

  constructor(struct: StructType) {
    this.name = struct.baseName
    this.#struct = struct
  }

  get fields(): ReadonlyMap<string, ObjectField> {
    this.#fields ??= new Map(this.#struct.fields.flatMap(fieldEntry))
    return this.#fields
  }
}

function fieldEntry({ json, type }: SchemaField): [string, ObjectField][] {
  const name = escapeName(json)
  return name === undefined ? [] : [[name, { name: json, type: celTypeOf(type) }]]
}

function celTypeOf(type: SchemaType): CelType {
  const { shape, element, struct } = type
  if (struct !== undefined) return new BuiltInObject(struct)
  if (shape === 'list' && element !== undefined) return listType(celTypeOf(element))
  if (shape === 'map' && element !== undefined) return mapType(stringType, celTypeOf(element))
  return scalars[shape] ?? dynType
}

/** The type of a built-in kind by its OpenAPI name, or undefined. */
export function builtInCelType(openApiName: string): CelType | undefined {
  const type = builtInTypes.find(openApiName)
  return type === undefined ? undefined : celTypeOf(type)
}
