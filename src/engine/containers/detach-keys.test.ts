import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parseDetachKeys, scanDetachKeys } from './detach-keys.ts'

test('keys are characters and control characters', () => {
  assert.deepEqual(parseDetachKeys(''), [16, 17])
  assert.deepEqual(parseDetachKeys('ctrl-a,x'), [1, 120])
  assert.deepEqual(parseDetachKeys('ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_'), [0, 27, 28, 29, 30, 31])
  for (const text of ['ctrl-A', 'ctrl-', 'ab', 'a,,b', 'ctrl-1'])
    assert.throws(() => parseDetachKeys(text), /Invalid detach keys/, text)
})

/** Scans text cut into chunks, as a terminal sends it. */
function scan(chunks: readonly string[], keys: readonly number[]): { text: string; detached: boolean } {
  let matched = 0
  let text = ''
  for (const chunk of chunks) {
    const result = scanDetachKeys(Buffer.from(chunk, 'latin1'), keys, matched)
    text += result.forward.toString('latin1')
    matched = result.matched
    if (result.detached) return { text, detached: true }
  }
  return { text, detached: false }
}

test('the sequence detaches wherever chunks are cut, and is not handed on', () => {
  for (const chunks of [['ab\u0010\u0011cd'], ['ab\u0010', '\u0011cd'], ['a', 'b', '\u0010', '\u0011']])
    assert.deepEqual(scan(chunks, [16, 17]), { text: 'ab', detached: true })
})

test('a beginning that leads nowhere is handed on', () => {
  assert.deepEqual(scan(['\u0010x'], [16, 17]), { text: '\u0010x', detached: false })
  assert.deepEqual(scan(['\u0010\u0010\u0011'], [16, 17]), { text: '\u0010', detached: true })
})

test('input without the first key passes unchanged', () => {
  fc.assert(
    fc.property(fc.array(fc.string().map((text) => text.replaceAll('\u0010', ''))), (chunks) => {
      const plain = chunks
        .map((chunk) => Buffer.from(chunk).toString('latin1'))
        .filter((chunk) => !chunk.includes('\u0010'))
      assert.deepEqual(scan(plain, [16, 17]), { text: plain.join(''), detached: false })
    }),
  )
})
