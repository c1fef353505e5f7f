import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { civilFromDays, daysFromCivil } from './civil-day.ts'

test('days count as the calendar does', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1900-01-01'), max: new Date('2400-01-01'), noInvalidDate: true }), (date) => {
      const days = daysFromCivil(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
      assert.equal(days, Math.floor(date.getTime() / 86_400_000))
      assert.deepEqual(civilFromDays(days), {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      })
    }),
  )
})
