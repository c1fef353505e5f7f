/** Wrong types as upstream's tree converter words them, which reads what strategic merges and applies leave (apimachinery converter, v1.36). */
import type { SchemaType } from '../schema/type-rows.ts'
import { jsonWord } from './decode-error.ts'

const goKinds: Readonly<Partial<Record<SchemaType['shape'], string>>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  float64: 'float64',
}

/** Why a value is not of a type. @param readAs what a type with a reader of its own reads it as: those are told by that reader. */
export function treeMismatch(value: unknown, type: SchemaType, readAs: string): string {
  const { shape, goName } = type
  const found = kindOf(value)
  if (shape === 'struct') return `cannot restore struct from: ${found}`
  if (shape === 'map') return `cannot restore map from ${found}`
  if (shape === 'list' || shape === 'bytes') return `cannot restore slice from ${found}`
  const wanted = goKinds[shape]
  if (wanted === undefined) return `json: cannot unmarshal ${jsonWord(value)} into Go value of type ${readAs}`
  return isConvertible(found, wanted) ? `cannot convert ${found} to ${goName}` : `unrecognized type: ${wanted}`
}

/** Go converts between these, which is no conversion of JSON. */
function isConvertible(found: string, wanted: string): boolean {
  if (found === 'int64') return wanted === 'string'
  return found === 'float64' && wanted.startsWith('int')
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'object' ? 'map' : typeof value === 'boolean' ? 'bool' : 'string'
}
