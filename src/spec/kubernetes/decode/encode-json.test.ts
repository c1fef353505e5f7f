import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeJson } from './encode-json.ts'

test('characters that could end a script are escaped as Go escapes them', () => {
  assert.equal(encodeJson({ a: '<b> & \u2028' }), String.raw`{"a":"\u003cb\u003e \u0026 \u2028"}` + '\n')
})

test('what is encoded reads back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) =>
      assert.deepEqual(JSON.parse(encodeJson(value)), JSON.parse(JSON.stringify(value))),
    ),
  )
})
