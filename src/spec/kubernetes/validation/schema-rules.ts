/** What a type's schema alone says: values of closed enumerations. For kinds that have no rules of their own. */
import { isJsonObject } from '../objects/objects.ts'
import type { SchemaType } from '../schema/type-rows.ts'
import { notSupported, type FieldError } from './field-errors.ts'
import { Path } from './field-path.ts'

const depthMax = 64

function enumErrors(at: Path, value: string, { enumClosed, enumValues = [] }: SchemaType): FieldError[] {
  const isKnown = !enumClosed || value === '' || enumValues.includes(value)
  return isKnown ? [] : [notSupported(at, value, [...enumValues].sort())]
}

function checked(at: Path, value: unknown, of: { readonly type: SchemaType; readonly depth: number }): FieldError[] {
  const { type, depth } = of
  if (value === undefined || value === null || depth > depthMax) return []
  if (typeof value === 'string') return enumErrors(at, value, type)
  const { element, struct } = type
  const inner = depth + 1
  if (Array.isArray(value)) {
    if (element === undefined) return []
    return value.flatMap((item: unknown, index) => checked(at.index(index), item, { type: element, depth: inner }))
  }
  if (!isJsonObject(value)) return []
  if (struct !== undefined) {
    return struct.fields.flatMap((field) =>
      checked(at.child(field.json), value[field.json], { type: field.type, depth: inner }),
    )
  }
  if (element === undefined || type.shape !== 'map') return []
  return Object.entries(value).flatMap(([key, item]) => checked(at.key(key), item, { type: element, depth: inner }))
}

/** The errors of an object that its type alone shows. */
export function validateBySchema(type: SchemaType, object: unknown): FieldError[] {
  return checked(new Path(''), object, { type, depth: 0 })
}
