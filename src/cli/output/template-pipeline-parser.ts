/** Reads what stands inside an action: pipelines, commands and operands. */
import { goQuote } from '#base/data/go-quote.ts'
import type { GantryError } from '#base/errors/gantry-error.ts'
import { GoFloat } from './go-values.ts'
import type { Segment, Token, TokenKind } from './template-lexer.ts'
import { parseFailure } from './template-lexer.ts'
import type { Command, Operand, Pipeline } from './template-tree.ts'

export interface Scope {
  readonly functions: ReadonlySet<string>
  /** Variables in sight; declarations are appended. */
  readonly variables: string[]
}

/** Walks the tokens of one action. */
export class TokenReader {
  readonly scope: Scope
  readonly position: number
  private readonly tokens: readonly Token[]
  private readonly line: number
  private at = 0

  constructor(segment: Extract<Segment, { kind: 'action' }>, scope: Scope) {
    this.tokens = segment.tokens
    this.line = segment.line
    this.position = segment.position
    this.scope = scope
  }

  /** The next token that is no space, without taking it. */
  peek(): Token | undefined {
    while (this.tokens[this.at]?.kind === 'space') this.at += 1
    return this.tokens[this.at]
  }

  next(): Token | undefined {
    const token = this.peek()
    if (token !== undefined) this.at += 1
    return token
  }

  /** The very next token, spaces included. */
  peekExact(): Token | undefined {
    return this.tokens[this.at]
  }

  peekWord(): string | undefined {
    const token = this.peek()
    return token?.kind === 'identifier' ? token.text : undefined
  }

  atEnd(): boolean {
    return this.peek() === undefined
  }

  mark(): number {
    return this.at
  }

  rewind(mark: number): void {
    this.at = mark
  }

  failure(message: string): GantryError {
    return parseFailure(message, this.tokens[Math.min(this.at, this.tokens.length - 1)]?.line ?? this.line)
  }

  /** The text that a string token stands for. */
  stringValue(token: Token): string {
    if (token.text.startsWith('`')) return token.text.slice(1, -1)
    return unescape(token.text.slice(1, -1))
  }
}

const operandStarts: ReadonlySet<TokenKind> = new Set([
  'character',
  'dot',
  'field',
  'identifier',
  'number',
  'string',
  'variable',
  'open',
])

/** Reads a pipeline to the end of its action, or to the closing parenthesis. `context` names it in errors. */
export function parsePipeline(reader: TokenReader, context: string): Pipeline {
  const declared = parseDeclarations(reader, context)
  const position = reader.peek()?.position ?? reader.position + 2
  const commands: Command[] = []
  for (let token = reader.peek(); token !== undefined && token.kind !== 'close'; token = reader.peek()) {
    if (!operandStarts.has(token.kind)) throw reader.failure(`unexpected ${quoteToken(token)} in ${context}`)
    commands.push(parseCommand(reader))
  }
  if (commands.length === 0) throw reader.failure(`missing value for ${context}`)
  checkStages(reader, commands)
  return { ...declared, commands, position }
}

function checkStages(reader: TokenReader, commands: readonly Command[]): void {
  for (const [index, command] of commands.entries()) {
    const kind = command.operands[0]?.kind
    if (index > 0 && (kind === 'literal' || kind === 'dot' || kind === 'nil'))
      throw reader.failure(`non executable command in pipeline stage ${index + 1}`)
  }
}

function parseDeclarations(
  reader: TokenReader,
  context: string,
): { readonly variables: readonly string[]; readonly assigns: boolean } {
  const start = reader.mark()
  const variables: string[] = []
  const end = readDeclared(reader, variables, context)
  if (end === undefined) {
    reader.rewind(start)
    return { variables: [], assigns: false }
  }
  if (end === 'declare') reader.scope.variables.push(...variables)
  return { variables, assigns: end === 'assign' }
}

/** Names up to `:=` or `=`; undefined when the pipeline does not begin with such. */
function readDeclared(reader: TokenReader, variables: string[], context: string): 'declare' | 'assign' | undefined {
  for (let name = reader.next(); name?.kind === 'variable'; name = reader.next()) {
    variables.push(name.text)
    const after = reader.next()?.kind
    if (after === 'declare' || after === 'assign') return after
    if (after !== 'comma') return undefined
    if (context !== 'range' || variables.length === 2) throw reader.failure(`too many declarations in ${context}`)
  }
  return undefined
}

