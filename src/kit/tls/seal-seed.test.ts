import assert from 'node:assert/strict'
import { createHmac, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import { createRandom } from '#world/real/random.ts'
import { createSeedSeal } from './seal-seed.ts'
import { createValueSeal } from './seal-value.ts'

const random = createRandom()

test('a value comes back with its seed and its place only, and no two look the same', () => {
  const seal = createSeedSeal(Buffer.alloc(32, 7), random)
  const value = Buffer.from('a value')
  const sealed = seal.seal(value, '/a')
  assert.deepEqual(seal.open(sealed, '/a'), value)
  assert.notDeepEqual(seal.seal(value, '/a'), sealed)
  assert.throws(() => seal.open(sealed, '/b'))
  assert.throws(() => createSeedSeal(Buffer.alloc(32, 8), random).open(sealed, '/a'))
  assert.throws(() => seal.open(sealed.subarray(0, 31), '/a'), /shorter/)
  assert.throws(() => createSeedSeal(Buffer.alloc(31), random), /invalid seed length 31/)
})

test('keys are derived as RFC 5869 has it', () => {
  // Of a whole HKDF only the second half is used: its seed is what the first half makes of a secret.
  const secret = Buffer.from('secret')
  const salt = Buffer.from('salt')
  const by = Buffer.alloc(32, 3)
  const key = Buffer.from(hkdfSync('sha256', secret, salt, by, 32))
  const seed = extract(secret, salt)
  const inner = createValueSeal('aesgcm', key, random).seal(Buffer.from('x'), '/k')
  assert.equal(
    createSeedSeal(seed, random)
      .open(Buffer.concat([by, inner]), '/k')
      .toString(),
    'x',
  )
})

function extract(secret: Uint8Array, salt: Uint8Array): Buffer {
  return createHmac('sha256', salt).update(secret).digest()
}
