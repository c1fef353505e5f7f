/** What Go leaves in a member that nothing was written to, and when such a member shows in JSON. */
import { structLike } from '../schema/always-shows.ts'
import type { SchemaField, StructType } from '../schema/type-rows.ts'
import type { Shape } from '../schema/shape.ts'

const zeros: Readonly<Partial<Record<Shape, unknown>>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
  quantity: '0',
  intOrString: 0,
  duration: '0s',
}

/** The zero value of a member, as JSON. */
export function zeroValue(field: SchemaField): unknown {
  if (field.pointer) return null
  if (field.type.struct !== undefined) return zeroStruct(field.type.struct)
  return zeros[field.type.shape] ?? null
}

/** A struct to which nothing was written. */
export function zeroStruct(struct: StructType): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const field of struct.always) out[field.json] = zeroValue(field)
  return out
}

/** True when `omitempty` (or `omitzero`) leaves the canonical value out. */
export function isOmitted(value: unknown, field: SchemaField): boolean {
  if (value === null) return field.omitEmpty || field.omitZero
  if (!field.omitEmpty || field.pointer) return false
  if (value === '' || value === false || value === 0) return !structLike.has(field.type.shape)
  return typeof value === 'object' && isLeftOutEmpty(value, field)
}

function isLeftOutEmpty(value: object, { type, keepsEmpty }: SchemaField): boolean {
  if (Array.isArray(value)) return value.length === 0 && type.shape === 'list' && !keepsEmpty
  return type.shape === 'map' && Object.keys(value).length === 0
}
