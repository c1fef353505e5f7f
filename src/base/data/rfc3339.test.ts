import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { dateTimeText, epochMsAt, readInstant } from './rfc3339.ts'

test('times are read with their zones and fractions', () => {
  const rows: readonly (readonly [text: string, seconds: number, nanos: number])[] = [
    ['1970-01-01T00:00:00Z', 0, 0],
    ['1970-01-01t00:00:01.5z', 1, 500_000_000],
    ['1970-01-01T02:00:00+02:00', 0, 0],
    ['1969-12-31T18:30:00-05:30', 0, 0],
    ['1970-01-01T00:00:00.1234567899Z', 0, 123_456_789],
    ['0001-01-01T00:00:00Z', -62_135_596_800, 0],
    ['2024-02-29T23:59:59.000000001Z', 1_709_251_199, 1],
  ]
  for (const [text, seconds, nanos] of rows) assert.deepEqual(readInstant(text), { seconds, nanos }, text)
  assert.equal(epochMsAt({ seconds: -1, nanos: 250_000 }), -999.75)
})

test('what the calendar or the clock does not have is no time', () => {
  const none = [
    '',
    '2026-01-02',
    '2026-01-02 03:04:05Z',
    '2026-01-02T03:04:05',
    '2026-1-02T03:04:05Z',
    '2026-00-02T03:04:05Z',
    '2026-13-02T03:04:05Z',
    '2026-02-29T03:04:05Z',
    '2026-01-00T03:04:05Z',
    '2026-01-02T24:00:00Z',
    '2026-01-02T03:60:05Z',
    '2026-01-02T03:04:60Z',
    '2026-01-02T03:04:05.Z',
    '2026-01-02T03:04:05+24:00',
    '2026-01-02T03:04:05+0200',
  ]
  for (const text of none) assert.equal(readInstant(text), undefined, text)
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }), (seconds) => {
      assert.deepEqual(readInstant(`${dateTimeText(seconds)}Z`), { seconds, nanos: 0 })
    }),
  )
})
