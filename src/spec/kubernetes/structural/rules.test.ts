import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps, ValidationRule } from '../objects/apiextensions-v1.generated.ts'
import type { JsonObject } from '../objects/objects.ts'
import { fieldErrorText } from '../validation/field-errors.ts'
import { path } from '../validation/field-path.ts'
import { checkRules, type RuleVerdict } from './check-rules.ts'
import { Correlation } from './correlation.ts'
import { ruleTree } from './rule-tree.ts'
import { schemaNode } from './schema-node.ts'
import { validateDefaults } from './validate-defaults.ts'

const integer: JSONSchemaProps = { type: 'integer' }

function withRules(schema: JSONSchemaProps, ...rules: readonly ValidationRule[]): JSONSchemaProps {
  return { ...schema, 'x-kubernetes-validations': rules }
}

function verdict(schema: JSONSchemaProps, value: JsonObject, old?: JsonObject): RuleVerdict {
  const node = schemaNode(schema)
  const correlation = old === undefined ? undefined : new Correlation(value, old, node)
  return checkRules(ruleTree(node, true), { at: path(), value, old, correlation })
}

function texts(schema: JSONSchemaProps, value: JsonObject, old?: JsonObject): readonly string[] {
  return verdict(schema, value, old).errors.map(fieldErrorText)
}

const spec = (...rules: readonly ValidationRule[]): JSONSchemaProps => ({
  type: 'object',
  properties: {
    spec: withRules({ type: 'object', properties: { min: integer, max: integer, name: { type: 'string' } } }, ...rules),
  },
})

const rows: readonly (readonly [rule: ValidationRule, value: JsonObject, texts: readonly string[]])[] = [
  [{ rule: 'self.min <= self.max' }, { min: 1, max: 2 }, []],
  [{ rule: 'self.min <= self.max' }, { min: 3, max: 2 }, ['spec: Invalid value: failed rule: self.min <= self.max']],
  [{ rule: 'self.min <= self.max', message: ' too small ' }, { min: 3, max: 2 }, ['spec: Invalid value: too small']],
  [
    { rule: 'self.min <= self.max', messageExpression: '"at most " + string(self.max)' },
    { min: 3, max: 2 },
    ['spec: Invalid value: at most 2'],
  ],
  [
    { rule: 'self.min <= self.max', message: 'fallback', messageExpression: '"a\\nb"' },
    { min: 3, max: 2 },
    ['spec: Invalid value: fallback'],
  ],
  [
    { rule: 'self.min <= self.max', reason: 'FieldValueForbidden', fieldPath: '.min', message: 'no' },
    { min: 3, max: 2 },
    ['spec.min: Forbidden: no'],
  ],
  [
    { rule: 'self.min <= self.max', reason: 'FieldValueRequired' },
    { min: 3, max: 2 },
    ['spec: Required value: failed rule: self.min <= self.max'],
  ],
  [
    { rule: 'self.min <= self.max' },
    { min: 1 },
    ['spec: Invalid value: "object": no such key: max evaluating rule: self.min <= self.max'],
  ],
]

for (const [rule, value, wanted] of rows) {
  test(`${JSON.stringify(rule)} of ${JSON.stringify(value)}`, () => {
    assert.deepEqual(texts(spec(rule), { spec: value }), wanted)
  })
}

test('a rule of a scalar shows the value', () => {
  const schema: JSONSchemaProps = {
    type: 'object',
    properties: { a: withRules(integer, { rule: 'self < 3', message: 'no' }) },
  }
  assert.deepEqual(texts(schema, { a: 5 }), ['a: Invalid value: 5: no'])
})

test('transition rules are for updates only, unless they take the old value as optional', () => {
  const plain = spec({ rule: 'self.min >= oldSelf.min', message: 'never less' })
  assert.deepEqual(texts(plain, { spec: { min: 1 } }), [])
  assert.deepEqual(texts(plain, { spec: { min: 1 } }, { spec: { min: 2 } }), ['spec: Invalid value: never less'])
  const optional = spec({ rule: 'oldSelf.hasValue() || self.min == 0', optionalOldSelf: true, message: 'begins at 0' })
  assert.deepEqual(texts(optional, { spec: { min: 1 } }), ['spec: Invalid value: begins at 0'])
  assert.deepEqual(texts(optional, { spec: { min: 1 } }, { spec: { min: 0 } }), [])
})

test('items of maps are compared by key, and their rules named by index', () => {
  const list: JSONSchemaProps = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['id'],
    items: withRules(
      { type: 'object', properties: { id: { type: 'string' }, count: integer } },
      { rule: 'self.count >= oldSelf.count', message: 'never less' },
    ),
  }
  const schema: JSONSchemaProps = { type: 'object', properties: { l: list } }
  const old = {
    l: [
      { id: 'a', count: 5 },
      { id: 'b', count: 5 },
    ],
  }
  const value = {
    l: [
      { id: 'c', count: 0 },
      { id: 'b', count: 4 },
      { id: 'a', count: 5 },
    ],
  }
  assert.deepEqual(texts(schema, value, old), ['l[1]: Invalid value: never less'])
})

test('a broken rule of a part that did not change only warns', () => {
  const schema = spec({ rule: 'self.min < 3', message: 'less than 3' })
  const held = verdict(schema, { spec: { min: 9 } }, { spec: { min: 9 } })
  assert.deepEqual([held.errors, held.warnings], [[], ['spec: Invalid value: less than 3']])
  assert.deepEqual(texts(schema, { spec: { min: 8 } }, { spec: { min: 9 } }), ['spec: Invalid value: less than 3'])
})

test('rules that cost too much end the evaluation', () => {
  const list: JSONSchemaProps = { type: 'array', items: { type: 'string' } }
  // Carried out whole it would take hours.
  const dear = withRules(list, { rule: 'self.all(w, self.all(x, self.all(y, self.all(z, w + x + y != z))))' })
  const after = withRules(integer, { rule: 'false' })
  const schema: JSONSchemaProps = { type: 'object', properties: { a: dear, b: after } }
  const errors = texts(schema, { a: Array.from({ length: 500 }, (_, index) => `x${index}`), b: 1 })
  assert.equal(errors.length, 1)
  assert.match(errors[0] ?? '', /no further validation rules will be run due to call cost exceeds limit for rule/)
})

const defaults: readonly (readonly [what: string, schema: JSONSchemaProps, texts: readonly string[]])[] = [
  ['fits', { ...integer, default: 1 }, []],
  [
    'is too large',
    { ...integer, maximum: 3, default: 5 },
    ['s.properties[a].default: Invalid value: 5:  in body should be less than or equal to 3'],
  ],
  [
    'has unknown members',
    { type: 'object', properties: {}, default: { x: 1 } },
    ['s.properties[a].default: Invalid value: {"x":1}: must not have unknown fields'],
  ],
  [
    'breaks a rule',
    withRules({ ...integer, default: 5 }, { rule: 'self < 3', message: 'no' }),
    ['s.properties[a].default: Invalid value: 5: no'],
  ],
  [
    'is an embedded resource without kind',
    {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
      default: { apiVersion: 'v1' },
    },
    ['s.properties[a].default.kind: Required value'],
  ],
]

for (const [what, schema, wanted] of defaults) {
  test(`a default that ${what}`, () => {
    const errors = validateDefaults(path('s'), schemaNode({ type: 'object', properties: { a: schema } }))
    assert.deepEqual(errors.map(fieldErrorText), wanted)
  })
}