function parseCommand(reader: TokenReader): Command {
  const operands: Operand[] = []
  const position = reader.peek()?.position ?? 0
  do {
    const token = reader.peek()
    if (token !== undefined && operandStarts.has(token.kind)) operands.push(parseOperand(reader))
  } while (takesMore(reader))
  takePipe(reader)
  if (operands.length === 0) throw reader.failure('empty command')
  return { operands, position }
}

/** True when a space and then something follows: operands are apart. */
function takesMore(reader: TokenReader): boolean {
  return reader.peekExact()?.kind === 'space' && reader.peek() !== undefined
}

function takePipe(reader: TokenReader): void {
  const separator = reader.peek()
  if (separator === undefined || separator.kind === 'close') return
  if (separator.kind !== 'pipe') throw reader.failure(`unexpected ${quoteToken(separator)} in operand`)
  reader.next()
}

function quoteToken(token: Token): string {
  return token.kind === 'dot' ? '<.>' : goQuote(token.text)
}

function parseOperand(reader: TokenReader): Operand {
  const term = parseTerm(reader)
  const first = reader.peekExact()
  if (first?.kind === 'dot')
    throw reader.failure(term.kind === 'dot' ? 'unexpected . after term "."' : 'unexpected <.> in operand')
  if (first?.kind !== 'field') return term
  const names: string[] = []
  for (let token = reader.peekExact(); token?.kind === 'field'; token = reader.peekExact()) {
    names.push(token.text.slice(1))
    reader.next()
  }
  return fieldsOf(reader, term, { names, position: first.position })
}

/** Fields behind a term, which must be something that has fields. */
function fieldsOf(
  reader: TokenReader,
  term: Operand,
  { names, position }: { readonly names: readonly string[]; readonly position: number },
): Operand {
  switch (term.kind) {
    case 'field':
      return { kind: 'field', names: [...term.names, ...names], position }
    case 'variable':
      return { ...term, names, position }
    case 'nil':
      throw reader.failure('unexpected . after term "nil"')
    case 'literal':
      throw reader.failure(`unexpected . after term ${goQuote(term.text)}`)
    case 'dot':
      throw reader.failure('unexpected . after term "."')
    default:
      return { kind: 'chain', of: term, names, position }
  }
}

function parseTerm(reader: TokenReader): Operand {
  const token = reader.next()
  if (token === undefined) throw reader.failure('missing value')
  const { text, position } = token
  switch (token.kind) {
    case 'dot':
      return { kind: 'dot', position }
    case 'field':
      return { kind: 'field', names: [text.slice(1)], position }
    case 'variable':
      if (!reader.scope.variables.includes(text)) throw reader.failure(`undefined variable ${goQuote(text)}`)
      return { kind: 'variable', name: text, names: [], position }
    case 'identifier':
      return parseWord(reader, token)
    case 'string':
      return { kind: 'literal', value: reader.stringValue(token), text, position }
    case 'character':
      return { kind: 'literal', value: unescape(text.slice(1, -1)).codePointAt(0) ?? 0, text, position }
    case 'number':
      return { kind: 'literal', value: numberValue(reader, text), text, position }
    default:
      return parseParenthesis(reader, position)
  }
}

function parseWord(reader: TokenReader, token: Token): Operand {
  const { text, position } = token
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true', text, position }
  if (text === 'nil') return { kind: 'nil', position }
  if (!reader.scope.functions.has(text)) throw reader.failure(`function ${goQuote(text)} not defined`)
  return { kind: 'function', name: text, position }
}

function parseParenthesis(reader: TokenReader, position: number): Operand {
  const pipeline = parsePipeline(reader, 'parenthesized pipeline')
  reader.next()
  return { kind: 'pipeline', pipeline, position }
}

function numberValue(reader: TokenReader, text: string): unknown {
  const plain = text.replaceAll('_', '')
  if (/^[+-]?0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8)
  const hex = /^[+-]?0[xXbBoO]/.test(plain)
  const value = hex ? Number(plain.replace(/^[+-]/, '')) * (plain.startsWith('-') ? -1 : 1) : Number(plain)
  if (Number.isNaN(value)) throw reader.failure(`bad number syntax: ${goQuote(text)}`)
  if (hex || /^[+-]?\d+$/.test(plain)) return Number.isSafeInteger(value) ? value : BigInt(plain)
  return Number.isInteger(value) && /[eE]/.test(plain) ? value : new GoFloat(value)
}

const escapes: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** Undoes Go's escapes in an interpreted string. */
function unescape(body: string): string {
  return body.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)/gs, (_, code: string) => {
    const short = escapes[code]
    if (short !== undefined) return short
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16))
    return /^[0-7]{3}$/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : code
  })
}
