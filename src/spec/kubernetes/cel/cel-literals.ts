/** The values that string and bytes literals write (cel-spec, escapes). */
import { CelSyntaxError } from './cel-issue.ts'

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
}

interface LiteralParts {
  readonly body: string
  readonly isRaw: boolean
}

function literalParts(word: string): LiteralParts {
  const prefix = /^[rRbB]*/.exec(word)?.[0] ?? ''
  const quoted = word.slice(prefix.length)
  const quote = /^("""|'''|"|')/.exec(quoted)?.[0] ?? ''
  return { body: quoted.slice(quote.length, -quote.length).replaceAll(/\r\n?/g, '\n'), isRaw: /r/i.test(prefix) }
}

const escape =
  /\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/gu

/** The text that a string literal writes. @throws CelSyntaxError for an unknown escape; `at` is the literal's place. */
export function stringOfLiteral(word: string, at: number): string {
  const { body, isRaw } = literalParts(word)
  if (isRaw) return body
  return body.replaceAll(escape, (whole: string, ...groups: readonly (string | undefined)[]) => {
    const code = codeOf(groups)
    if (code === undefined) return simpleEscape(whole, at)
    if (code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff)) {
      throw new CelSyntaxError(at, 'invalid unicode code point')
    }
    return String.fromCodePoint(code)
  })
}

/** The bytes that a bytes literal writes. @throws CelSyntaxError for an unknown escape; `at` is the literal's place. */
export function bytesOfLiteral(word: string, at: number): Uint8Array {
  const { body, isRaw } = literalParts(word)
  if (isRaw) return new TextEncoder().encode(body)
  const parts: number[] = []
  let last = 0
  const addText = (text: string): void => {
    for (const byte of new TextEncoder().encode(text)) parts.push(byte)
  }
  for (const found of body.matchAll(escape)) {
    addText(body.slice(last, found.index))
    last = found.index + found[0].length
    const code = codeOf(found.slice(1, 7))
    if (code === undefined) addText(simpleEscape(found[0], at))
    else if (/^\\[uU]/.test(found[0])) throw new CelSyntaxError(at, String.raw`unable to unescape string`)
    else parts.push(code)
  }
  addText(body.slice(last))
  return Uint8Array.from(parts)
}

function codeOf(groups: readonly (string | undefined)[]): number | undefined {
  const hex = groups[0] ?? groups[1] ?? groups[2] ?? groups[3]
  if (hex !== undefined) return Number.parseInt(hex, 16)
  return groups[4] === undefined ? undefined : Number.parseInt(groups[4], 8)
}

function simpleEscape(whole: string, at: number): string {
  const text = simpleEscapes[whole.slice(1)]
  if (text === undefined) throw new CelSyntaxError(at, 'unable to unescape string')
  return text
}
