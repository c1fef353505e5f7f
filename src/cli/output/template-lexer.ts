/** Splits a Go template into text and the tokens of its actions (text/template/parse, lex.go's token kinds). */
import { GantryError } from '#base/errors/gantry-error.ts'

export type TokenKind =
  | 'field'
  | 'variable'
  | 'identifier'
  | 'string'
  | 'character'
  | 'number'
  | 'dot'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'comma'
  | 'open'
  | 'close'
  | 'space'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly line: number
  /** Offset in the template source. */
  readonly position: number
}

/** Literal text, or the tokens of one action (without its delimiters). */
export type Segment =
  | { readonly kind: 'text'; readonly text: string; readonly line: number }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number; readonly position: number }

/** A failure to read a template, in Go's words (`template: :1: unclosed action`). */
export function parseFailure(message: string, line: number): GantryError {
  return new GantryError('CLI_TEMPLATE_INVALID', 'invalid', `template: :${line}: ${message}`, {
    remedy: "Templates are Go's: '{{.Name}}' prints a field, '{{json .}}' everything; quote them for the shell.",
  })
}

const tokenPatterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /\s+/y],
  ['string', /"(?:[^"\\\n]|\\.)*"/y],
  ['string', /`[^`]*`/y],
  ['character', /'(?:[^'\\\n]|\\.)+'/y],
  [
    'number',
    /[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\p{L}\p{Nd}_])/uy,
  ],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['identifier', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['dot', /\./y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['open', /\(/y],
  ['close', /\)/y],
]

/** The segments of a template; trim markers (`{{-`, `-}}`) are already applied and comments dropped. */
export function lexTemplate(source: string): readonly Segment[] {
  const segments: Segment[] = []
  let position = 0
  let trimNext = false
  while (position <= source.length) {
    const open = source.indexOf('{{', position)
    const raw = source.slice(position, open < 0 ? source.length : open)
    const line = lineAt(source, position)
    const trimEnd = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4))
    let text = trimNext ? raw.replace(/^[ \t\r\n]+/, '') : raw
    if (trimEnd) text = text.replace(/[ \t\r\n]+$/, '')
    if (text !== '') segments.push({ kind: 'text', text, line })
    if (open < 0) break
    const action = lexAction(source, open + (trimEnd ? 3 : 2))
    if (action.tokens !== undefined)
      segments.push({ kind: 'action', tokens: action.tokens, line: lineAt(source, open), position: open })
    position = action.end
    trimNext = action.trim
  }
  return segments
}

interface LexedAction {
  /** Left out for a comment. */
  readonly tokens?: readonly Token[]
  readonly end: number
  readonly trim: boolean
}

function lexAction(source: string, start: number): LexedAction {
  if (/^\s*\/\*/.test(source.slice(start))) return lexComment(source, start)
  const tokens: Token[] = []
  let position = start
  let depth = 0
  for (;;) {
    const close = /(?:\s-)?\}\}/y
    close.lastIndex = position
    const closing = close.exec(source)
    if (closing !== null) {
      if (depth > 0) throw parseFailure('unclosed left paren', lineAt(source, position))
      return {
        tokens: tokens.filter((token, at) => token.kind !== 'space' || keepsSpace(tokens, at)),
        end: close.lastIndex,
        trim: closing[0].length === 4,
      }
    }
    const token = lexToken(source, position)
    if (token.kind === 'open') depth += 1
    if (token.kind === 'close') depth -= 1
    if (depth < 0) throw parseFailure('unexpected right paren', token.line)
    tokens.push(token)
    position += token.text.length
  }
}

/** Spaces matter only between operands, where they separate arguments from field chains. */
function keepsSpace(tokens: readonly Token[], at: number): boolean {
  return at > 0 && at < tokens.length - 1
}

function lexComment(source: string, start: number): LexedAction {
  const end = source.indexOf('*/', start)
  if (end < 0) throw parseFailure('unclosed comment', lineAt(source, start))
  const close = /(?:\s-)?\}\}/y
  close.lastIndex = end + 2
  const closing = close.exec(source)
  if (closing === null) throw parseFailure('comment ends before closing delimiter', lineAt(source, start))
  return { end: close.lastIndex, trim: closing[0].length === 4 }
}

function lexToken(source: string, position: number): Token {
  const line = lineAt(source, position)
  if (position >= source.length) throw parseFailure('unclosed action', line)
  for (const [kind, pattern] of tokenPatterns) {
    pattern.lastIndex = position
    const match = pattern.exec(source)
    if (match !== null) return { kind, text: match[0], line, position }
  }
  throw lexFailure(source, position, line)
}

function lexFailure(source: string, position: number, line: number): GantryError {
  const character = source[position] ?? ''
  if (character === '"') return parseFailure('unterminated quoted string', line)
  if (character === '`') return parseFailure('unterminated raw quoted string', line)
  if (character === "'") return parseFailure('unterminated character constant', line)
  if (/[+\-\d]/.test(character)) {
    const bad = /^[+-]?[\w.]*/.exec(source.slice(position))?.[0] ?? character
    return parseFailure(`bad number syntax: "${bad}"`, line)
  }
  const code = (source.codePointAt(position) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  if (character === '}' || character === '{' || /[!-~]/.test(character))
    return parseFailure(`unexpected "${character}" in operand`, line)
  return parseFailure(`unrecognized character in action: U+${code} '${character}'`, line)
}

function lineAt(source: string, position: number): number {
  let line = 1
  for (let at = source.indexOf('\n'); at >= 0 && at < position; at = source.indexOf('\n', at + 1)) line += 1
  return line
}
