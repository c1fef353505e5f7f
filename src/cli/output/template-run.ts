/** One execution of a template: variables, output and the walk over the tree. */
import { goQuote } from '#base/data/go-quote.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import {
  GoRecord,
  compareText,
  goNil,
  isTrue,
  kindOf,
  numberOf,
  printAction,
  printValue,
  typeNameOf,
} from './go-values.ts'
import type { GoMethod } from './go-values.ts'
import { CallFailure } from './template-functions.ts'
import type { TemplateFunction } from './template-functions.ts'
import { nodeText } from './template-tree.ts'
import type { Command, Node, Operand, Pipeline, TemplateTree } from './template-tree.ts'

export interface RunOptions {
  readonly name: string
  readonly missingKey: 'zero' | 'error'
  readonly functions: ReadonlyMap<string, TemplateFunction>
}

interface Variable {
  readonly name: string
  value: unknown
}

/** How a list of nodes ended; `break` and `continue` travel up to their range. */
type Flow = 'on' | 'break' | 'continue'

/** Templates that include themselves stop here, as Go's do. */
const depthMax = 1000
/** `{{range 1000000000}}` must not fill the memory. */
const outputMax = 256 * 1024 * 1024

/** What an operand that is not there evaluates to; a function's final argument uses it for "none". */
const none: unique symbol = Symbol('none')

export class TemplateRun {
  private readonly output: string[] = []
  private outputSize = 0
  private depth = 0
  private variables: Variable[] = []
  private readonly tree: TemplateTree
  private readonly options: RunOptions

  constructor(tree: TemplateTree, options: RunOptions) {
    this.tree = tree
    this.options = options
  }

  execute(data: unknown): string {
    this.variables = [{ name: '$', value: data }]
    this.walkList(this.tree.root, data)
    return this.output.join('')
  }

