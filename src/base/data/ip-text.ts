/** IP addresses as text, from their bytes. Pure. */

/** Dotted text of 4 bytes; of 16 the short form that RFC 5952 wants, the longest run of zeroes left out. */
export function ipText(bytes: ArrayLike<number>): string {
  if (bytes.length === 4) return Array.from(bytes).join('.')
  const words = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0))
  const zeros = longestZeroRun(words)
  const text = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':')
  if (zeros.length < 2) return text(words)
  return `${text(words.slice(0, zeros.start))}::${text(words.slice(zeros.start + zeros.length))}`
}

function longestZeroRun(words: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, word] of words.entries()) {
    if (word !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}
