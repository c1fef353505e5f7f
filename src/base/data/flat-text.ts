/** Texts that were put together, as one piece. */

/**
 * The same text without the pieces it was made of. The engine keeps `a + b` as a pair and a slice as a view, and whoever
 * writes an object that holds one as JSON pays twice.
 */
export function flatText(text: string): string {
  return Buffer.from(text).toString()
}
