/** The JSON types of a create request, refused in the words of Docker's decoder before anything looks at the values; pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { createRequest } from './create-fields.table.ts'
import type { Shape } from './create-fields.table.ts'

const int64Limit = 2 ** 63

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value
}

/** A type as Go writes it. */
function nameOf(shape: Shape): string {
  if (shape === 'strslice') return '[]string'
  if (typeof shape === 'string') return shape
  if ('list' in shape) return `[]${nameOf(shape.list)}`
  if ('map' in shape) return `map[string]${nameOf(shape.map)}`
  return 'object'
}

const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string')

const fitsNamed: Readonly<Record<Extract<Shape, string>, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int64: (value) => Number.isInteger(value) && Math.abs(Number(value)) <= int64Limit,
  strslice: (value) => typeof value === 'string' || isStrings(value),
  object: (value) => kindOf(value) === 'object',
}

/** The first value that does not fit, and where it is; a list or map of plain values is one field, as the decoder tells it. */
interface Misfit {
  readonly place: string
  readonly found: unknown
  readonly wanted: Shape
}

function firstOf(values: readonly unknown[], find: (value: unknown) => Misfit | undefined): Misfit | undefined {
  for (const value of values) {
    const misfit = find(value)
    if (misfit !== undefined) return misfit
  }
  return undefined
}

function findMisfit(value: unknown, shape: Shape, place: string): Misfit | undefined {
  const misfit: Misfit = { place, found: value, wanted: shape }
  if (typeof shape === 'string') return fitsNamed[shape](value) ? undefined : misfit
  const plain = (inner: Shape, one: unknown): Misfit | undefined =>
    typeof inner === 'string' && !fitsNamed[inner](one) ? misfit : findMisfit(one, inner, place)
  if ('list' in shape) return Array.isArray(value) ? firstOf(value, (one) => plain(shape.list, one)) : misfit
  if (kindOf(value) !== 'object') return misfit
  const entries = Object.entries(value as object)
  // null is every type's zero value.
  if ('map' in shape) return firstOf(entries, (entry) => plainEntry(entry, (one) => plain(shape.map, one)))
  return firstOf(entries, (entry) => {
    const [name, found] = entry as [string, unknown]
    const wanted = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined
    if (wanted === undefined || found === null) return undefined
    return findMisfit(found, wanted, `${shape.struct}.${name}`)
  })
}

function plainEntry(entry: unknown, find: (value: unknown) => Misfit | undefined): Misfit | undefined {
  const [, value] = entry as [string, unknown]
  return value === null ? undefined : find(value)
}

/** @throws GantryError invalid for the first field whose JSON type is another than the API's. */
export function checkCreateTypes(body: object): void {
  const misfit = findMisfit(body, createRequest, 'CreateRequest')
  if (misfit === undefined) return
  const { place, found, wanted } = misfit
  throw new GantryError(
    'ENGINE_BODY_TYPE',
    'invalid',
    `json: cannot unmarshal ${kindOf(found)} into Go struct field ${place} of type ${nameOf(wanted)}`,
    { remedy: 'Send the field with the type that the API names.' },
  )
}
