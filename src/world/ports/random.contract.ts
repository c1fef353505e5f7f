/** What every Random must do; `make` gives a fresh one. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Random } from './random.ts'

/** Registers the suite under a name. */
export function randomContract(name: string, make: () => Random): void {
  test(`${name}: bytes come in the number asked for and take all values`, () => {
    const random = make()
    assert.equal(random.bytes(0).length, 0)
    assert.equal(random.bytes(33).length, 33)
    assert.equal(new Set(random.bytes(8192)).size, 256)
  })

  test(`${name}: whole numbers lie below the limit and reach every one`, () => {
    const random = make()
    const seen = new Set(Array.from({ length: 1000 }, () => random.below(7)))
    assert.ok([0, 1, 2, 3, 4, 5, 6].every((value) => seen.has(value)) && seen.size === 7)
    assert.equal(random.below(1), 0)
    assert.ok(random.below(2 ** 31) < 2 ** 31)
  })

  test(`${name}: fractions lie in [0, 1) and are spread evenly`, () => {
    const random = make()
    const values = Array.from({ length: 4000 }, () => random.float())
    assert.ok(values.every((value) => value >= 0 && value < 1))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    assert.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean}`)
  })
}
