import assert from 'node:assert/strict'
import test from 'node:test'
import { zonedTime } from './zoned-time.ts'

const table: readonly (readonly [moment: string, zone: string | undefined, text: string])[] = [
  ['2026-03-28T07:30:00.900Z', undefined, '2026-03-28T07:30:00Z'],
  ['2026-03-28T07:30:00Z', 'Europe/Berlin', '2026-03-28T08:30:00+01:00'],
  ['2026-03-29T06:30:00Z', 'Europe/Berlin', '2026-03-29T08:30:00+02:00'],
  ['2026-01-01T00:00:00Z', 'Europe/London', '2026-01-01T00:00:00Z'],
  ['2026-01-01T02:00:00Z', 'America/St_Johns', '2025-12-31T22:30:00-03:30'],
  ['2026-01-01T20:00:00Z', 'Asia/Kathmandu', '2026-01-02T01:45:00+05:45'],
]

for (const [moment, zone, text] of table)
  test(`${moment} in ${zone ?? 'no zone'} is ${text}`, () => {
    assert.equal(zonedTime(Date.parse(moment), zone), text)
    assert.equal(Date.parse(text), Math.floor(Date.parse(moment) / 1000) * 1000)
  })

test('a zone that nobody has is refused', () => {
  assert.throws(() => zonedTime(0, 'Nowhere/City'), RangeError)
})
