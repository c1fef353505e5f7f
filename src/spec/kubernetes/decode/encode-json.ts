/** Canonical objects as the API server writes them: Go's JSON, with its escapes and the line end behind each object. */

const escaped: Readonly<Record<string, string>> = {
  '<': String.raw`\u003c`,
  '>': String.raw`\u003e`,
  '&': String.raw`\u0026`,
  '\u2028': String.raw`\u2028`,
  '\u2029': String.raw`\u2029`,
}
const toEscape = /[<>&\u2028\u2029]/
const everyToEscape = /[<>&\u2028\u2029]/g

/** One object and a line end. Member order is that of the object: decoding made it canonical. */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value)
  return `${toEscape.test(text) ? text.replace(everyToEscape, (char) => escaped[char] ?? char) : text}\n`
}
