/**
 * What an expression costs at least and at most, before it has run (cel-go, checker/cost.go): sizes come from the schema
 * through the types of the variables, and from what the expression itself says.
 */
import { celTypeName, insideOptional, type CelType } from './cel-type.ts'
import { costSizeOf } from './cel-value.ts'
import type { CheckedCel, ResolvedCall } from './check-types.ts'
import { anySize, exactly, plus, times, union, type CostRange } from './cost-range.ts'
import type { CelEnvironment } from './environment.ts'
import { estimateCall, type EstimatedNode } from './estimate-call.ts'
import type { CallNode, CelNode, ComprehensionNode, ListNode, MapNode } from './syntax-tree.ts'

export type { CostRange } from './cost-range.ts'

const one = exactly(1)
const createList = exactly(10)
const createMap = exactly(30)
const createObject = exactly(40)

/** Sizes of what a list or map holds. */
interface EntrySize {
  readonly key: CostRange
  readonly value: CostRange
}

/** What is known of a loop's variable. */
interface Local {
  /** The declared type, where the variable is a part of a declared one. */
  readonly declared: CelType | undefined
  readonly size: CostRange | undefined
  readonly entry: EntrySize | undefined
}

/** The cost of a checked expression. */
export function estimateCost(checked: CheckedCel, environment: CelEnvironment): CostRange {
  return new CostEstimator(checked, environment).cost(checked.root)
}

class CostEstimator {
  readonly #checked: CheckedCel
  readonly #environment: CelEnvironment
  readonly #declared = new Map<CelNode, CelType>()
  readonly #sizes = new Map<CelNode, CostRange>()
  readonly #entries = new Map<CelNode, EntrySize>()
  #locals: ReadonlyMap<string, Local> = new Map()

  constructor(checked: CheckedCel, environment: CelEnvironment) {
    this.#checked = checked
    this.#environment = environment
  }

  cost(node: CelNode): CostRange {
    switch (node.kind) {
      case 'literal':
        return exactly(0)
      case 'ident':
        return this.#ident(node, node.name)
      case 'select':
        return this.#select(node)
      case 'call':
        return this.#call(node)
      case 'list':
        return this.#list(node)
      case 'map':
        return this.#map(node)
      case 'struct':
        return plus(...node.fields.map(({ value }) => this.cost(value)), createObject)
      default:
        return node.bind ? this.#binding(node) : this.#loop(node)
    }
  }

