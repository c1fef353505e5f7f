/** Which members Go writes into JSON whatever their value is. */
import type { Shape } from './shape.ts'

/** `omitempty` has no effect on Go structs: members of these shapes always show unless they are behind a pointer. */
export const structLike: ReadonlySet<Shape> = new Set([
  'struct',
  'time',
  'microTime',
  'duration',
  'quantity',
  'intOrString',
  'raw',
  'json',
  'fieldsV1',
])

interface Member {
  readonly omitEmpty: boolean
  readonly omitZero: boolean
  readonly pointer: boolean
  readonly type: { readonly shape: Shape }
}

/** True when the member is in every JSON form of its struct. */
export function alwaysShows(field: Member): boolean {
  if (field.omitZero) return false
  if (!field.omitEmpty) return true
  return !field.pointer && structLike.has(field.type.shape)
}
