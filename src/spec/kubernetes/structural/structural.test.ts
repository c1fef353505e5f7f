import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JSONSchemaProps } from '../objects/apiextensions-v1.generated.ts'
import type { JsonObject } from '../objects/objects.ts'
import { path } from '../validation/field-path.ts'
import { decodeResource } from './decode-resource.ts'
import { fillDefaults } from './fill-defaults.ts'
import { validateListTypes } from './list-types.ts'
import { dropNulls, prune } from './prune.ts'
import { schemaNode, type SchemaNode } from './schema-node.ts'

const string: JSONSchemaProps = { type: 'string' }
const object = (
  properties: Readonly<Record<string, JSONSchemaProps>>,
  more: JSONSchemaProps = {},
): JSONSchemaProps => ({
  type: 'object',
  properties,
  ...more,
})
const node = (schema: JSONSchemaProps): SchemaNode => schemaNode(schema)
const open: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

const pruned: readonly (readonly [
  what: string,
  schema: JSONSchemaProps,
  value: JsonObject,
  left: JsonObject,
  unknown: readonly string[],
])[] = [
  ['unknown members', object({ a: string }), { a: 'x', b: 1 }, { a: 'x' }, ['b']],
  [
    'members of members',
    object({ s: object({ a: string }) }),
    { s: { a: 'x', b: { c: 1 } } },
    { s: { a: 'x' } },
    ['s.b'],
  ],
  [
    'items',
    object({ l: { type: 'array', items: object({ a: string }) } }),
    { l: [{ a: 'x' }, { b: 1 }] },
    { l: [{ a: 'x' }, {}] },
    ['l[1].b'],
  ],
  [
    'values of maps, not their keys',
    object({ m: { type: 'object', additionalProperties: object({ a: string }) } }),
    { m: { k: { a: 'x', b: 1 } } },
    { m: { k: { a: 'x' } } },
    ['m.k.b'],
  ],
  ['nothing that is preserved', object({ s: open }), { s: { any: { thing: 1 } } }, { s: { any: { thing: 1 } } }, []],
  [
    'what is specified inside of what is preserved',
    object({ s: { ...open, properties: { a: object({ b: string }) } } }),
    { s: { a: { b: 'x', c: 1 }, d: 2 } },
    { s: { a: { b: 'x' }, d: 2 } },
    ['s.a.c'],
  ],
  [
    'embedded resources but for what every resource has',
    object({ r: { ...object({ spec: object({ a: string }) }), 'x-kubernetes-embedded-resource': true } }),
    { r: { kind: 'K', apiVersion: 'v1', metadata: { name: 'n' }, spec: { b: 1 }, x: 1 } },
    { r: { kind: 'K', apiVersion: 'v1', metadata: { name: 'n' }, spec: {} } },
    ['r.spec.b', 'r.x'],
  ],
]

for (const [what, schema, value, left, unknown] of pruned) {
  test(`pruning takes out ${what}`, () => {
    const result = prune(value, node(schema), true)
    assert.deepEqual([result.value, result.unknown], [left, unknown])
  })
}

test('a member called __proto__ is a member like any other', () => {
  const value = JSON.parse('{"m":{"__proto__":{"a":"x","b":1},"k":{}}}') as JsonObject
  const schema = object({ m: { type: 'object', additionalProperties: object({ a: string }) } })
  assert.equal(JSON.stringify(prune(value, node(schema), true).value), '{"m":{"__proto__":{"a":"x"},"k":{}}}')
})

const nulls: readonly (readonly [what: string, schema: JSONSchemaProps, value: JsonObject, left: JsonObject])[] = [
  ['go where none is allowed', object({ a: string }), { a: null }, {}],
  ['stay where one is allowed', object({ a: { ...string, nullable: true } }), { a: null }, { a: null }],
  ['stay for a default to replace', object({ a: { ...string, default: 'x' } }), { a: null }, { a: null }],
  ['stay where nothing is specified', open, { a: null }, { a: null }],
]

for (const [what, schema, value, left] of nulls) {
  test(`nulls ${what}`, () => assert.deepEqual(dropNulls(value, node(schema)), left))
}

