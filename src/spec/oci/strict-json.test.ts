import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStrictJson, StrictJsonError } from './strict-json.ts'

test('everything that JSON.stringify writes is accepted and read back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      assert.deepEqual(parseStrictJson(text), JSON.parse(text))
    }),
  )
})

test('a key named twice is refused, also when one is written with escapes', () => {
  for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"x":{"b":[1],"b":2}}]', '{ "k" : "v" , "k":{} }']) {
    assert.throws(
      () => parseStrictJson(text),
      (error) => error instanceof StrictJsonError && /twice/.test(error.message),
      text,
    )
  }
})

test('equal keys in different objects are fine', () => {
  assert.deepEqual(parseStrictJson('[{"a":1},{"a":{"a":2}}]'), [{ a: 1 }, { a: { a: 2 } }])
})

test('malformed text, bad UTF-8 and deep nesting are refused without exhausting the stack', () => {
  for (const text of ['', '{', '[1,', '{"a"}', '{"a":}', 'nul', '[1 2]', '{"a":1}x', '"\\x"']) {
    assert.throws(() => parseStrictJson(text), StrictJsonError, text)
  }
  assert.throws(() => parseStrictJson(Uint8Array.from([0x22, 0xff, 0x22])), /UTF-8/)
  assert.throws(() => parseStrictJson('['.repeat(1_000_000)), /deeper/)
  assert.throws(() => parseStrictJson('{"a":'.repeat(100_000)), /deeper/)
})

test('random text never ends in anything but a value or a StrictJsonError', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'a', '1', ' ') }),
      (text) => {
        try {
          parseStrictJson(text)
        } catch (error) {
          assert.ok(error instanceof StrictJsonError, String(error))
        }
      },
    ),
  )
})
