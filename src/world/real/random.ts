/** Chance from the kernel's generator. */
import { randomFillSync, randomInt } from 'node:crypto'
import type { Random } from '#world/ports/random.ts'

/** The real Random: cryptographically strong. */
export function createRandom(): Random {
  return {
    bytes: (count) => randomFillSync(new Uint8Array(count)),
    below: (limit) => (limit <= 1 ? 0 : randomInt(limit)),
    float: () => randomInt(2 ** 47) / 2 ** 47,
  }
}