const defaults: readonly (readonly [what: string, schema: JSONSchemaProps, value: JsonObject, filled: JsonObject])[] = [
  ['where nothing is', object({ a: { ...string, default: 'x' } }), {}, { a: 'x' }],
  ['not over what is there', object({ a: { ...string, default: 'x' } }), { a: '' }, { a: '' }],
  ['over a null that is not allowed', object({ a: { ...string, default: 'x' } }), { a: null }, { a: 'x' }],
  ['not over a null that is', object({ a: { ...string, nullable: true, default: 'x' } }), { a: null }, { a: null }],
  [
    'inside of defaults',
    object({ s: { ...object({ a: { ...string, default: 'x' } }), default: {} } }),
    {},
    { s: { a: 'x' } },
  ],
  ['not inside of what is not there', object({ s: object({ a: { ...string, default: 'x' } }) }), {}, {}],
  [
    'in items and in values of maps',
    object({
      l: { type: 'array', items: object({ a: { type: 'integer', default: 1 } }) },
      m: { type: 'object', additionalProperties: object({ a: { type: 'integer', default: 2 } }) },
    }),
    { l: [{}, { a: 5 }], m: { k: {} } },
    { l: [{ a: 1 }, { a: 5 }], m: { k: { a: 2 } } },
  ],
]

for (const [what, schema, value, filled] of defaults) {
  test(`defaults go ${what}`, () => assert.deepEqual(fillDefaults(value, node(schema)), filled))
}

const json = fc.object({
  key: fc.constantFrom('a', 'b', 'l', 'm', 's'),
  maxDepth: 4,
  values: [fc.string(), fc.integer(), fc.constant(null)],
})
const schema = node(
  object({
    a: { ...string, default: 'x' },
    l: { type: 'array', items: object({ a: string, b: { type: 'integer', nullable: true } }) },
    m: { type: 'object', additionalProperties: object({ b: { type: 'integer', default: 1 } }) },
    s: open,
  }),
)

test('pruning and defaulting change nothing the second time, and never their argument', () => {
  fc.assert(
    fc.property(json, (value) => {
      const before = JSON.stringify(value)
      const once = fillDefaults(dropNulls(prune(value, schema, true).value, schema), schema)
      assert.equal(JSON.stringify(value), before)
      assert.equal(prune(once, schema, true).value, once)
      assert.equal(fillDefaults(once, schema), once)
    }),
  )
})

const repeated: readonly (readonly [
  what: string,
  schema: JSONSchemaProps,
  list: readonly unknown[],
  texts: readonly string[],
])[] = [
  [
    'a set',
    { type: 'array', 'x-kubernetes-list-type': 'set', items: string },
    ['a', 'b', 'a', 'a'],
    ['l[2]: Duplicate value: "a"'],
  ],
  [
    'a map',
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
      items: object({ id: string }),
    },
    [
      { id: 'a', x: 1 },
      { id: 'a', x: 2 },
    ],
    ['l[1]: Duplicate value: {"id":"a"}'],
  ],
  [
    'a map of several keys',
    { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a', 'b'], items: object({}) },
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }],
    ['l[1]: Duplicate value: {"a":1,"b":2}'],
  ],
  ['a plain list', { type: 'array', items: string }, ['a', 'a'], []],
]

for (const [what, list, value, texts] of repeated) {
  test(`items that stand twice in ${what}`, () => {
    const errors = validateListTypes(path(), { l: value }, node(object({ l: list })))
    assert.deepEqual(
      errors.map(({ field, message }) => `${field}: ${message}`),
      texts,
    )
  })
}

test('a body is told of its unknown metadata too', () => {
  const tree = { kind: 'K', apiVersion: 'v1', metadata: { name: 'a', nope: 1, labels: { a: 'b' } }, x: 1 }
  const { value, strictErrors } = decodeResource(tree, node(object({})))
  assert.deepEqual(value['metadata'], { name: 'a', labels: { a: 'b' } })
  assert.deepEqual(strictErrors, ['unknown field "metadata.nope"', 'unknown field "x"'])
})

test('a deep body is read without an end of the stack', () => {
  let value: JsonObject = {}
  for (let depth = 0; depth < 1900; depth++) value = { s: value }
  const { value: left } = decodeResource(
    { kind: 'K', apiVersion: 'v1', metadata: { name: 'a' }, s: value },
    node(object({ s: open })),
  )
  assert.equal(JSON.stringify(left['s']), JSON.stringify(value))
})
