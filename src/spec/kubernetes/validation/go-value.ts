/** Values as Go prints them in messages: quoted text, JSON with HTML characters escaped, lists of strings in Go syntax. */

import { goQuote } from '#base/data/go-quote.ts'

/** A value whose printed form was worked out by the caller. */
export class GoValue {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
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