  private fail(
    node: Operand | Command | Pipeline | { readonly position: number; readonly text: string },
    message: string,
  ): GantryError {
    const before = this.tree.source.slice(0, node.position)
    const line = before.split('\n').length
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1))
    const text = 'text' in node && !('kind' in node) ? node.text : nodeText(node as Operand)
    const where = `template: ${this.options.name}:${line}:${column}: executing ${goQuote(this.options.name)} at <${text}>`
    return new GantryError('CLI_TEMPLATE_FAILED', 'invalid', `${where}: ${message}`, {
      remedy: 'Print the whole object with --format json and take the names of fields from there.',
      details: { output: this.output.join('') },
    })
  }

  private print(text: string): void {
    this.outputSize += text.length
    if (this.outputSize > outputMax)
      throw new GantryError('CLI_TEMPLATE_FAILED', 'too-large', 'template output exceeds 256 MiB')
    this.output.push(text)
  }

  private walkList(nodes: readonly Node[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.walk(node, dot)
      if (flow !== 'on') return flow
    }
    return 'on'
  }

  private walk(node: Node, dot: unknown): Flow {
    switch (node.kind) {
      case 'text':
        this.print(node.text)
        return 'on'
      case 'action': {
        const value = this.pipeline(node.pipeline, dot)
        if (node.pipeline.variables.length === 0) this.print(printAction(value))
        return 'on'
      }
      case 'if':
      case 'with':
        return this.branch(node, dot)
      case 'range':
        return this.range(node, dot)
      case 'template':
        this.include(node, dot)
        return 'on'
      case 'break':
      case 'continue':
        return node.kind
    }
  }

  private scoped<T>(run: () => T): T {
    const size = this.variables.length
    try {
      return run()
    } finally {
      this.variables.length = size
    }
  }

  private branch(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: unknown): Flow {
    return this.scoped(() => {
      const value = this.pipeline(node.pipeline, dot)
      if (isTrue(value)) return this.walkList(node.body, node.kind === 'with' ? value : dot)
      return node.otherwise === undefined ? 'on' : this.walkList(node.otherwise, dot)
    })
  }

  private range(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: unknown): Flow {
    return this.scoped(() => {
      const value = this.pipeline(node.pipeline, dot)
      const [first, second] = node.pipeline.variables
      let ran = false
      for (const [key, item] of this.entries(node.pipeline, value)) {
        ran = true
        const flow = this.scoped(() => {
          if (second === undefined) this.bind(node.pipeline, first, item)
          else {
            this.bind(node.pipeline, first, key)
            this.bind(node.pipeline, second, item)
          }
          return this.walkList(node.body, item)
        })
        if (flow === 'break') break
      }
      return ran || node.otherwise === undefined ? 'on' : this.walkList(node.otherwise, dot)
    })
  }

  private *entries(pipeline: Pipeline, value: unknown): Iterable<readonly [unknown, unknown]> {
    const kind = kindOf(value)
    if (kind === 'invalid') return
    if (kind === 'slice') yield* (value as readonly unknown[]).entries()
    else if (kind === 'map') {
      for (const key of Object.keys(value as object).toSorted(compareText))
        yield [key, (value as Readonly<Record<string, unknown>>)[key]]
    } else if (kind === 'int') {
      for (let at = 0; at < numberOf(value); at += 1) yield [at, at]
    } else throw this.fail(pipeline, `range can't iterate over ${printValue(value)}`)
  }

  private include(node: Extract<Node, { kind: 'template' }>, dot: unknown): void {
    const body = this.tree.named.get(node.name)
    const text = `{{template ${goQuote(node.name)}${node.pipeline === undefined ? '' : ` ${nodeText(node.pipeline)}`}}}`
    const at = { position: node.position, text }
    if (body === undefined) throw this.fail(at, `template ${goQuote(node.name)} not defined`)
    const value = node.pipeline === undefined ? undefined : this.pipeline(node.pipeline, dot)
    if (this.depth >= depthMax) throw this.fail(at, `exceeded maximum template depth (${depthMax})`)
    this.depth += 1
    const outer = this.variables
    this.variables = [{ name: '$', value }]
    this.walkList(body, value)
    this.variables = outer
    this.depth -= 1
  }

  private bind(pipeline: Pipeline, name: string | undefined, value: unknown): void {
    if (name === undefined) return
    if (!pipeline.assigns) {
      this.variables.push({ name, value })
      return
    }
    const variable = this.variables.findLast((candidate) => candidate.name === name)
    if (variable === undefined) throw this.fail(pipeline.commands[0] ?? pipeline, `undefined variable: ${name}`)
    variable.value = value
  }

  private pipeline(pipeline: Pipeline, dot: unknown): unknown {
    let value: unknown = none
    for (const command of pipeline.commands) value = this.command(command, dot, value)
    if (pipeline.variables.length === 1) this.bind(pipeline, pipeline.variables[0], value)
    return value
  }

  private command(command: Command, dot: unknown, final: unknown): unknown {
    const first = command.operands[0] as Operand
    if (first.kind === 'function') return this.callFunction(command, first.name, { dot, final })
    const rest = command.operands.slice(1)
    if (first.kind === 'field' || first.kind === 'chain' || first.kind === 'variable') {
      const args = [...rest.map((operand) => this.operand(operand, dot)), ...(final === none ? [] : [final])]
      return this.fieldOperand(first, dot, args)
    }
    if (rest.length > 0 || final !== none)
      throw this.fail(first, `can't give argument to non-function ${nodeText(first)}`)
    if (first.kind === 'nil') throw this.fail(first, 'nil is not a command')
    return this.operand(first, dot)
  }

  private operand(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case 'dot':
        return dot
      case 'nil':
        return undefined
      case 'literal':
        return operand.value
      case 'pipeline':
        return this.pipeline(operand.pipeline, dot)
      case 'function':
        return this.callFunction({ operands: [operand], position: operand.position }, operand.name, {
          dot,
          final: none,
        })
      case 'field':
      case 'variable':
      case 'chain':
        return this.fieldOperand(operand, dot, [])
    }
  }

  private fieldOperand(
    operand: Extract<Operand, { kind: 'field' | 'variable' | 'chain' }>,
    dot: unknown,
    args: readonly unknown[],
  ): unknown {
    let value = dot
    if (operand.kind === 'chain') value = this.operand(operand.of, dot)
    if (operand.kind === 'variable')
      value = this.variables.findLast((candidate) => candidate.name === operand.name)?.value
    if (operand.names.length === 0 && args.length > 0)
      throw this.fail(operand, `can't give argument to non-function ${nodeText(operand)}`)
    for (const [at, name] of operand.names.entries()) {
      value = this.field(operand, value, { name, args: at === operand.names.length - 1 ? args : [] })
    }
    return value
  }

  private field(
    operand: Operand,
    receiver: unknown,
    { name, args }: { readonly name: string; readonly args: readonly unknown[] },
  ): unknown {
    if (receiver === undefined || receiver === null || receiver === goNil)
      throw this.fail(operand, `nil pointer evaluating ${receiver === goNil ? '*struct' : 'interface {}'}.${name}`)
    if (receiver instanceof GoRecord) return this.recordField(operand, receiver, { name, args })
    if (kindOf(receiver) !== 'map')
      throw this.fail(operand, `can't evaluate field ${name} in type ${typeNameOf(receiver)}`)
    if (args.length > 0) throw this.fail(operand, `${name} is not a method but has arguments`)
    if (Object.hasOwn(receiver, name)) return (receiver as Readonly<Record<string, unknown>>)[name]
    if (this.options.missingKey === 'error') throw this.fail(operand, `map has no entry for key ${goQuote(name)}`)
    return undefined
  }

  private recordField(
    operand: Operand,
    receiver: GoRecord,
    { name, args }: { readonly name: string; readonly args: readonly unknown[] },
  ): unknown {
    if (!receiver.fields.has(name))
      throw this.fail(operand, `can't evaluate field ${name} in type ${receiver.typeName}`)
    const field = receiver.fields.get(name)
    if (typeof field === 'function') {
      const method = field as GoMethod
      if (method.length !== args.length)
        throw this.fail(operand, `wrong number of args for ${name}: want ${method.length} got ${args.length}`)
      return method(...args)
    }
    if (args.length > 0) throw this.fail(operand, `${name} has arguments but cannot be invoked as function`)
    return field
  }

  private callFunction(
    command: Command,
    name: string,
    { dot, final }: { readonly dot: unknown; readonly final: unknown },
  ): unknown {
    const operands = command.operands.slice(1)
    const ident = command.operands[0] as Operand
    if (name === 'and' || name === 'or') return this.shortCircuit(ident, operands, { name, dot, final })
    const fn = this.options.functions.get(name) as TemplateFunction
    const count = operands.length + (final === none ? 0 : 1)
    this.checkCount(ident, fn, { name, count })
    const args = operands.map((operand, at) => this.argument(operand, dot, wantsString(fn, at)))
    if (final !== none) args.push(this.finalArgument(command, final, wantsString(fn, args.length)))
    try {
      return fn.call(args)
    } catch (error) {
      if (error instanceof CallFailure) throw this.fail(command, `error calling ${name}: ${error.message}`)
      throw error
    }
  }

  private checkCount(
    ident: Operand,
    fn: TemplateFunction,
    { name, count }: { readonly name: string; readonly count: number },
  ): void {
    const exact = fn.most === fn.least
    if (count >= fn.least && count <= (fn.most ?? count)) return
    throw this.fail(ident, `wrong number of args for ${name}: want ${exact ? '' : 'at least '}${fn.least} got ${count}`)
  }

  private argument(operand: Operand, dot: unknown, string: boolean): unknown {
    const value = this.operand(operand, dot)
    if (!string || typeof value === 'string') return value
    if (operand.kind === 'literal') throw this.fail(operand, `expected string; found ${nodeText(operand)}`)
    if (value === undefined || value === null) throw this.fail(operand, 'invalid value; expected string')
    throw this.fail(operand, `wrong type for value; expected string; got ${typeNameOf(value)}`)
  }

  private finalArgument(command: Command, final: unknown, string: boolean): unknown {
    if (!string || typeof final === 'string') return final
    throw this.fail(
      command,
      final === undefined || final === null
        ? 'invalid value; expected string'
        : `wrong type for value; expected string; got ${typeNameOf(final)}`,
    )
  }

  private shortCircuit(
    ident: Operand,
    operands: readonly Operand[],
    call: { readonly name: string; readonly dot: unknown; readonly final: unknown },
  ): unknown {
    if (operands.length === 0 && call.final === none)
      throw this.fail(ident, `wrong number of args for ${call.name}: want at least 1 got 0`)
    let value: unknown
    for (const operand of operands) {
      value = this.operand(operand, call.dot)
      if (isTrue(value) === (call.name === 'or')) return value
    }
    return call.final === none ? value : call.final
  }
}

function wantsString(fn: TemplateFunction, at: number): boolean {
  return fn.strings === 'all' || (fn.strings?.includes(at) ?? false)
}
