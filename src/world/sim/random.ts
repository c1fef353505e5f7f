/** Chance from a seed: the same seed gives the same numbers for ever. Not for secrets. */
import type { Random } from '#world/ports/random.ts'

export interface SeededRandom extends Random {
  /** An independent source, the same for the same label: drawing from one does not shift the other. */
  fork(label: string): SeededRandom
}

/** A source from a seed (mulberry32 over a mixed seed). */
export function createSeededRandom(seed: number | string): SeededRandom {
  const start = mixText(String(seed))
  let state = start
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    bytes(count) {
      const bytes = new Uint8Array(count)
      for (let index = 0; index < count; index++) bytes[index] = next()
      return bytes
    },
    below: (limit) => (limit <= 1 ? 0 : Math.floor((next() / 2 ** 32) * limit)),
    float: () => next() / 2 ** 32,
    fork: (label) => createSeededRandom(`${start}/${label}`),
  }
}

/** A 32-bit number of a text, in which every character counts everywhere. */
function mixText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0
  return (hash ^ (hash >>> 16)) >>> 0
}
