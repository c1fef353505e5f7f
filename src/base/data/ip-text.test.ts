import assert from 'node:assert/strict'
import test from 'node:test'
import { ipText } from './ip-text.ts'

const bytes = (words: readonly number[]): number[] => words.flatMap((word) => [word >> 8, word & 255])

test('addresses are written in their shortest form', () => {
  const rows: readonly (readonly [words: readonly number[], text: string])[] = [
    [[0, 0, 0, 0, 0, 0, 0, 0], '::'],
    [[0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [[0xfe80, 0, 0, 0, 0, 0, 0, 0], 'fe80::'],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], '2001:db8::1:0:0:1'],
    [[0x2001, 0, 0, 1, 0, 0, 0, 1], '2001:0:0:1::1'],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], '2001:db8:0:1:1:1:1:1'],
  ]
  for (const [words, text] of rows) assert.equal(ipText(bytes(words)), text)
  assert.equal(ipText(Uint8Array.of(10, 0, 255, 1)), '10.0.255.1')
})
