/**
 * Macros: calls that the parser turns into loops and tests (cel-spec, macros; cel-go's optional types, two variable
 * comprehensions and `sortBy`). The loops have upstream's exact shape, since costs are counted node by node.
 */
import { CelSyntaxError } from './cel-issue.ts'
import type { CelValue } from './cel-value.ts'
import {
  accumulatorName,
  makeNode,
  type CallNode,
  type CelNode,
  type ComprehensionNode,
  type IdentNode,
  type ListNode,
  type LiteralNode,
  type MapNode,
  type SelectNode,
} from './syntax-tree.ts'

/** A macro call with its parts at hand. */
interface MacroCall {
  readonly at: number
  readonly target: CelNode
  readonly args: readonly CelNode[]
}
type Macro = (call: MacroCall) => CelNode | undefined

interface Loop {
  readonly initial: CelNode
  readonly condition: CelNode
  readonly step: CelNode
  readonly result?: CelNode
}

class Maker {
  readonly at: number

  constructor(at: number) {
    this.at = at
  }

  literal(value: CelValue): CelNode {
    return makeNode<LiteralNode>({ kind: 'literal', at: this.at, value })
  }
  ident(name: string): CelNode {
    return makeNode<IdentNode>({ kind: 'ident', at: this.at, name })
  }
  get accumulator(): CelNode {
    return this.ident(accumulatorName)
  }
  call(name: string, ...args: readonly CelNode[]): CelNode {
    return makeNode<CallNode>({ kind: 'call', at: this.at, name, target: undefined, args })
  }
  member(target: CelNode, name: string): CelNode {
    return makeNode<CallNode>({ kind: 'call', at: this.at, name, target, args: [] })
  }
  list(...elements: readonly CelNode[]): CelNode {
    return makeNode<ListNode>({ kind: 'list', at: this.at, elements, optional: new Set() })
  }
  get emptyMap(): CelNode {
    return makeNode<MapNode>({ kind: 'map', at: this.at, entries: [] })
  }
  loop(range: CelNode, [variable, variable2]: readonly string[], loop: Loop): CelNode {
    const { result = this.accumulator, ...rest } = loop
    return makeNode<ComprehensionNode>({
      kind: 'comprehension',
      at: this.at,
      variable: variable as string,
      variable2,
      range,
      accumulator: accumulatorName,
      ...rest,
      result,
      bind: false,
    })
  }
  bind(name: string, value: CelNode, result: CelNode): CelNode {
    return makeNode<ComprehensionNode>({
      kind: 'comprehension',
      at: this.at,
      variable: '#unused',
      variable2: undefined,
      range: this.list(),
      accumulator: name,
      initial: value,
      condition: this.literal(false),
      step: this.ident(name),
      result,
      bind: true,
    })
  }
}

function simpleName(node: CelNode | undefined, message = 'argument must be a simple name'): string {
  if (node?.kind !== 'ident') throw new CelSyntaxError(node?.at ?? 0, message)
  if (node.name === accumulatorName || node.name === '__result__') {
    throw new CelSyntaxError(node.at, 'iteration variable overwrites accumulator variable')
  }
  return node.name
}

/** The names of a loop's one or two variables. */
function variables(args: readonly CelNode[], count: number): readonly string[] {
  if (count === 1) return [simpleName(args[0])]
  const first = simpleName(args[0], 'argument must be an identifier')
  const second = simpleName(args[1], 'argument must be an identifier')
  if (first === second) throw new CelSyntaxError(args[1]?.at ?? 0, `duplicate variable name: ${second}`)
  return [first, second]
}

const quantifier =
  (kind: 'all' | 'exists' | 'one', count: number): Macro =>
  ({ at, target, args }) => {
    const make = new Maker(at)
    const names = variables(args, count)
    const predicate = args[count] as CelNode
    return make.loop(target, names, quantifierLoop(make, kind, predicate))
  }

function quantifierLoop(make: Maker, kind: 'all' | 'exists' | 'one', predicate: CelNode): Loop {
  const accumulator = make.accumulator
  if (kind === 'one') {
    return {
      initial: make.literal(0n),
      condition: make.literal(true),
      step: make.call('_?_:_', predicate, make.call('_+_', accumulator, make.literal(1n)), accumulator),
      result: make.call('_==_', accumulator, make.literal(1n)),
    }
  }
  const goOn = kind === 'all' ? accumulator : make.call('!_', accumulator)
  return {
    initial: make.literal(kind === 'all'),
    condition: make.call('@not_strictly_false', goOn),
    step: make.call(kind === 'all' ? '_&&_' : '_||_', accumulator, predicate),
  }
}

/** Loops that gather what a step adds, where a filter lets them. */
function gather(
  call: MacroCall,
  {
    count,
    hasFilter,
    kind,
  }: { readonly count: number; readonly hasFilter: boolean; readonly kind: 'list' | 'map' | 'entries' },
): CelNode {
  const make = new Maker(call.at)
  const names = variables(call.args, count)
  const filter = hasFilter ? call.args[count] : undefined
  const transform = call.args.at(-1) as CelNode
  const { accumulator } = make
  const added = {
    list: (): CelNode => make.call('_+_', accumulator, make.list(transform)),
    map: (): CelNode => make.call('cel.@mapInsert', accumulator, make.ident(names[0] as string), transform),
    entries: (): CelNode => make.call('cel.@mapInsert', accumulator, transform),
  }[kind]()
  return make.loop(call.target, names, {
    initial: kind === 'list' ? make.list() : make.emptyMap,
    condition: make.literal(true),
    step: filter === undefined ? added : make.call('_?_:_', filter, added, accumulator),
  })
}

