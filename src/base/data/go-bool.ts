/** Go's words for true and false (strconv.ParseBool). */
const words: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
])

/** What Go reads a text as; undefined for one that it refuses. */
export function readGoBool(text: string): boolean | undefined {
  return words.get(text)
}
