/** Loops and bindings: what `all`, `map`, `filter`, `optMap` and their kin expand to. */
import { listLengthMax } from './cel-limits.ts'
import { BuiltMap, CelFailure, CelList, isCelMap, type CelMap, type CelValue } from './cel-value.ts'
import { outcome, putEntry, type NodeBuilder, type Scope, type Step } from './step.ts'
import type { Frame } from './frame.ts'
import type { CallNode, CelNode, ComprehensionNode } from './syntax-tree.ts'

const createListCost = 10

/** The step of a loop or binding. */
export function buildLoop(builder: NodeBuilder, node: ComprehensionNode, scope: Scope): Step {
  if (node.bind) return buildBinding(builder, node, scope)
  const slots = { accumulator: builder.slot(), first: builder.slot(), second: builder.slot() }
  const outer = new Map([...scope, [node.accumulator, slots.accumulator]])
  const inner = new Map([...outer, [node.variable, slots.first]])
  if (node.variable2 !== undefined) inner.set(node.variable2, slots.second)
  const shape = gatherShape(node)
  const range = builder.build(node.range, scope)
  const rounds = roundsOver(range, { ...slots, isDouble: node.variable2 !== undefined })
  if (shape !== undefined) return buildGathering(builder, { shape, scope: inner, rounds })
  const initial = builder.build(node.initial, scope)
  const condition = builder.build(node.condition, inner)
  const step = builder.build(node.step, inner)
  const result = builder.build(node.result, outer)
  return (frame) => {
    const each = rounds(frame)
    frame.slots[slots.accumulator] = initial(frame)
    for (const _round of each) {
      if (condition(frame) !== true) break
      frame.slots[slots.accumulator] = outcome(step, frame)
    }
    return result(frame)
  }
}

function buildBinding(builder: NodeBuilder, node: ComprehensionNode, scope: Scope): Step {
  const slot = builder.slot()
  const initial = builder.build(node.initial, scope)
  const result = builder.build(node.result, new Map([...scope, [node.accumulator, slot]]))
  return (frame) => {
    frame.charge(createListCost)
    frame.slots[slot] = outcome(initial, frame)
    return result(frame)
  }
}

interface LoopSlots {
  readonly first: number
  readonly second: number
  readonly isDouble: boolean
}

/** Sets the loop's variables for each round. The range is evaluated at once, so that what it throws is the loop's. */
function roundsOver(range: Step, slots: LoopSlots): (frame: Frame) => Iterable<undefined> {
  return (frame) => {
    const value = range(frame)
    if (value instanceof CelList) return listRounds(frame, value, slots)
    if (isCelMap(value)) return mapRounds(frame, value, slots)
    throw new CelFailure('no such overload')
  }
}

function* listRounds(frame: Frame, list: CelList, { first, second, isDouble }: LoopSlots): Generator<undefined> {
  for (let index = 0; index < list.length; index += 1) {
    frame.round()
    frame.slots[first] = isDouble ? BigInt(index) : outcome(() => list.at(index), frame)
    if (isDouble) frame.slots[second] = outcome(() => list.at(index), frame)
    yield
  }
}

function* mapRounds(frame: Frame, map: CelMap, { first, second, isDouble }: LoopSlots): Generator<undefined> {
  for (const key of map.keys()) {
    frame.round()
    frame.slots[first] = key
    if (isDouble) frame.slots[second] = outcome(() => map.find(key) ?? null, frame)
    yield
  }
}

/** A loop that only adds to what it gathers: `filter ? accumulator + [item] : accumulator`. */
interface GatherShape {
  readonly filter: CelNode | undefined
  /** The item of a list; key and value of an entry; one map of entries. */
  readonly added: readonly CelNode[]
  readonly kind: 'list' | 'entry' | 'entries'
}

function gatherShape(node: ComprehensionNode): GatherShape | undefined {
  const { step } = node
  if (step.kind !== 'call') return undefined
  if (step.name === '_?_:_') {
    const [filter, adding] = step.args as [CelNode, CelNode]
    const inner = adding.kind === 'call' ? addedBy(adding, node.accumulator) : undefined
    return inner === undefined ? undefined : { ...inner, filter }
  }
  return addedBy(step, node.accumulator)
}

function addedBy(call: CallNode, accumulator: string): GatherShape | undefined {
  const [into, ...added] = call.args
  if (into?.kind !== 'ident' || into.name !== accumulator) return undefined
  if (call.name === 'cel.@mapInsert')
    return { filter: undefined, added, kind: added.length === 2 ? 'entry' : 'entries' }
  const [list] = added
  if (call.name !== '_+_' || list?.kind !== 'list' || list.elements.length !== 1) return undefined
  return { filter: undefined, added: list.elements, kind: 'list' }
}

interface Gathering {
  readonly shape: GatherShape
  readonly scope: Scope
  readonly rounds: (frame: Frame) => Iterable<undefined>
}

/** Gathers into one list or map that grows, at the price that upstream asks for each addition. */
function buildGathering(builder: NodeBuilder, { shape, scope, rounds }: Gathering): Step {
  const filter = shape.filter === undefined ? undefined : builder.build(shape.filter, scope)
  const added = shape.added.map((node) => builder.build(node, scope))
  const gatherer = shape.kind === 'list' ? gatherList : gatherMap
  const start = shape.kind === 'list' ? createListCost : 30
  return (frame) => {
    const each = rounds(frame)
    frame.charge(start)
    const gathered = gatherer(frame, added)
    for (const _round of each) {
      // The accumulator is read once a round, whether it grows or stays.
      if (filter !== undefined && !isWanted(filter(frame))) frame.charge(1)
      else gathered.add()
    }
    frame.charge(1)
    return gathered.value()
  }
}

function isWanted(value: CelValue): boolean {
  if (typeof value === 'boolean') return value
  throw new CelFailure('no such overload')
}

interface Gathered {
  add(): void
  value(): CelValue
}

function gatherList(frame: Frame, [item]: readonly Step[]): Gathered {
  const items: CelValue[] = []
  const add = (): void => {
    frame.charge(1)
    items.push((item as Step)(frame))
    frame.charge(createListCost + 1)
    if (items.length > listLengthMax) throw new CelFailure('list size limit exceeded')
  }
  return { add, value: () => new CelList(items) }
}

function gatherMap(frame: Frame, [first, second]: readonly Step[]): Gathered {
  const entries = new Map<string, readonly [CelValue, CelValue]>()
  const add = (): void => {
    frame.charge(1)
    const key = (first as Step)(frame)
    if (second !== undefined) putEntry(entries, key, second(frame))
    else if (isCelMap(key)) for (const name of key.keys()) putEntry(entries, name, key.find(name) ?? null)
    else throw new CelFailure('no such overload')
    frame.charge(1)
  }
  return { add, value: () => new BuiltMap(entries) }
}