const filter: Macro = ({ at, target, args }) => {
  const make = new Maker(at)
  const name = simpleName(args[0])
  const added = make.call('_+_', make.accumulator, make.list(args[0] as CelNode))
  return make.loop(target, [name], {
    initial: make.list(),
    condition: make.literal(true),
    step: make.call('_?_:_', args[1] as CelNode, added, make.accumulator),
  })
}

const optionalMap =
  (isFlat: boolean): Macro =>
  ({ at, target, args }) => {
    const make = new Maker(at)
    const title = isFlat ? 'optFlatMap' : 'optMap'
    const name = simpleName(args[0], `${title}() variable name must be a simple identifier`)
    const bound = make.bind(name, make.member(target, 'value'), args[1] as CelNode)
    const yes = isFlat ? bound : make.call('optional.of', bound)
    return make.call('_?_:_', make.member(target, 'hasValue'), yes, make.call('optional.none'))
  }

const sortBy: Macro = ({ at, target, args }) => {
  const make = new Maker(at)
  if (
    target.kind !== 'select' &&
    target.kind !== 'ident' &&
    target.kind !== 'list' &&
    target.kind !== 'comprehension' &&
    target.kind !== 'call'
  ) {
    throw new CelSyntaxError(
      target.at,
      'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
    )
  }
  const name = simpleName(args[0], 'sortBy variable name must be a simple identifier')
  const loop = { at, target: make.ident('@__sortBy_input__'), args: [make.ident(name), args[1] as CelNode] }
  const keys = gather(loop, { count: 1, hasFilter: false, kind: 'list' })
  const sorted = makeNode<CallNode>({
    kind: 'call',
    at,
    name: '@sortByAssociatedKeys',
    target: make.ident('@__sortBy_input__'),
    args: [keys],
  })
  return make.bind('@__sortBy_input__', target, sorted)
}

/** `cel.bind(name, value, expression)`; whatever else has a function of that name is left alone. */
const bind: Macro = ({ at, target, args }) => {
  if (target.kind !== 'ident' || target.name !== 'cel') return undefined
  const [variable, value, result] = args as readonly [CelNode, CelNode, CelNode]
  if (variable.kind !== 'ident') {
    throw new CelSyntaxError(variable.at, 'cel.bind() variable names must be simple identifiers')
  }
  return new Maker(at).bind(variable.name, value, result)
}

/** Macros by name, number of arguments and style. */
const macros: ReadonlyMap<string, Macro> = new Map([
  ['all 2', quantifier('all', 1)],
  ['exists 2', quantifier('exists', 1)],
  ['exists_one 2', quantifier('one', 1)],
  ['existsOne 2', quantifier('one', 1)],
  ['all 3', quantifier('all', 2)],
  ['exists 3', quantifier('exists', 2)],
  ['exists_one 3', quantifier('one', 2)],
  ['existsOne 3', quantifier('one', 2)],
  ['map 2', (call: MacroCall) => gather(call, { count: 1, hasFilter: false, kind: 'list' })],
  ['map 3', (call: MacroCall) => gather(call, { count: 1, hasFilter: true, kind: 'list' })],
  ['filter 2', filter],
  ['transformList 3', (call: MacroCall) => gather(call, { count: 2, hasFilter: false, kind: 'list' })],
  ['transformList 4', (call: MacroCall) => gather(call, { count: 2, hasFilter: true, kind: 'list' })],
  ['transformMap 3', (call: MacroCall) => gather(call, { count: 2, hasFilter: false, kind: 'map' })],
  ['transformMap 4', (call: MacroCall) => gather(call, { count: 2, hasFilter: true, kind: 'map' })],
  ['transformMapEntry 3', (call: MacroCall) => gather(call, { count: 2, hasFilter: false, kind: 'entries' })],
  ['transformMapEntry 4', (call: MacroCall) => gather(call, { count: 2, hasFilter: true, kind: 'entries' })],
  ['optMap 2', optionalMap(false)],
  ['optFlatMap 2', optionalMap(true)],
  ['sortBy 2', sortBy],
])

/** What a call expands to, or undefined when it is no macro. @param hasBindings whether `cel.bind` is one. @throws CelSyntaxError for arguments that do not fit. */
export function expandMacro(call: CallNode, hasBindings: boolean): CelNode | undefined {
  const { at, name, target, args } = call
  if (target === undefined) return name === 'has' && args.length === 1 ? presence(at, args[0] as CelNode) : undefined
  if (hasBindings && name === 'bind' && args.length === 3) return bind({ at, target, args })
  return macros.get(`${name} ${args.length}`)?.({ at, target, args })
}

function presence(at: number, argument: CelNode): CelNode {
  if (argument.kind !== 'select' || argument.testOnly)
    throw new CelSyntaxError(argument.at, 'invalid argument to has() macro')
  return makeNode<SelectNode>({ ...argument, at, testOnly: true })
}
