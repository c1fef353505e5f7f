import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeTree } from '../decode/decode-object.ts'
import { zeroStruct } from '../decode/zero-value.ts'
import { typeOfKind } from '../schema/kinds.ts'
import { acceptedObjects } from '../validation/accepted-objects.table.ts'
import { KnownFields } from './known-fields.ts'
import { builtInMergeTypes, type MergeType } from './merge-type.ts'
import { structuralMergeType } from './structural-merge-type.ts'
import { type ApiObject, type FieldContext, trackUpdate } from './track-update.ts'

function contextOf(type: MergeType, emptyObject: ApiObject): FieldContext {
  return {
    type,
    emptyObject,
    apiVersion: 'v1',
    subresource: '',
    now: '2026-01-01T00:00:00Z',
    resetFields: { 'f:status': {} },
  }
}

/** The object as tracked anew, and by what is known of those before it. */
function bothWays(object: ApiObject, context: FieldContext, known: KnownFields): readonly [string, string] {
  const track = (of: FieldContext): string =>
    JSON.stringify(trackUpdate(undefined, object, { manager: 'm', context: of }))
  return [track(context), track({ ...context, known })]
}

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        text: { type: 'string' },
        count: { type: 'integer' },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        whole: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
        byName: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name', 'port'],
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, port: { type: 'integer', default: 80 }, text: { type: 'string' } },
          },
        },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        texts: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
  },
}

const leaf = fc.constantFrom<unknown>(null, '', 'a', 'b', '{"a":1}', 0, 1, 80, true, {}, [])
const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('name', 'port', 'text', 'a', 'end'), tie('value'), { maxKeys: 3 }),
  ),
})).value
const item = fc.record(
  { name: fc.oneof(leaf, anyValue), port: leaf, text: leaf },
  { requiredKeys: [], noNullPrototype: true },
)
const custom = fc.record({
  metadata: fc.record({ name: fc.constant('x'), labels: anyValue }, { requiredKeys: ['name'] }),
  spec: fc.record(
    {
      text: anyValue,
      count: leaf,
      set: fc.oneof(fc.array(leaf, { maxLength: 3 }), leaf),
      whole: anyValue,
      byName: fc.oneof(fc.array(fc.oneof(item, leaf), { maxLength: 4 }), leaf),
      open: anyValue,
      texts: anyValue,
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  status: anyValue,
})

test('objects of one form own what they would own if nothing were known, whatever a definition lets in', () => {
  const type = structuralMergeType(schema)
  const empty: ApiObject = { metadata: {}, kind: 'X', apiVersion: 'v1', spec: { text: '', open: null, whole: [] } }
  const context = contextOf(type, empty)
  const known = new KnownFields(type, empty)
  fc.assert(
    fc.property(custom, (object) => {
      const [anew, remembered] = bothWays(object, context, known)
      assert.equal(remembered, anew)
    }),
    { numRuns: 800 },
  )
})

test('forms that name the same members at other depths are told apart', () => {
  const known = new KnownFields(structuralMergeType(undefined), {})
  const context = contextOf(structuralMergeType(undefined), {})
  const tree = fc.letrec<{ tree: ApiObject }>((tie) => ({
    tree: fc.record(
      { a: fc.oneof(fc.constant(1), tie('tree')), b: fc.oneof(fc.constant(1), tie('tree')), c: fc.constant(1) },
      { requiredKeys: [], noNullPrototype: true },
    ),
  })).tree
  fc.assert(
    fc.property(tree, (spec) => {
      const [anew, remembered] = bothWays({ spec }, context, known)
      assert.equal(remembered, anew)
    }),
    { numRuns: 800 },
  )
})

/** The object without the members and items at some places, counted through the tree. */
function without(value: unknown, places: ReadonlySet<number>, counter = { at: 0 }): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    return value.filter(() => !places.has(counter.at++)).map((one: unknown) => without(one, places, counter))
  }
  const kept = Object.entries(value).filter(
    ([key]) => key === 'kind' || key === 'apiVersion' || !places.has(counter.at++),
  )
  return Object.fromEntries(kept.map(([key, member]) => [key, without(member, places, counter)]))
}

test('parts of objects of every kind own what they would own if nothing were known', () => {
  const kinds = acceptedObjects.flatMap((object) => {
    const type = typeOfKind(String(object['apiVersion']), String(object['kind']))
    if (type?.struct === undefined) return []
    const merge = builtInMergeTypes.of(type)
    const empty = zeroStruct(type.struct)
    return [{ object, type, context: contextOf(merge, empty), known: new KnownFields(merge, empty) }]
  })
  assert.ok(kinds.length > 30)
  const gaps = fc.uniqueArray(fc.nat(60), { maxLength: 6 })
  fc.assert(
    fc.property(fc.constantFrom(...kinds), gaps, ({ object, type, context, known }, places) => {
      const part = decodeTree(without(object, new Set(places)), type).value
      const [anew, remembered] = bothWays(part, context, known)
      assert.equal(remembered, anew)
    }),
    { numRuns: 800 },
  )
})

test('names of any length and number are forgotten again', () => {
  const type = structuralMergeType(undefined)
  const known = new KnownFields(type, {})
  let worked = 0
  const fields = (name: string): unknown => known.of({ spec: { [name]: 1 } }, () => ({ [`f:${++worked}`]: {} }))
  const first = fields('a')
  assert.equal(fields('a'), first)
  for (let i = 0; i < 40; i++) fields(`${i}`.repeat(50_000))
  assert.notEqual(fields('a'), first)
})
