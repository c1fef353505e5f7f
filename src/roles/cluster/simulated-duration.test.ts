import assert from 'node:assert/strict'
import test from 'node:test'
import { durationMs } from './simulated-duration.ts'

for (const [text, ms] of [
  ['5 minutes', 300_000],
  ['90s', 90_000],
  ['2h 30m', 9_000_000],
  ['3 days', 259_200_000],
  ['1.5 hours', 5_400_000],
  ['1 hour and 1 minute', 3_660_000],
  [250, 250],
] as const) {
  test(`${text} is ${ms} ms`, () => assert.equal(durationMs(text), ms))
}

for (const text of ['', 'soon', '5', '5 parsecs', '-3 days', 'x5 minutes', Number.NaN, -1]) {
  test(`${JSON.stringify(text)} is no length of time`, () => {
    assert.throws(() => durationMs(text), { code: 'CLUSTER_DURATION_INVALID' })
  })
}
