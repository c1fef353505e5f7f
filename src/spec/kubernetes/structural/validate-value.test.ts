import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps } from '../objects/apiextensions-v1.generated.ts'
import { path } from '../validation/field-path.ts'
import { Correlation } from './correlation.ts'
import { schemaNode } from './schema-node.ts'
import { validateValue } from './validate-value.ts'
import { knownFormat, matchesFormat } from './value-formats.ts'

function texts(schema: JSONSchemaProps, value: unknown): readonly string[] {
  return validateValue(path(), value, { node: schemaNode(schema) }).map(({ field, message }) => `${field}: ${message}`)
}

const spec = (schema: JSONSchemaProps): JSONSchemaProps => ({ type: 'object', properties: { a: schema } })

const rows: readonly (readonly [schema: JSONSchemaProps, value: unknown, texts: readonly string[]])[] = [
  [{ type: 'integer' }, 'big', ['a: Invalid value: "string": a in body must be of type integer: "string"']],
  [{ type: 'number' }, 1, []],
  [{ type: 'string' }, null, ['a: Invalid value: "null": a in body must be of type string: "null"']],
  [{ type: 'string', nullable: true }, null, []],
  [{ 'x-kubernetes-int-or-string': true }, 'a', []],
  [
    { 'x-kubernetes-int-or-string': true },
    true,
    ['a: Invalid value: "boolean": a in body must be of type integer,string: "boolean"'],
  ],
  [{ type: 'string', maxLength: 2 }, 'abc', ['a: Too long: may not be more than 2 bytes']],
  [{ type: 'string', maxLength: 2 }, '😀😀', []],
  [{ type: 'string', minLength: 2 }, 'a', ['a: Invalid value: "a": a in body should be at least 2 chars long']],
  [{ type: 'string', pattern: '^[a-z]+$' }, 'A', [`a: Invalid value: "A": a in body should match '^[a-z]+$'`]],
  [{ type: 'string', enum: ['x', 'y'] }, 'z', ['a: Unsupported value: "z": supported values: "x", "y"']],
  [{ type: 'integer', enum: [1, 2] }, 3, ['a: Unsupported value: 3: supported values: "1", "2"']],
  [{ type: 'integer', maximum: 3 }, 4, ['a: Invalid value: 4: a in body should be less than or equal to 3']],
  [
    { type: 'integer', maximum: 3, exclusiveMaximum: true },
    3,
    ['a: Invalid value: 3: a in body should be less than 3'],
  ],
  [
    { type: 'number', minimum: 0.5 },
    0.25,
    ['a: Invalid value: 0.25: a in body should be greater than or equal to 0.5'],
  ],
  [{ type: 'integer', multipleOf: 3 }, 7, ['a: Invalid value: 7: a in body should be a multiple of 3']],
  [{ type: 'number', multipleOf: 0.1 }, 0.3, []],
  [
    { type: 'integer' },
    2.5,
    [
      'a: Invalid value: "number": a in body must be of type integer: "number"',
      '<nil>: Invalid value: "": Checked value must be of type integer (default format) in a',
    ],
  ],
  [
    { type: 'integer', format: 'int64' },
    1e19,
    [
      'a: Invalid value: "float64": a in body must be of type int64: "float64"',
      '<nil>: Invalid value: "": Checked value must be of type integer with format int64 in a',
    ],
  ],
  [
    { type: 'integer', format: 'int32' },
    3_000_000_000,
    ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a'],
  ],
  [{ type: 'array', maxItems: 1, items: { type: 'integer' } }, [1, 2], ['a: Too many: 2: must have at most 1 item']],
  [
    { type: 'array', minItems: 1, items: { type: 'integer' } },
    [],
    ['a: Invalid value: 0: a in body should have at least 1 items'],
  ],
  [
    { type: 'array', items: { type: 'integer' } },
    [1, 'x'],
    ['a[1]: Invalid value: "string": a[1] in body must be of type integer: "string"'],
  ],
  [
    { type: 'object', maxProperties: 1, additionalProperties: true },
    { a: 1, b: 2 },
    ['a: Too many: 2: must have at most 1 item'],
  ],
  [
    { type: 'object', additionalProperties: { type: 'integer' } },
    { k: 'x' },
    ['a.k: Invalid value: "string": a.k in body must be of type integer: "string"'],
  ],
  [{ type: 'object', required: ['b'] }, {}, ['a.b: Required value']],
  [
    { type: 'string', format: 'date-time' },
    'yesterday',
    ['a: Invalid value: "yesterday": a in body must be of type date-time: "yesterday"'],
  ],
  [
    { type: 'string', format: 'date-time' },
    5,
    ['a: Invalid value: "int64": a in body must be of type date-time: "int64"'],
  ],
  [{ type: 'string', format: 'no-such-format' }, 'x', []],
  [
    { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 1 }] },
    3,
    [
      '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
      'a: Invalid value: 3: a in body should be greater than or equal to 5',
    ],
  ],
  [
    { type: 'integer', oneOf: [{ minimum: 1 }, { maximum: 9 }] },
    3,
    ['<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  ],
  [
    { type: 'integer', allOf: [{ minimum: 5 }] },
    3,
    [
      'a: Invalid value: 3: a in body should be greater than or equal to 5',
      '<nil>: Invalid value: "": "a" must validate all the schemas (allOf). None validated',
    ],
  ],
  [{ type: 'integer', not: { minimum: 1 } }, 3, ['<nil>: Invalid value: "": "a" must not validate the schema (not)']],
]

for (const [schema, value, wanted] of rows) {
  test(`${JSON.stringify(value)} against ${JSON.stringify(schema)}`, () => {
    assert.deepEqual(texts(spec(schema), { a: value }), wanted)
  })
}

test('a pattern that would hang others ends', () => {
  assert.equal(texts(spec({ type: 'string', pattern: '^(a+)+$' }), { a: `${'a'.repeat(50_000)}!` }).length, 1)
})

test('a body of very many mistakes is told of some', () => {
  const schema = spec({ type: 'array', items: { type: 'integer' } })
  assert.equal(texts(schema, { a: Array.from({ length: 100_000 }, () => 'x') }).length, 500)
})

test('parts that did not change keep their faults', () => {
  const list: JSONSchemaProps = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['id'],
    items: { type: 'object', properties: { id: { type: 'string' }, count: { type: 'integer', maximum: 3 } } },
  }
  const node = schemaNode({ type: 'object', properties: { l: list, c: { type: 'string', maxLength: 1 } } })
  const old = { l: [{ id: 'a', count: 9 }], c: 'long' }
  const faults = (value: object): readonly string[] =>
    validateValue(path(), value, { node, correlation: new Correlation(value, old, node) }).map(({ field }) => field)
  assert.deepEqual(faults({ l: [{ id: 'b' }, { id: 'a', count: 9 }], c: 'long' }), [])
  assert.deepEqual(faults({ l: [{ id: 'a', count: 8 }], c: 'longer' }), ['l[0].count', 'c'])
})

