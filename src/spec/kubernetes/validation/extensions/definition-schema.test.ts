import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps } from '../../objects/apiextensions-v1.generated.ts'
import { fieldErrorText } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { validateDefinitionSchema } from './definition-schema.ts'

function texts(schema: JSONSchemaProps, more: { hasStatus?: boolean; isUnchanged?: boolean } = {}): readonly string[] {
  const options = { hasStatus: false, isUnchanged: false, ...more }
  return validateDefinitionSchema(path('schema'), schema, options).map((error) =>
    fieldErrorText(error).replaceAll('schema.openAPIV3Schema', 'S'),
  )
}

const root = (properties: Readonly<Record<string, JSONSchemaProps>>, more: JSONSchemaProps = {}): JSONSchemaProps => ({
  type: 'object',
  properties,
  ...more,
})
const string: JSONSchemaProps = { type: 'string' }

const rows: readonly (readonly [what: string, schema: JSONSchemaProps, texts: readonly string[]])[] = [
  ['a plain one', root({ a: string }), []],
  ['no type at the root', { properties: { a: string } }, ['S.type: Required value: must not be empty at the root']],
  ['another type at the root', { type: 'string' }, ['S.type: Invalid value: "string": must be object at the root']],
  [
    'no type of a member',
    root({ a: {} }),
    ['S.properties[a].type: Required value: must not be empty for specified object fields'],
  ],
  [
    'no type of items',
    root({ a: { type: 'array', items: {} } }),
    ['S.properties[a].items.type: Required value: must not be empty for specified array items'],
  ],
  ['no items', root({ a: { type: 'array' } }), ['S.properties[a].items: Required value: must be specified']],
  [
    'additional properties at the root',
    { type: 'object', additionalProperties: string },
    ['S.additionalProperties: Forbidden: must not be used at the root'],
  ],
  [
    'types inside junctors',
    root({ a: { type: 'integer', anyOf: [{ type: 'integer' }] } }),
    ['S.properties[a].anyOf[0].type: Forbidden: must be empty to be structural'],
  ],
  [
    'integers or strings',
    root({ a: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] } }),
    [],
  ],
  [
    'junctors about what is not specified',
    root({ a: string }, { anyOf: [{ properties: { b: { minimum: 1 } } }] }),
    ['S.properties[b]: Required value: because it is defined in S.anyOf[0].properties[b]'],
  ],
  [
    'metadata that is more than names',
    root({ metadata: { type: 'object', properties: { labels: { type: 'object' } } } }),
    [
      'S.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ],
  ],
  [
    'an embedded resource of nothing',
    root({ a: { type: 'object', 'x-kubernetes-embedded-resource': true } }),
    [
      'S.properties[a].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
    ],
  ],
  [
    'oldSelf in items without identity',
    root({
      a: {
        type: 'array',
        maxItems: 3,
        items: { ...string, maxLength: 9, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
      },
    }),
    [
      'S.properties[a].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within S.properties[a]',
    ],
  ],
  [
    'optionalOldSelf of a rule that does not look back',
    root({ a: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 1', optionalOldSelf: true }] } }),
    [
      'S.properties[a].x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule',
    ],
  ],
  [
    'a rule that is no condition',
    root({ a: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self + 1' }] } }),
    [
      'S.properties[a].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self + 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: cel expression must evaluate to a bool',
    ],
  ],
]

for (const [what, schema, wanted] of rows) {
  test(`a schema with ${what}`, () => assert.deepEqual(texts(schema), wanted))
}

test('a pattern must be a regular expression', () => {
  const [text = ''] = texts(root({ a: { ...string, pattern: '(' } }))
  assert.match(
    text,
    /^S\.properties\[a\]\.pattern: Invalid value: "\(": must be a valid regular expression, but isn't: error parsing regexp/,
  )
})

test('rules over unbounded lists in unbounded lists are too dear, once', () => {
  const list: JSONSchemaProps = { type: 'array', items: { type: 'array', items: string } }
  const rule = { rule: 'self.all(x, x.all(y, y.contains("a")))' }
  const schema = root({ a: { ...list, 'x-kubernetes-validations': [rule] } })
  const [first = '', second = '', third = ''] = texts(schema)
  assert.match(
    first,
    /^S\.properties\[a\]\.x-kubernetes-validations\[0\]\.rule: Forbidden: estimated rule cost exceeds budget by factor of/,
  )
  assert.match(second, /contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema$/)
  assert.match(
    third,
    /^S: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget/,
  )
  assert.doesNotMatch(texts(schema, { isUnchanged: true })[0] ?? '', /estimated rule cost exceeds/)
})

test('a root that says more than its status would know is refused where there is a status', () => {
  const schema = root({ a: string }, { maxProperties: 3 })
  assert.deepEqual(texts(schema), [])
  assert.match(
    texts(schema, { hasStatus: true })[0] ?? '',
    /fields are allowed at the root of the schema if the status subresource is enabled$/,
  )
})

test('a schema as deep as bodies may be is looked at to its end', () => {
  let schema: JSONSchemaProps = string
  for (let depth = 0; depth < 900; depth++) schema = { type: 'object', properties: { a: schema } }
  assert.deepEqual(texts(schema), [])
})

/** A record that counts how often any of its members is looked at; listing them looks at all. */
function counted<T extends object>(record: T): { readonly record: T; looks(): number } {
  let looks = 0
  const size = Object.keys(record).length
  const seen = new Proxy(record, {
    get: (target, name, receiver) => {
      looks += 1
      return Reflect.get(target, name, receiver) as unknown
    },
    getOwnPropertyDescriptor: (target, name) => {
      looks += 1
      return Reflect.getOwnPropertyDescriptor(target, name)
    },
    ownKeys: (target) => {
      looks += size
      return Reflect.ownKeys(target)
    },
  })
  return { record: seen, looks: () => looks }
}

test('very many members are looked at a few times each', () => {
  const size = 20_000
  const { record, looks } = counted(
    Object.fromEntries(Array.from({ length: size }, (_, index) => [`m${index}`, string])),
  )
  assert.deepEqual(texts(root(record)), [])
  assert.ok(looks() > size && looks() < 100 * size, `${looks()} looks`)
})
