/** The words of an expression (cel-spec, syntax). */
import { CelSyntaxError } from './cel-issue.ts'

export type TokenKind = 'ident' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'word' | 'mark' | 'end'

/** One word: its kind, its text as written, and where it starts in UTF-16 units. */
export interface CelToken {
  readonly kind: TokenKind
  readonly text: string
  readonly at: number
}

const keywords: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null'])

const blank = /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y
const numberText = /0x[0-9a-fA-F]+[uU]?|(?:[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|[0-9]+[uU]?)/y
const identText = /[A-Za-z_][A-Za-z0-9_]*/y
const stringStart = /(?:[rR][bB]?|[bB][rR]?)?(?:"""|'''|"|')/y
const markText = /==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y

/** The words of a text, ended by one of kind `end`. @throws CelSyntaxError for a character that starts no word. */
export function celTokens(text: string): readonly CelToken[] {
  const tokens: CelToken[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  const add = (kind: TokenKind, word: string): void => {
    tokens.push({ kind, text: word, at })
    at += word.length
  }
  while (at < text.length) {
    const skipped = match(blank)
    if (skipped !== undefined) {
      at += skipped.length
      continue
    }
    const opening = match(stringStart)
    if (opening !== undefined) {
      const word = stringWord(text, at, opening)
      add(/b/i.test(opening) ? 'bytes' : 'string', word)
      continue
    }
    const ident = match(identText)
    if (ident !== undefined) {
      add(keywords.has(ident) ? 'word' : 'ident', ident)
      continue
    }
    const number = match(numberText)
    if (number !== undefined) {
      add(numberKind(number), number)
      continue
    }
    const mark = match(markText)
    if (mark === undefined)
      throw new CelSyntaxError(at, `Syntax error: token recognition error at: '${unknown(text, at)}'`)
    add('mark', mark)
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: text.length })
  return tokens
}

function unknown(text: string, at: number): string {
  return Array.from(text.slice(at, at + 2))[0] ?? ''
}

function numberKind(text: string): TokenKind {
  if (/u$/i.test(text)) return 'uint'
  return text.startsWith('0x') || !/[.eE]/.test(text) ? 'int' : 'double'
}

function stringWord(text: string, at: number, opening: string): string {
  const quote = opening.replace(/^[rRbB]+/, '')
  const isRaw = /^[bB]?[rR]/.test(opening)
  let end = at + opening.length
  while (end < text.length) {
    if (text.startsWith(quote, end)) return text.slice(at, end + quote.length)
    const char = text[end] as string
    if (quote.length === 1 && (char === '\n' || char === '\r')) break
    end += char === '\\' && !isRaw ? 2 : 1
  }
  const shown = text.slice(at, end)
  throw new CelSyntaxError(at, `Syntax error: token recognition error at: '${shown.replaceAll('\n', String.raw`\n`)}'`)
}