const formats: readonly (readonly [format: string, good: readonly string[], bad: readonly string[]])[] = [
  ['date', ['2024-02-29'], ['2023-02-29', '2024-13-01', '24-01-01']],
  ['date-time', ['2024-01-01T00:00:00Z', '2024-01-01t10:20:30.5+02:00'], ['2024-01-01', '2024-01-01T25:00:00Z']],
  ['duration', ['1h30m', '2 days', '22 ns'], ['soon', '']],
  ['ipv4', ['10.0.0.1'], ['10.0.0', '::1']],
  ['ipv6', ['::1', 'fe80::1'], ['10.0.0.1']],
  ['cidr', ['10.0.0.0/8'], ['10.0.0.0']],
  ['mac', ['00:11:22:33:44:55'], ['00:11:22:33:44']],
  ['uuid', ['123e4567-e89b-12d3-a456-426614174000'], ['123']],
  ['hostname', ['example.com', 'host'], ['-a.com', '']],
  ['email', ['a@example.com', 'Name <a@example.com>'], ['a', 'a@']],
  ['uri', ['https://example.com/a', '/path'], ['a b', '::']],
  ['byte', ['aGk='], ['a', '***']],
  ['isbn13', ['978-0321751041'], ['978-0321751040']],
  ['creditcard', ['4111 1111 1111 1111'], ['4111 1111 1111 1112']],
  ['hexcolor', ['#FFFFFF', 'abc'], ['#GGG']],
  ['rgbcolor', ['rgb(255,0,10)'], ['rgb(256,0,10)']],
  ['k8s-short-name', ['abc-1'], ['Abc', 'a.b']],
  ['k8s-long-name', ['a.b-c'], ['A.b']],
]

for (const [format, good, bad] of formats) {
  test(`the format ${format}`, () => {
    assert.equal(knownFormat(format, 'string'), format)
    for (const text of good) assert.equal(matchesFormat(format, text), true, text)
    for (const text of bad) assert.equal(matchesFormat(format, text), false, text)
  })
}
