import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatYaml, parseYaml, parseYamlDocuments } from './yaml.ts'

const values: readonly (readonly [text: string, value: unknown])[] = [
  ['a: yes', { a: true }],
  ['a: "yes"', { a: 'yes' }],
  ['a: 0777', { a: 511 }],
  ['a: 1e3', { a: 1000 }],
  ['a: 2024-01-01', { a: '2024-01-01' }],
  ['1: a\ntrue: b', { 1: 'a', true: 'b' }],
  ['base: &b {x: 1}\nc:\n  <<: *b\n  z: 2', { base: { x: 1 }, c: { x: 1, z: 2 } }],
  ['a:', { a: null }],
  ['# nothing', undefined],
  ['a: |\n  x\n  y\n', { a: 'x\ny\n' }],
]
for (const [text, value] of values)
  test(`${JSON.stringify(text)} is ${JSON.stringify(value)}`, () => assert.deepEqual(parseYaml(text).value, value))

test('keys written twice are reported with their lines, the last one counts', () => {
  const { value, duplicates } = parseYaml('spec:\n  foo: 1\n  bar: 2\n  foo: 3\n')
  assert.deepEqual(value, { spec: { foo: 3, bar: 2 } })
  assert.equal(duplicates, 'yaml: unmarshal errors:\n  line 4: key "foo" already set in map')
})

test('a mistake names its line', () => {
  assert.throws(() => parseYaml('a: b: c'), {
    code: 'ENCODING_YAML',
    message: 'error converting YAML to JSON: yaml: line 1: mapping values are not allowed in this context',
  })
})

for (const [text, words] of [
  ['{', 'line 1: did not find expected node content'],
  ['a: [1,', 'line 1: did not find expected node content'],
  ['a: [1', "line 1: did not find expected ',' or ']'"],
  ['b: x\na: {b: c', "line 2: did not find expected ',' or '}'"],
  ['a: *x', "unknown anchor 'x' referenced"],
] as const) {
  test(`${JSON.stringify(text)} is refused in the words of Go`, () => {
    const message = `error converting YAML to JSON: yaml: ${words}`
    assert.throws(() => parseYaml(text), { code: 'ENCODING_YAML', message })
  })
}

test('aliases that multiply and nesting without end are refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefg'[i] ?? 'a'}`).join(',')}]`),
  ].join('\n')
  assert.throws(() => parseYaml(bomb), { code: 'ENCODING_YAML' })
  assert.throws(() => parseYaml('['.repeat(20_000)), { code: 'ENCODING_YAML' })
  assert.throws(() => parseYaml(`${'['.repeat(600)}${']'.repeat(600)}`), { code: 'ENCODING_YAML' })
})

test('a member called __proto__ stays a member', () => {
  assert.equal(Object.hasOwn(parseYaml('__proto__: 1').value as object, '__proto__'), true)
})

test('a stream has its documents one by one', () => {
  assert.deepEqual(
    parseYamlDocuments('a: 1\n---\nb: 2\n---\n').map((document) => document.value),
    [{ a: 1 }, { b: 2 }, undefined],
  )
})

test('what is formatted reads back, keys sorted, sequences flush', () => {
  assert.equal(formatYaml({ b: [{ y: 1, x: 'yes' }], a: 'text' }), 'a: text\nb:\n- x: "yes"\n  "y": 1\n')
  fc.assert(
    // JSON has no negative zero; YAML keeps it.
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) =>
      assert.deepEqual(parseYaml(formatYaml({ value: JSON.parse(JSON.stringify(value)) })).value, {
        value: JSON.parse(JSON.stringify(value)),
      }),
    ),
  )
})
