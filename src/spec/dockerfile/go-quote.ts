/** Go's `%q`, in which Docker quotes words in error messages and in an image's history. */

const shortEscapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/** A string between double quotes, as strconv.Quote prints it. */
export function goQuote(text: string): string {
  let quoted = '"'
  for (const char of text) quoted += char === '"' ? '\\"' : escapeChar(char)
  return `${quoted}"`
}

/** A list of strings as `%q` prints a slice: `["a" "b c"]`. */
export function goQuoteList(words: readonly string[]): string {
  return `[${words.map(goQuote).join(' ')}]`
}

/** A number as `%q` prints it: the character with that code point, between single quotes. */
export function goQuoteRune(codePoint: number): string {
  const valid = Number.isInteger(codePoint) && codePoint >= 0 && codePoint <= 0x10ffff
  const char = valid ? String.fromCodePoint(codePoint) : '\ufffd'
  return `'${char === "'" ? "\\'" : escapeChar(char)}'`
}

function escapeChar(char: string): string {
  const short = shortEscapes[char]
  if (short !== undefined) return short
  const code = char.codePointAt(0) ?? 0
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) return char
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}
