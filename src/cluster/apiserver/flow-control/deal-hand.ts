/** Shuffle sharding: each flow may use a few of a level's queues, so that a busy flow does not fill everybody's. */

/** A number for a flow (FNV-1a, 32 bits). */
export function flowHash(schema: string, distinguisher: string): number {
  let hash = 0x811c9dc5
  const text = `${schema}\0${distinguisher}`
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** `handSize` different queues of `queues`, always the same for the same hash. */
export function dealHand(hash: number, queues: number, handSize: number): readonly number[] {
  const hand: number[] = []
  let state = hash
  for (let dealt = 0; dealt < Math.min(handSize, queues); dealt++) {
    // splitmix32: neighbouring hashes get hands that have nothing in common.
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    let card = ((mixed ^ (mixed >>> 15)) >>> 0) % (queues - dealt)
    // The card is the nth of those that are left.
    for (const taken of hand.toSorted((a, b) => a - b)) if (card >= taken) card++
    hand.push(card)
  }
  return hand
}
