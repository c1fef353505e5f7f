/** Completion indexes as statuses write them: `0,2-5,7`. */

/** The indexes in a text, below `limit`; parts that are none are left out. */
export function parseIndexes(text: string | undefined, limit: number): Set<number> {
  const found = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (match === null) continue
    const last = Math.min(Number(match[2] ?? match[1]), limit - 1)
    for (let index = Number(match[1]); index <= last; index++) found.add(index)
  }
  return found
}

/** The text of indexes; runs of three and more are joined by a dash, two by a comma as upstream writes them. */
export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].toSorted((a, b) => a - b)
  const parts: string[] = []
  for (let at = 0; at < sorted.length;) {
    const first = sorted[at] ?? 0
    let length = 1
    while (sorted[at + length] === first + length) length++
    const last = first + length - 1
    if (length === 1) parts.push(String(first))
    else parts.push(length === 2 ? `${first},${last}` : `${first}-${last}`)
    at += length
  }
  return parts.join(',')
}
