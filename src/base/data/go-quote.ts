/** Text between double quotes as Go prints it: upstream's messages, dockerd's and docker's carry it. Pure. */

const shortEscapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** A string between double quotes, as strconv.Quote and `%q` print it. */
export function goQuote(text: string): string {
  return `"${text.replaceAll(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escaped)}"`
}

/** A list of strings as `%q` prints a slice: `["a" "b c"]`. */
export function goQuoteList(words: readonly string[]): string {
  return `[${words.map(goQuote).join(' ')}]`
}

/** A number as `%q` prints it: the character with that code point, between single quotes. */
export function goQuoteRune(codePoint: number): string {
  const valid = Number.isInteger(codePoint) && codePoint >= 0 && codePoint <= 0x10ffff
  const char = valid ? String.fromCodePoint(codePoint) : '\ufffd'
  if (char === "'") return String.raw`'\''`
  return char === '"' ? `'"'` : `'${goQuote(char).slice(1, -1)}'`
}

/** A string as package time quotes it in its errors: what is not printable ASCII shows as its bytes. */
export function goTimeQuote(text: string): string {
  const shown = text.replaceAll(/["\\]/g, String.raw`\$&`)
  return `"${shown.replaceAll(/[^ -\x7f]/gu, (char) => [...new TextEncoder().encode(char)].map(hexByte).join(''))}"`
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x80) return shortEscapes[char] ?? hexByte(code)
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
