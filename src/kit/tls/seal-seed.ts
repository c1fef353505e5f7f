/**
 * Sealing with a seed instead of a key: each value gets a key of its own, derived by HKDF-Expand (RFC 5869, SHA-256) from the
 * seed and 32 random bytes that stand in front of it, and is sealed by AES-GCM. So one seed may seal any number of values.
 */
import { createHmac } from 'node:crypto'
import type { Random } from '#world/ports/random.ts'
import { createValueSeal, type ValueSeal } from './seal-value.ts'

/** Length of a seed, of a derived key, and of what it is derived by. */
export const seedBytes = 32

/** Makes the seal of a seed. @throws for a seed that is too short. */
export function createSeedSeal(seed: Uint8Array, random: Random): ValueSeal {
  if (seed.length < seedBytes) throw new RangeError(`invalid seed length ${seed.length} used for key generation`)
  const sealOf = (by: Uint8Array): ValueSeal => {
    // The first block of the expansion is all that a key of 32 bytes takes.
    const key = createHmac('sha256', seed).update(by).update(Uint8Array.of(1)).digest()
    return createValueSeal('aesgcm', key, random)
  }
  return {
    seal: (value, place) => {
      const by = random.bytes(seedBytes)
      return Buffer.concat([by, sealOf(by).seal(value, place)])
    },
    open: (sealed, place) => {
      if (sealed.length < seedBytes) throw new RangeError('the stored data was shorter than the required size')
      return sealOf(sealed.subarray(0, seedBytes)).open(sealed.subarray(seedBytes), place)
    },
  }
}
