/** Reads Go templates into trees, with Go's wording for what is wrong (text/template/parse, parse.go). */
import { goQuote } from '#base/data/go-quote.ts'
import type { GantryError } from '#base/errors/gantry-error.ts'
import { parsePipeline, TokenReader } from './template-pipeline-parser.ts'
import type { Segment, Token } from './template-lexer.ts'
import { lexTemplate, parseFailure } from './template-lexer.ts'
import type { Node, TemplateTree } from './template-tree.ts'

/** Parses `source`; `functions` are the names that identifiers may have. Throws CLI_TEMPLATE_INVALID. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): TemplateTree {
  const parser = new Parser(lexTemplate(source), functions, source)
  const root = parser.body()
  return { source, root, named: parser.named }
}

type Ending = 'end' | 'else' | 'eof'

class Parser {
  readonly named = new Map<string, readonly Node[]>()
  private at = 0
  private rangeDepth = 0
  private variables: string[] = ['$']
  /** What follows the `else` that ended the last list, for `else if` and `else with`. */
  private elseReader: TokenReader | undefined
  private readonly segments: readonly Segment[]
  private readonly functions: ReadonlySet<string>
  private readonly source: string

  constructor(segments: readonly Segment[], functions: ReadonlySet<string>, source: string) {
    this.segments = segments
    this.functions = functions
    this.source = source
  }

  body(): readonly Node[] {
    const { nodes, ending } = this.list()
    if (ending !== 'eof') throw this.failure(`unexpected {{${ending}}}`)
    return nodes
  }

  private failure(message: string): GantryError {
    return parseFailure(message, this.segments[Math.max(0, this.at - 1)]?.line ?? 1)
  }

  private list(): { readonly nodes: readonly Node[]; readonly ending: Ending } {
    const nodes: Node[] = []
    for (;;) {
      const segment = this.segments[this.at++]
      if (segment === undefined) return { nodes, ending: 'eof' }
      if (segment.kind === 'text') {
        nodes.push(segment)
        continue
      }
      const reader = this.reader(segment)
      const word = reader.peekWord()
      if (word === 'end' || word === 'else') {
        reader.next()
        if (word === 'end' && !reader.atEnd()) throw this.failure(`unexpected ${describe(reader.peek())} in end`)
        this.elseReader = reader
        return { nodes, ending: word }
      }
      const node = this.action(reader, word)
      if (node !== undefined) nodes.push(node)
    }
  }

  private reader(segment: Extract<Segment, { kind: 'action' }>): TokenReader {
    return new TokenReader(segment, { functions: this.functions, variables: this.variables })
  }

  private action(reader: TokenReader, word: string | undefined): Node | undefined {
    if (word === undefined || !keywords.has(word)) return { kind: 'action', pipeline: parsePipeline(reader, 'command') }
    reader.next()
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        return this.control(word, reader)
      case 'break':
      case 'continue':
        if (this.rangeDepth === 0) throw this.failure(`{{${word}}} outside {{range}}`)
        return { kind: word }
      case 'define':
        this.define(reader)
        return undefined
      default:
        return this.invocation(reader, word)
    }
  }

  private control(kind: 'if' | 'with' | 'range', reader: TokenReader): Node {
    const scope = this.variables.length
    const pipeline = parsePipeline(reader, kind)
    if (kind === 'range') this.rangeDepth += 1
    const { nodes, ending } = this.list()
    if (kind === 'range') this.rangeDepth -= 1
    const otherwise = ending === 'else' ? this.otherwise(kind) : undefined
    if (ending === 'eof') throw this.failure('unexpected EOF')
    this.variables.length = scope
    return { kind, pipeline, body: nodes, otherwise }
  }

  private otherwise(kind: 'if' | 'with' | 'range'): readonly Node[] {
    const reader = this.elseReader
    const word = reader?.peekWord()
    if (reader !== undefined && word === kind && kind !== 'range') {
      reader.next()
      return [this.control(kind, reader)]
    }
    if (reader !== undefined && !reader.atEnd()) throw this.failure(`unexpected ${describe(reader.peek())} in else`)
    const { nodes, ending } = this.list()
    if (ending === 'eof') throw this.failure('unexpected EOF')
    if (ending === 'else') throw this.failure('expected end; found {{else}}')
    return nodes
  }

  private define(reader: TokenReader): void {
    const name = this.templateName(reader, 'define clause')
    const outer = { variables: this.variables, rangeDepth: this.rangeDepth }
    this.variables = ['$']
    this.rangeDepth = 0
    const { nodes, ending } = this.list()
    if (ending === 'eof') throw this.failure('unexpected EOF')
    if (ending === 'else') throw this.failure('unexpected {{else}} in define clause')
    this.variables = outer.variables
    this.rangeDepth = outer.rangeDepth
    this.named.set(name, nodes)
  }

  /** `{{template "name" pipeline}}`, and `{{block "name" pipeline}}…{{end}}`, which also defines it. */
  private invocation(reader: TokenReader, word: string): Node {
    const position = this.source.indexOf(word, reader.position) + word.length + 1
    const name = this.templateName(reader, word === 'block' ? 'block clause' : 'template clause')
    const pipeline = reader.atEnd() && word === 'template' ? undefined : parsePipeline(reader, `${word} clause`)
    if (word === 'block') {
      const { nodes, ending } = this.list()
      if (ending !== 'end') throw this.failure('unexpected EOF')
      this.named.set(name, nodes)
    }
    return { kind: 'template', name, pipeline, position }
  }

  private templateName(reader: TokenReader, where: string): string {
    const token = reader.next()
    if (token?.kind !== 'string') throw this.failure(`unexpected ${describe(token)} in ${where}`)
    return reader.stringValue(token)
  }
}

const keywords: ReadonlySet<string> = new Set([
  'if',
  'with',
  'range',
  'break',
  'continue',
  'define',
  'template',
  'block',
])

/** A token as Go's parser names it in `unexpected … in …`. */
export function describe(token: Token | undefined): string {
  if (token === undefined) return '{{end}}'
  if (token.kind === 'dot' || keywords.has(token.text)) return `<${token.text}>`
  return token.text.length > 10 ? `${goQuote(token.text.slice(0, 10))}...` : goQuote(token.text)
}
