/** What a parsed expression is made of, after its macros were expanded (cel-spec, checked expressions). */
import type { CelValue } from './cel-value.ts'

interface NodePlace {
  /** Where the node stands in the text, in UTF-16 units: its operator, or its first character. */
  readonly at: number
  /** How many nodes stand below each other at most, itself included. */
  readonly depth: number
}
export interface LiteralNode extends NodePlace {
  readonly kind: 'literal'
  readonly value: CelValue
}
export interface IdentNode extends NodePlace {
  readonly kind: 'ident'
  readonly name: string
}
export interface SelectNode extends NodePlace {
  readonly kind: 'select'
  readonly operand: CelNode
  readonly field: string
  /** From `has()`: asks only whether the field is set. */
  readonly testOnly: boolean
}
export interface CallNode extends NodePlace {
  readonly kind: 'call'
  readonly name: string
  readonly target: CelNode | undefined
  readonly args: readonly CelNode[]
}
export interface ListNode extends NodePlace {
  readonly kind: 'list'
  readonly elements: readonly CelNode[]
  /** Places of the elements that were written with a question mark. */
  readonly optional: ReadonlySet<number>
}
export interface MapEntryNode {
  readonly at: number
  readonly key: CelNode
  readonly value: CelNode
  readonly optional: boolean
}
export interface MapNode extends NodePlace {
  readonly kind: 'map'
  readonly entries: readonly MapEntryNode[]
}
export interface FieldNode {
  readonly at: number
  readonly name: string
  readonly value: CelNode
  readonly optional: boolean
}
export interface StructNode extends NodePlace {
  readonly kind: 'struct'
  readonly name: string
  readonly fields: readonly FieldNode[]
}
/** A loop over a list or map, or with `bind` one evaluation under a name. */
export interface ComprehensionNode extends NodePlace {
  readonly kind: 'comprehension'
  readonly variable: string
  readonly variable2: string | undefined
  readonly range: CelNode
  readonly accumulator: string
  readonly initial: CelNode
  readonly condition: CelNode
  readonly step: CelNode
  readonly result: CelNode
  readonly bind: boolean
}
export type CelNode =
  | LiteralNode
  | IdentNode
  | SelectNode
  | CallNode
  | ListNode
  | MapNode
  | StructNode
  | ComprehensionNode

/** The hidden name under which loops gather their result. */
export const accumulatorName = '@result'

/** The nodes directly below a node. */
export function nodesBelow(node: Omit<CelNode, 'depth'> & { readonly kind: CelNode['kind'] }): readonly CelNode[] {
  const some = node as CelNode
  switch (some.kind) {
    case 'select':
      return [some.operand]
    case 'call':
      return some.target === undefined ? some.args : [some.target, ...some.args]
    case 'list':
      return some.elements
    case 'map':
      return some.entries.flatMap(({ key, value }) => [key, value])
    case 'struct':
      return some.fields.map(({ value }) => value)
    case 'comprehension':
      return [some.range, some.initial, some.condition, some.step, some.result]
    default:
      return []
  }
}

type Unplaced<T> = T extends CelNode ? Omit<T, 'depth'> : never

/** A node with its depth counted. */
export function makeNode<T extends CelNode>(node: Unplaced<T>): T {
  const depth = 1 + Math.max(0, ...nodesBelow(node as Omit<CelNode, 'depth'>).map((below) => below.depth))
  return { ...node, depth } as unknown as T
}
