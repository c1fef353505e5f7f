/** Text to syntax tree: a parser by descent, one method a level of precedence, that expands macros as it goes. */
import { CelSyntaxError } from './cel-issue.ts'
import { expressionLengthMax, nestingMax } from './cel-limits.ts'
import { bytesOfLiteral, stringOfLiteral } from './cel-literals.ts'
import { expandMacro } from './cel-macros.ts'
import { celTokens, type CelToken } from './cel-tokens.ts'
import { CelUint, codePointCount, fitsInt, fitsUint, type CelValue } from './cel-value.ts'
import {
  makeNode,
  type CallNode,
  type CelNode,
  type FieldNode,
  type IdentNode,
  type ListNode,
  type LiteralNode,
  type MapEntryNode,
  type MapNode,
  type SelectNode,
  type StructNode,
} from './syntax-tree.ts'

const reserved: ReadonlySet<string> = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
)

const primaryExpected =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
const treeDepthMax = 1000
const relations: ReadonlySet<string> = new Set(['<', '<=', '>=', '>', '==', '!=', 'in'])
const sums: ReadonlySet<string> = new Set(['+', '-'])
const products: ReadonlySet<string> = new Set(['*', '/', '%'])

/** What an expression may be written with beyond what all have. */
export interface CelWriting {
  /** `cel.bind(name, value, expression)` (cel-go's bindings extension). */
  readonly hasBindings?: boolean
}

/** The tree of an expression. @throws CelSyntaxError with upstream's words and the place. */
export function parseCel(text: string, writing: CelWriting = {}): CelNode {
  const length = codePointCount(text)
  if (length > expressionLengthMax) {
    throw new CelSyntaxError(
      0,
      `expression code point size exceeds limit: size: ${length}, limit ${expressionLengthMax}`,
    )
  }
  const parser = new Parser(celTokens(text), writing)
  return parser.whole()
}

function call(at: number, name: string, ...args: readonly CelNode[]): CallNode {
  return makeNode<CallNode>({ kind: 'call', at, name, target: undefined, args })
}

function isMark({ kind }: CelToken): boolean {
  return kind === 'mark' || kind === 'word'
}

const openers: ReadonlySet<string> = new Set(['true', 'false', 'null', '(', '[', '{', '.', '-', '!'])

function startsExpression(token: CelToken): boolean {
  return isMark(token) ? openers.has(token.text) : token.kind !== 'end'
}

class Parser {
  readonly #tokens: readonly CelToken[]
  readonly #writing: CelWriting
  #next = 0
  #nesting = 0

  constructor(tokens: readonly CelToken[], writing: CelWriting) {
    this.#tokens = tokens
    this.#writing = writing
  }

  whole(): CelNode {
    const node = this.#expression()
    if (this.#token.kind !== 'end') throw this.#unexpected('<EOF>', ({ kind }) => kind === 'end')
    return node
  }

  get #token(): CelToken {
    return this.#tokens[this.#next] as CelToken
  }

