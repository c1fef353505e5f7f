import assert from 'node:assert/strict'
import test from 'node:test'
import { randomContract } from '#world/ports/random.contract.ts'
import { createSeededRandom } from './random.ts'

randomContract('chance from a seed', () => createSeededRandom(7))

test('the same seed gives the same numbers, another one others', () => {
  const take = (seed: number): number[] => {
    const random = createSeededRandom(seed)
    return Array.from({ length: 20 }, () => random.below(1000))
  }
  assert.deepEqual(take(1), take(1))
  assert.notDeepEqual(take(1), take(2))
})

test('a fork is not moved by what its source draws', () => {
  const a = createSeededRandom(1)
  const b = createSeededRandom(1)
  b.bytes(100)
  assert.deepEqual(a.fork('x').bytes(8), b.fork('x').bytes(8))
  assert.notDeepEqual(a.fork('x').bytes(8), a.fork('y').bytes(8))
})
