/** Chance from the kernel's generator. */
import { randomFillSync, randomInt } from 'node:crypto'
import type { Random } from '#world/ports/random.ts'

/** Fetched from the generator at once: a call for 16 bytes costs as much as one for thousands. */
const poolBytes = 4096
/** What is larger than this is fetched by itself. */
const pooledBytesMax = 64

/** The real Random: cryptographically strong. Bytes are handed out once and wiped from where they waited. */
export function createRandom(): Random {
  const pool = new Uint8Array(poolBytes)
  let used = poolBytes
  const pooled = (count: number): Uint8Array => {
    if (used + count > poolBytes) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + count)
    pool.fill(0, used, used + count)
    used += count
    return bytes
  }
  return {
    bytes: (count) => (count <= pooledBytesMax ? pooled(count) : randomFillSync(new Uint8Array(count))),
    below: (limit) => (limit <= 1 ? 0 : randomInt(limit)),
    float: () => randomInt(2 ** 47) / 2 ** 47,
  }
}