  #take(): CelToken {
    const token = this.#token
    if (token.kind !== 'end') this.#next += 1
    return token
  }

  #is(text: string): boolean {
    return isMark(this.#token) && this.#token.text === text
  }

  #accept(text: string): CelToken | undefined {
    return this.#is(text) ? this.#take() : undefined
  }

  #expect(text: string): CelToken {
    const token = this.#accept(text)
    if (token !== undefined) return token
    const found = this.#token
    const mayFollow = text === ':' ? startsExpression(found) : found.kind === 'end'
    if (mayFollow) throw new CelSyntaxError(found.at, `Syntax error: missing '${text}' at '${found.text}'`)
    throw this.#unexpected(`'${text}'`, (token) => isMark(token) && token.text === text)
  }

  /** A token in the way is extraneous where the one after it would do. */
  #unexpected(expected: string, wouldDo: (token: CelToken) => boolean): CelSyntaxError {
    const { at, text, kind } = this.#token
    const next = this.#tokens[this.#next + 1]
    const isInTheWay = kind !== 'end' && next !== undefined && wouldDo(next)
    const what = isInTheWay ? 'extraneous' : 'mismatched'
    return new CelSyntaxError(at, `Syntax error: ${what} input '${text}' expecting ${expected}`)
  }

  #checked<T extends CelNode>(node: T): T {
    if (node.depth > treeDepthMax) throw new CelSyntaxError(node.at, 'max recursion depth exceeded')
    return node
  }

  #expression(): CelNode {
    this.#nesting += 1
    if (this.#nesting > nestingMax) {
      throw new CelSyntaxError(this.#token.at, `expression recursion limit exceeded: ${nestingMax}`)
    }
    const condition = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#binary(0)))
    const question = this.#accept('?')
    let node = condition
    if (question !== undefined) {
      const yes = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#binary(0)))
      this.#expect(':')
      node = this.#checked(call(question.at, '_?_:_', condition, yes, this.#expression()))
    }
    this.#nesting -= 1
    return node
  }

  /** Chains of one logical operator become a balanced tree, so that long ones stay shallow. */
  #logical(mark: string, name: string, term: () => CelNode): CelNode {
    const terms = [term()]
    const places: number[] = []
    for (let token = this.#accept(mark); token !== undefined; token = this.#accept(mark)) {
      places.push(token.at)
      terms.push(term())
    }
    const balanced = (low: number, high: number): CelNode => {
      const middle = Math.floor((low + high + 1) / 2)
      const left = middle === low ? terms[middle] : balanced(low, middle - 1)
      const right = middle === high ? terms[middle + 1] : balanced(middle + 1, high)
      return call(places[middle] as number, name, left as CelNode, right as CelNode)
    }
    return places.length === 0 ? (terms[0] as CelNode) : this.#checked(balanced(0, places.length - 1))
  }

  #binary(level: number): CelNode {
    const marks = [relations, sums, products][level]
    if (marks === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    while ((this.#token.kind === 'mark' || this.#token.kind === 'word') && marks.has(this.#token.text)) {
      const { text, at } = this.#take()
      const name = text === 'in' ? '@in' : `_${text}_`
      left = this.#checked(call(at, name, left, this.#binary(level + 1)))
    }
    return left
  }

  #unary(): CelNode {
    for (const mark of ['!', '-']) {
      const first = this.#accept(mark)
      if (first === undefined) continue
      const isNumber = this.#token.kind === 'int' || this.#token.kind === 'double'
      if (mark === '-' && isNumber) return this.#members(this.#number(this.#take(), '-'))
      let count = 1
      while (this.#accept(mark) !== undefined) count += 1
      const operand = this.#members(this.#primary())
      return count % 2 === 0 ? operand : this.#checked(call(first.at, `${mark}_`, operand))
    }
    return this.#members(this.#primary())
  }

  #members(start: CelNode): CelNode {
    let node = start
    for (;;) {
      const next = this.#member(node)
      if (next === undefined) return node
      node = this.#checked(next)
    }
  }

  #member(node: CelNode): CelNode | undefined {
    const dot = this.#accept('.')
    if (dot !== undefined) return this.#selection(node, dot)
    const open = this.#accept('[')
    if (open !== undefined) {
      const isOptional = this.#accept('?') !== undefined
      const index = this.#expression()
      this.#expect(']')
      return call(open.at, isOptional ? '_[?_]' : '_[_]', node, index)
    }
    if (!this.#is('{')) return undefined
    const name = qualifiedName(node)
    return name === undefined ? undefined : this.#struct(name)
  }

  #selection(operand: CelNode, dot: CelToken): CelNode {
    if (this.#accept('?') !== undefined) {
      const { text, at } = this.#ident()
      return call(dot.at, '_?._', operand, makeNode<LiteralNode>({ kind: 'literal', at, value: text }))
    }
    const name = this.#ident()
    const open = this.#accept('(')
    if (open === undefined) {
      return makeNode<SelectNode>({ kind: 'select', at: dot.at, operand, field: name.text, testOnly: false })
    }
    return this.#call(open.at, name.text, operand)
  }

  #call(at: number, name: string, target: CelNode | undefined): CelNode {
    const args: CelNode[] = []
    if (!this.#is(')')) {
      do args.push(this.#expression())
      while (this.#accept(',') !== undefined)
    }
    this.#expect(')')
    const written = makeNode<CallNode>({ kind: 'call', at, name, target, args })
    return expandMacro(written, this.#writing.hasBindings === true) ?? written
  }

  #ident(): CelToken {
    const token = this.#take()
    if (token.kind === 'ident') return token
    throw new CelSyntaxError(token.at, `Syntax error: mismatched input '${token.text}' expecting IDENTIFIER`)
  }

  #primary(): CelNode {
    if (!startsExpression(this.#token)) throw this.#unexpected(primaryExpected, startsExpression)
    const token = this.#take()
    switch (token.kind) {
      case 'int':
      case 'uint':
      case 'double':
        return this.#number(token, '')
      case 'string':
        return literal(token.at, stringOfLiteral(token.text, token.at))
      case 'bytes':
        return literal(token.at, bytesOfLiteral(token.text, token.at))
      case 'ident':
        return this.#named(token, token.text)
      default:
        return this.#marked(token)
    }
  }

  #marked(token: CelToken): CelNode {
    switch (token.text) {
      case 'true':
      case 'false':
        return literal(token.at, token.text === 'true')
      case 'null':
        return literal(token.at, null)
      case '(': {
        const inside = this.#expression()
        this.#expect(')')
        return inside
      }
      case '[':
        return this.#list(token)
      case '{':
        return this.#map(token)
      case '.':
        return this.#named(this.#ident())
      default:
        throw new CelSyntaxError(
          token.at,
          `Syntax error: mismatched input '${token.text}' expecting ${primaryExpected}`,
        )
    }
  }

  #named(token: CelToken, name: string = `.${token.text}`): CelNode {
    if (reserved.has(token.text)) throw new CelSyntaxError(token.at, `reserved identifier: ${token.text}`)
    const open = this.#accept('(')
    if (open !== undefined) return this.#call(open.at, token.text, undefined)
    return makeNode<IdentNode>({ kind: 'ident', at: token.at, name: name.replace(/^\./, '') })
  }

  #number(token: CelToken, sign: string): CelNode {
    const { kind, text, at } = token
    if (kind === 'double') {
      const value = Number(sign + text)
      if (!Number.isFinite(value)) throw new CelSyntaxError(at, 'invalid double literal')
      return literal(at, value)
    }
    if (kind === 'uint') {
      const value = BigInt(text.slice(0, -1))
      if (!fitsUint(value)) throw new CelSyntaxError(at, 'invalid uint literal')
      return literal(at, new CelUint(value))
    }
    const value = sign === '' ? BigInt(text) : -BigInt(text)
    if (!fitsInt(value)) throw new CelSyntaxError(at, 'invalid int literal')
    return literal(at, value)
  }

  #list({ at }: CelToken): CelNode {
    const elements: CelNode[] = []
    const optional = new Set<number>()
    while (!this.#is(']')) {
      if (this.#accept('?') !== undefined) optional.add(elements.length)
      elements.push(this.#expression())
      if (this.#accept(',') === undefined || this.#token.kind === 'end') break
    }
    this.#expect(']')
    return this.#checked(makeNode<ListNode>({ kind: 'list', at, elements, optional }))
  }

  #map({ at }: CelToken): CelNode {
    const entries: MapEntryNode[] = []
    while (!this.#is('}')) {
      const optional = this.#accept('?') !== undefined
      const key = this.#expression()
      const colon = this.#expect(':')
      entries.push({ at: colon.at, key, value: this.#expression(), optional })
      if (this.#accept(',') === undefined || this.#token.kind === 'end') break
    }
    this.#expect('}')
    return this.#checked(makeNode<MapNode>({ kind: 'map', at, entries }))
  }

  #struct(name: string): CelNode {
    const { at } = this.#expect('{')
    const fields: FieldNode[] = []
    while (!this.#is('}')) {
      const optional = this.#accept('?') !== undefined
      const field = this.#ident()
      const colon = this.#expect(':')
      fields.push({ at: colon.at, name: field.text, value: this.#expression(), optional })
      if (this.#accept(',') === undefined || this.#token.kind === 'end') break
    }
    this.#expect('}')
    return this.#checked(makeNode<StructNode>({ kind: 'struct', at, name, fields }))
  }
}

function literal(at: number, value: CelValue): LiteralNode {
  return makeNode<LiteralNode>({ kind: 'literal', at, value })
}

/** The dotted name that a chain of selections spells, or undefined. */
export function qualifiedName(node: CelNode): string | undefined {
  if (node.kind === 'ident') return node.name
  if (node.kind !== 'select' || node.testOnly) return undefined
  const before = qualifiedName(node.operand)
  return before === undefined ? undefined : `${before}.${node.field}`
}
