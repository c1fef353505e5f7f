/** Values as Go prints them in messages: quoted text, JSON with HTML characters escaped, lists of strings in Go syntax. */

/** A value whose printed form was worked out by the caller. */
export class GoValue {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u000b': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

function escaped(character: string): string {
  const short = shortEscapes[character]
  if (short !== undefined) return short
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** Text in double quotes as Go's `%q` writes it. */
export function goQuote(text: string): string {
  return `"${text.replaceAll(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escaped)}"`
}

/** A list of strings as Go's `%#v` writes it: `[]string{"a", "b"}`. */
export function goStrings(values: readonly string[]): string {
  return `[]string{${values.map(goQuote).join(', ')}}`
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** JSON text with HTML characters escaped as Go's encoder does. */
export function withHtmlEscaped(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (character) => htmlEscapes[character] ?? character)
}

/** JSON as Go's encoder writes it; undefined prints as null. */
export function goJson(value: unknown): string {
  return withHtmlEscaped(JSON.stringify(value === undefined ? null : value) ?? 'null')
}
