/** The known word that a mistyped one most likely means. */

/** The closest of `known` by edits (insert, delete, replace, swap of neighbours), if it is close enough to be meant. */
export function closestMatch(word: string, known: readonly string[]): string | undefined {
  if (word.length > 100) return undefined
  const wanted = word.toLowerCase()
  // A third of the letters may be wrong: more is another word.
  let best = Math.max(1, Math.floor(word.length / 3)) + 1
  let found: string | undefined
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= best) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < best) {
      best = distance
      found = candidate
    }
  }
  return found
}

/** Edits between two words (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1)
      current.push(cost)
    }
    before = above
    above = current
  }
  return above[b.length] ?? 0
}
