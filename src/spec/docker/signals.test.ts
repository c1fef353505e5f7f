import assert from 'node:assert/strict'
import test from 'node:test'
import { parseSignal } from './signals.table.ts'

const rows: readonly (readonly [text: string, number: number | undefined])[] = [
  ['KILL', 9],
  ['SIGKILL', 9],
  ['sigterm', 15],
  ['9', 9],
  ['64', 64],
  ['RTMIN', 34],
  ['RTMIN+3', 37],
  ['SIGRTMAX-1', 63],
  ['RTMAX', 64],
  ['0', undefined],
  ['65', undefined],
  ['-9', undefined],
  ['RTMIN-1', undefined],
  ['RTMAX+1', undefined],
  ['NOSUCH', undefined],
  ['', undefined],
  ['constructor', undefined],
]

for (const [text, number] of rows)
  test(`signal ${JSON.stringify(text)} is ${number ?? 'none'}`, () => assert.equal(parseSignal(text), number))
