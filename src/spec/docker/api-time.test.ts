import assert from 'node:assert/strict'
import test from 'node:test'
import { parseApiTime } from './api-time.ts'

const now = Date.UTC(2026, 0, 2, 3, 4, 5)

const rows: readonly (readonly [text: string, instant: number | undefined])[] = [
  ['', undefined],
  ['0', undefined],
  ['1700000000', 1_700_000_000_000],
  ['1700000000.25', 1_700_000_000_250],
  ['10m', now - 600_000],
  ['1h30m', now - 5_400_000],
  ['1.5s', now - 1500],
  ['250ms', now - 250],
  ['-1h', now + 3_600_000],
  ['2026-01-02', Date.UTC(2026, 0, 2)],
  ['2026-01-02T03', Date.UTC(2026, 0, 2, 3)],
  ['2026-01-02T03:04:05Z', now],
  ['2026-01-02T03:04:05.5Z', now + 500],
  ['2026-01-02T05:04:05+02:00', now],
  ['2026-01-01T22:04:05-05:00', now],
]

for (const [text, instant] of rows)
  test(`${text === '' ? 'nothing' : text} is ${instant === undefined ? 'no bound' : new Date(instant).toISOString()}`, () =>
    assert.equal(parseApiTime('since', text, now), instant))

test('what is no time is refused by the name of its parameter', () => {
  for (const text of ['yesterday', '10 m', '1d', '2026-1-2', '2026-01-02T', '1e3', 'm', '12:00'])
    assert.throws(() => parseApiTime('until', text, now), {
      message: `invalid value for "until": failed to parse value as time or duration: "${text}"`,
    })
})
