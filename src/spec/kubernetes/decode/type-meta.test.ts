import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindOfJson, requireKind } from './type-meta.ts'

test('a body says what it is', () => {
  assert.deepEqual(kindOfJson('{"kind":"Pod","apiVersion":"v1"}'), { apiVersion: 'v1', kind: 'Pod' })
  assert.deepEqual(kindOfJson('{}'), { apiVersion: '', kind: '' })
})

const refused: readonly (readonly [text: string, message: string])[] = [
  ['apiVersion', "couldn't get version/kind; json parse error: invalid character 'a' looking for beginning of value"],
  [
    '[]',
    String.raw`couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`,
  ],
  [
    '{"kind":5}',
    "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
  ],
  ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
]
for (const [text, message] of refused)
  test(`refused: ${message.slice(0, 80)}`, () => assert.throws(() => kindOfJson(text), { message }))

test('missing names are named, kind first', () => {
  assert.throws(() => requireKind(kindOfJson('{}'), '{}'), { message: "Object 'Kind' is missing in '{}'" })
  assert.throws(() => requireKind(kindOfJson('{"kind":"X"}'), '{"kind":"X"}'), {
    message: `Object 'apiVersion' is missing in '{"kind":"X"}'`,
  })
})
