/** Random objects of any type for property tests: the same seed gives the same object. */
import type { SchemaField, SchemaType } from './type-rows.ts'
import type { Shape } from './shape.ts'

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Sampler = (next: () => number, type: SchemaType) => unknown
const pick = <T>(next: () => number, from: readonly T[]): T => from[Math.floor(next() * from.length)] as T
const words = ['', 'a', 'b', 'web', 'ünï', 'x'.repeat(40), '__proto__', '10', '9']

const samplers: Readonly<Partial<Record<Shape, Sampler>>> = {
  string: (next, type) => (type.enumValues === undefined ? pick(next, words) : pick(next, type.enumValues)),
  bool: (next) => next() < 0.5,
  int32: (next) => pick(next, [0, 1, -1, 80, 2_147_483_647, -2_147_483_648]),
  int64: (next) => pick(next, [0, 1, -1, 300, 9_007_199_254_740_991, -9_007_199_254_740_991]),
  float64: (next) => pick(next, [0, 1.5, -2]),
  bytes: (next) => pick(next, ['', 'aGk=', '/+8=']),
  time: (next) => pick(next, ['2024-02-29T10:00:00Z', '1969-01-01T00:00:00Z', null]),
  microTime: (next) => pick(next, ['2024-02-29T10:00:00.000001Z', null]),
  duration: (next) => pick(next, ['0s', '1h0m0s', '1.5s']),
  quantity: (next) => pick(next, ['0', '1', '500m', '1Gi', '-3']),
  intOrString: (next) => pick<unknown>(next, [0, 80, -1, '', '25%']),
  fieldsV1: () => ({ 'f:metadata': {} }),
  raw: (next) => pick<unknown>(next, [null, { kind: 'X', a: [1, 'two', null] }]),
  json: (next) => pick<unknown>(next, [true, { a: 1 }, 'text', [1]]),
  any: (next) => pick<unknown>(next, ['a', 1, true]),
  schemaOrBool: (next) => next() < 0.5,
  schemaOrArray: () => ({ type: 'string' }),
  schemaOrStrings: () => ['a', 'b'],
}

/** A random value; not canonical, but of the right JSON type. `depth` bounds recursion. */
export function sampleValue(type: SchemaType, next: () => number, depth: number = 0): unknown {
  if (type.shape === 'list' && type.element !== undefined) {
    const element = type.element
    return Array.from({ length: Math.floor(next() * 3) }, () => sampleValue(element, next, depth + 1))
  }
  if (type.shape === 'map' && type.element !== undefined) {
    const element = type.element
    const names = words.filter(() => next() < 0.3)
    return Object.fromEntries(names.map((name) => [name, sampleValue(element, next, depth + 1)]))
  }
  if (type.shape !== 'struct') return samplers[type.shape]?.(next, type) ?? null
  const share = depth > 6 ? 0 : 0.7 - depth * 0.08
  const fields: readonly SchemaField[] = type.struct?.fields ?? []
  const kept = fields.filter((field) => field.json !== 'kind' && field.json !== 'apiVersion' && next() < share)
  const members = kept.map((field) => [field.json, sampleValue(field.type, next, depth + 1), field] as const)
  // Protobuf cannot carry what these lists say when they are empty.
  return Object.fromEntries(members.filter(([, value, field]) => !field.keepsEmpty || (value as unknown[]).length > 0))
}
