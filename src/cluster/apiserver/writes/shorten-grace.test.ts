import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortenGrace } from './shorten-grace.ts'

const cases: readonly (readonly [behaviour: string, wanted: number | undefined, nowMs: number, left: object])[] = [
  ['nothing asked for leaves it', undefined, 5000, { endMs: 30_000, seconds: 30 }],
  ['a longer one leaves it', 60, 5000, { endMs: 30_000, seconds: 30 }],
  ['a shorter one counts from the first request', 10, 5000, { endMs: 10_000, seconds: 10 }],
  ['one that is over already leaves a second', 4, 5000, { endMs: 5000, seconds: 1 }],
  ['zero ends it now', 0, 5000, { endMs: 5000, seconds: 0 }],
  ['below zero is a second', -7, 500, { endMs: 1000, seconds: 1 }],
]
for (const [behaviour, wanted, nowMs, left] of cases)
  test(`a repeated delete: ${behaviour}`, () => {
    assert.deepEqual(shortenGrace({ endMs: 30_000, seconds: 30 }, wanted, nowMs), left)
  })
