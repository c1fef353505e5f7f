import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalTime, formatTime, microLayout, parseTime } from './time-text.ts'

test('times are written in UTC with whole seconds', () => {
  assert.equal(canonicalTime('2024-02-29T01:02:03.999+02:00'), '2024-02-28T23:02:03Z')
  assert.equal(canonicalTime('0001-01-01T00:00:00Z'), null)
  assert.equal(canonicalTime('2024-01-01T00:00:00.123456Z', true), '2024-01-01T00:00:00.123456Z')
})

const bad: readonly (readonly [text: string, message: string])[] = [
  ['x', 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
  ['2024-13-01T00:00:00Z', 'parsing time "2024-13-01T00:00:00Z": month out of range'],
  ['2024-13-x', 'parsing time "2024-13-x": month out of range'],
  ['2023-02-29T00:00:00Z', 'parsing time "2023-02-29T00:00:00Z": day out of range'],
  [
    '2024-01-01T00:00:00',
    'parsing time "2024-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
  ],
  ['2024-01-01T00:00:00Zx', 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"'],
]
for (const [text, message] of bad)
  test(`refused: ${message}`, () => assert.throws(() => canonicalTime(text), { message }))
test('micro time wants six decimals', () =>
  assert.throws(() => parseTime('2024-01-01T00:00:00Z', microLayout), { message: /cannot parse "Z" as ".000000"/ }))

test('formatting and parsing are inverse over ten thousand years', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -62_135_596_799, max: 253_402_300_799 }),
      fc.integer({ min: 0, max: 999_999 }),
      (seconds, micros) => {
        const text = formatTime({ seconds, nanos: micros * 1000 }, true) ?? ''
        assert.deepEqual(parseTime(text, microLayout), { seconds, nanos: micros * 1000 })
      },
    ),
  )
})