  #ident(node: CelNode, name: string): CostRange {
    const local = this.#locals.get(name)
    const declared = local === undefined ? this.#environment.variables.get(name) : local.declared
    if (declared !== undefined) this.#declared.set(node, declared)
    else if (local === undefined) this.#sizeAsWhole(node)
    return one
  }

  /** Upstream takes a name that is no variable, such as that of a type, to be as large as the value that is checked. */
  #sizeAsWhole(node: CelNode): void {
    const whole = this.#environment.variables.get('self')
    if (whole !== undefined) this.#sizes.set(node, { min: 0, max: declaredSize(whole) })
  }

  #select(node: CelNode & { readonly kind: 'select' }): CostRange {
    const meaning = this.#checked.names.get(node)
    if (meaning !== undefined) return this.#ident(node, 'variable' in meaning ? meaning.variable : meaning.name)
    const operand = this.cost(node.operand)
    if (node.testOnly) return operand
    const part = fieldOf(this.#declared.get(node.operand), node.field)
    if (part !== undefined) this.#declared.set(node, part)
    const kind = this.#checked.typeOf(node.operand).kind
    return kind === 'map' || kind === 'object' ? plus(operand, one) : operand
  }

  #call(node: CallNode): CostRange {
    if (node.name === 'dyn') return this.#dyn(node)
    const call = this.#checked.calls.get(node) as ResolvedCall
    const costs = node.args.map((arg) => this.cost(arg))
    const target = call.target === undefined ? undefined : this.cost(call.target)
    const args = node.args.map((arg) => this.#estimated(arg))
    const receiver = call.target === undefined ? undefined : this.#estimated(call.target)
    const parts = { costs, args, target: receiver }
    const { range, size } = this.#overloads(node, call, parts)
    if (size !== undefined) this.#sizes.set(node, size)
    return plus(target ?? exactly(0), range ?? exactly(0))
  }

  /** A range that covers all overloads that a call may turn out to be. */
  #overloads(
    node: CallNode,
    call: ResolvedCall,
    parts: CallParts,
  ): { readonly range: CostRange | undefined; readonly size: CostRange | undefined } {
    let range: CostRange | undefined
    let size: CostRange | undefined
    for (const overload of call.overloads) {
      const estimate = this.#callEstimate(node, overload, parts)
      range = range === undefined ? estimate.cost : union(range, estimate.cost)
      if (estimate.size !== undefined) size = size === undefined ? estimate.size : union(size, estimate.size)
      if (overload.id === 'index_list' || overload.id === 'index_map') size = this.#index(node)
      size ??= this.#sizeOf(node)
    }
    return { range, size }
  }

  #callEstimate(
    node: CallNode,
    overload: { readonly name: string; readonly id: string },
    { costs, args, target }: CallParts,
  ): { cost: CostRange; size?: CostRange | undefined } {
    const [first = exactly(0), second = exactly(0), third = exactly(0)] = costs
    if (overload.id === 'logical_and' || overload.id === 'logical_or') {
      return { cost: { min: first.min, max: plus(first, second).max } }
    }
    if (overload.id === 'conditional') {
      this.#unite(node)
      const size = union((args[1] as EstimatedNode).size ?? anySize, (args[2] as EstimatedNode).size ?? anySize)
      return { cost: plus(first, union(second, third)), size }
    }
    if (node.name === '_+_') this.#unite(node)
    const estimate = estimateCall(overload, target, args)
    return { cost: plus(estimate.cost, ...costs), size: estimate.size }
  }

  /** What either of two lists or maps holds. */
  #unite(node: CallNode): void {
    const [left, right] = node.args.slice(-2).map((arg) => this.#entryOf(arg))
    if (left === undefined || right === undefined) return
    this.#entries.set(node, { key: union(left.key, right.key), value: union(left.value, right.value) })
  }

  #index(node: CallNode): CostRange | undefined {
    const holder = node.args[0] as CelNode
    const declared = this.#declared.get(holder)
    const part = declared?.kind === 'list' ? declared.element : declared?.kind === 'map' ? declared.value : undefined
    if (part !== undefined) this.#declared.set(node, part)
    return this.#entryOf(holder)?.value
  }

  #dyn(node: CallNode): CostRange {
    const [arg] = node.args as [CelNode]
    const cost = plus(one, this.cost(arg))
    this.#copySizes(node, arg)
    return cost
  }

  #list(node: ListNode): CostRange {
    let size: CostRange = node.elements.length === 0 ? exactly(0) : { min: anySize.max, max: 0 }
    const costs = node.elements.map((element) => {
      const cost = this.cost(element)
      size = union(size, this.#sizeOf(element) ?? anySize)
      return cost
    })
    this.#entries.set(node, { key: one, value: size })
    return plus(...costs, createList)
  }

  #map(node: MapNode): CostRange {
    let key: CostRange = node.entries.length === 0 ? exactly(0) : { min: anySize.max, max: 0 }
    let value = key
    const costs: CostRange[] = []
    for (const entry of node.entries) {
      costs.push(this.cost(entry.key), this.cost(entry.value))
      key = union(key, this.#sizeOf(entry.key) ?? anySize)
      value = union(value, this.#sizeOf(entry.value) ?? anySize)
    }
    this.#entries.set(node, { key, value })
    return plus(...costs, createMap)
  }

  #binding(node: ComprehensionNode): CostRange {
    const before = plus(this.cost(node.range), this.cost(node.initial))
    const outside = this.#locals
    this.#locals = new Map([...outside, [node.accumulator, this.#localOf(node.initial)]])
    const cost = plus(before, this.cost(node.result))
    this.#copySizes(node, node.result)
    this.#locals = outside
    return cost
  }

  #localOf(node: CelNode): Local {
    return { declared: this.#declared.get(node), size: this.#sizeOf(node), entry: this.#entryOf(node) }
  }

  #loop(node: ComprehensionNode): CostRange {
    const before = plus(this.cost(node.range), this.cost(node.initial))
    const outside = this.#locals
    const accumulator = { ...this.#localOf(node.initial), declared: undefined }
    const gathered = new Map([...outside, [node.accumulator, accumulator]])
    this.#locals = new Map([...gathered, ...this.#variables(node)])
    const round = plus(this.cost(node.condition), this.cost(node.step))
    const added = this.#entryOf(node.step)
    this.#locals = gathered
    const result = this.cost(node.result)
    this.#locals = outside
    const rounds = this.#sizeOf(node.range) ?? anySize
    const isGathering = node.initial.kind === 'list' || node.initial.kind === 'map'
    if (isGathering) {
      this.#sizes.set(node, rounds)
      if (added !== undefined) this.#entries.set(node, added)
    } else this.#sizes.set(node, this.#sizeOf(node.initial) ?? anySize)
    return plus(before, result, times(rounds, round))
  }

  #variables(node: ComprehensionNode): readonly (readonly [string, Local])[] {
    const entry = this.#entryOf(node.range)
    const declared = this.#declared.get(node.range)
    const type = this.#checked.typeOf(node.range)
    const isList = type.kind === 'list'
    const key: Local = {
      declared: declared?.kind === 'map' ? declared.key : undefined,
      size: entry?.key,
      entry: undefined,
    }
    const value: Local = {
      declared: declared?.kind === 'map' ? declared.value : declared?.kind === 'list' ? declared.element : undefined,
      size: entry?.value,
      entry: undefined,
    }
    if (node.variable2 === undefined) return [[node.variable, isList ? value : key]]
    return [
      [node.variable, isList ? { declared: undefined, size: one, entry: undefined } : key],
      [node.variable2, value],
    ]
  }

  #copySizes(to: CelNode, from: CelNode): void {
    const size = this.#sizeOf(from)
    const entry = this.#entryOf(from)
    if (size !== undefined) this.#sizes.set(to, size)
    if (entry !== undefined) this.#entries.set(to, entry)
  }

  #entryOf(node: CelNode): EntrySize | undefined {
    return this.#entries.get(node) ?? (node.kind === 'ident' ? this.#locals.get(node.name)?.entry : undefined)
  }

  #sizeOf(node: CelNode): CostRange | undefined {
    const computed = this.#sizes.get(node) ?? ownSize(node)
    if (computed !== undefined) return computed
    const declared = this.#declaredOf(node)
    if (declared !== undefined) return { min: 0, max: declaredSize(declared) }
    if (isScalar(this.#checked.typeOf(node))) return one
    return node.kind === 'ident' ? this.#locals.get(node.name)?.size : undefined
  }

  #declaredOf(node: CelNode): CelType | undefined {
    const known = this.#declared.get(node)
    if (known !== undefined || node.kind !== 'ident') return known
    return this.#locals.has(node.name) ? this.#locals.get(node.name)?.declared : undefined
  }

  #estimated(node: CelNode): EstimatedNode {
    const declared = this.#declaredOf(node)
    const element = declared?.kind === 'list' ? { min: 0, max: declaredSize(declared.element) } : undefined
    const literal = node.kind === 'literal' ? node.value : undefined
    return { type: this.#checked.typeOf(node), size: this.#sizeOf(node), elementSize: element, literal }
  }
}

interface CallParts {
  readonly costs: readonly CostRange[]
  readonly args: readonly EstimatedNode[]
  readonly target: EstimatedNode | undefined
}

/** The declared type of a part; undefined where the whole is not declared. */
function fieldOf(type: CelType | undefined, field: string): CelType | undefined {
  const inside = type === undefined ? undefined : (insideOptional(type) ?? type)
  if (inside?.kind === 'object') return inside.fields.get(field)?.type
  return inside?.kind === 'map' ? inside.value : undefined
}

/** Upstream takes a size of zero for types that have none, also where a comparison then costs nothing. */
function declaredSize(type: CelType): number {
  return type.sizeMax ?? 0
}

function ownSize(node: CelNode): CostRange | undefined {
  if (node.kind === 'literal') return exactly(costSizeOf(node.value))
  if (node.kind === 'list') return exactly(node.elements.length)
  return node.kind === 'map' ? exactly(node.entries.length) : undefined
}

const scalars: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint'])

function isScalar(type: CelType): boolean {
  const inside = insideOptional(type)
  return inside === undefined ? scalars.has(celTypeName(type)) : isScalar(inside)
}
