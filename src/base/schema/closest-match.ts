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
  const width = b.length + 1
  const costs = new Uint16Array((a.length + 1) * width)
  const at = (row: number, column: number): number => costs[row * width + column] ?? 0
  for (let row = 0; row <= a.length; row++) {
    for (let column = 0; column <= b.length; column++) {
      costs[row * width + column] = row === 0 || column === 0 ? row + column : cheapest({ a, b, row, column, at })
    }
  }
  return at(a.length, b.length)
}

interface Cell {
  readonly a: string
  readonly b: string
  readonly row: number
  readonly column: number
  readonly at: (row: number, column: number) => number
}

function cheapest({ a, b, row, column, at }: Cell): number {
  const last = a[row - 1]
  const cost = Math.min(
    at(row - 1, column) + 1,
    at(row, column - 1) + 1,
    at(row - 1, column - 1) + (last === b[column - 1] ? 0 : 1),
  )
  const isSwap = row > 1 && column > 1 && last === b[column - 2] && a[row - 2] === b[column - 1]
  return isSwap ? Math.min(cost, at(row - 2, column - 2) + 1) : cost
}
