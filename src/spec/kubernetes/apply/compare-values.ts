/** What changed between two versions of an object, as sets of paths: the ground of every ownership decision. */
import { equalValues } from './equal-values.ts'
import { type FieldSet, SetBuilder } from './field-set.ts'
import { isAtomic, kindOf, memberType, type MergeType } from './merge-type.ts'
import { elementOfItem } from './path-element.ts'

export interface Comparison {
  readonly added: FieldSet
  readonly removed: FieldSet
  readonly modified: FieldSet
}

type Members = Readonly<Record<string, unknown>>
const noMembers: Members = {}

/** Compares two values of a type; `undefined` stands for absent, which is not the same as null. */
export function compareValues(before: unknown, after: unknown, type: MergeType): Comparison {
  const walk = new CompareWalk()
  walk.compare(before, after, type)
  return { added: walk.added.build(), removed: walk.removed.build(), modified: walk.modified.build() }
}

function isEmptyContainer(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value !== 'object') return false
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}

const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : noMembers
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A set filled by a walk: the nodes on the way to where it is are at hand, so that no path is followed twice. */
class PathSet {
  readonly #root = new SetBuilder()
  readonly #nodes: SetBuilder[] = []

  /** Marks the path at which the walk stands. */
  insert(path: readonly string[]): void {
    let node = this.#nodes.at(-1) ?? this.#root
    for (let depth = this.#nodes.length; depth < path.length; depth++) {
      node = node.child(path[depth] ?? '')
      this.#nodes.push(node)
    }
    node.insert()
  }

  /** The walk went back to a depth. */
  leave(depth: number): void {
    if (this.#nodes.length > depth) this.#nodes.length = depth
  }

  build(): FieldSet {
    return this.#root.build()
  }
}

class CompareWalk {
  readonly added: PathSet = new PathSet()
  readonly removed: PathSet = new PathSet()
  readonly modified: PathSet = new PathSet()
  readonly #path: string[] = []

  #insert(into: PathSet): void {
    into.insert(this.#path)
  }

  #leave(): void {
    this.#path.pop()
    const depth = this.#path.length
    this.added.leave(depth)
    this.removed.leave(depth)
    this.modified.leave(depth)
  }

  compare(before: unknown, after: unknown, type: MergeType): void {
    if (before === after) return
    const kind = kindOf(type, after, before)
    const sameKind = before === undefined || after === undefined || kindOf(type, before, after) === kind
    if (!sameKind || isAtomic(type, kind) || (isEmptyContainer(before) && isEmptyContainer(after))) {
      this.#leaf(before, after)
      return
    }
    if (kind === 'map') this.#members(membersOf(before), membersOf(after), type)
    else this.#items(itemsOf(before), itemsOf(after), type)
    if (before === undefined) this.#insert(this.added)
    else if (after === undefined) this.#insert(this.removed)
  }

  #leaf(before: unknown, after: unknown): void {
    if (before === undefined) this.#insert(this.added)
    else if (after === undefined) this.#insert(this.removed)
    else if (!equalValues(before, after)) this.#insert(this.modified)
  }

  #members(before: Members, after: Members, type: MergeType): void {
    for (const key of Object.keys(after)) this.#below(`f:${key}`, [own(before, key), after[key]], memberType(type, key))
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(after, key)) this.#below(`f:${key}`, [before[key], undefined], memberType(type, key))
    }
  }

  #below(element: string, [before, after]: readonly [unknown, unknown], type: MergeType): void {
    if (before === after) return
    this.#path.push(element)
    this.compare(before, after, type)
    this.#leave()
  }

  #items(before: readonly unknown[], after: readonly unknown[], type: MergeType): void {
    const old = groupItems(before, type)
    const now = groupItems(after, type)
    for (const element of new Set([...old.keys(), ...now.keys()])) {
      this.#path.push(element)
      this.#group(old.get(element) ?? [], now.get(element) ?? [], type.element ?? type)
      this.#leave()
    }
  }

  /** Items of one name: normally one on each side; where a name repeats, its items are compared as a whole. */
  #group(before: readonly unknown[], after: readonly unknown[], type: MergeType): void {
    if (before.length <= 1 && after.length <= 1) return this.compare(before[0], after[0], type)
    if (before.length >= 2 && after.length >= 2) {
      if (!equalValues(before, after)) this.#insert(this.modified)
      return undefined
    }
    if (before.length >= 2) {
      if (after.length > 0) this.compare(undefined, after[0], type)
      return this.#insert(this.removed)
    }
    if (before.length > 0) this.compare(before[0], undefined, type)
    return this.#insert(this.added)
  }
}

function own(members: Members, key: string): unknown {
  return Object.hasOwn(members, key) ? members[key] : undefined
}

/** Items by name, in order of first appearance. Items without a name belong to nobody. */
function groupItems(items: readonly unknown[], type: MergeType): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>()
  for (const item of items) {
    const name = elementOfItem(item, type)
    if (!('element' in name)) continue
    const group = groups.get(name.element)
    if (group === undefined) groups.set(name.element, [item])
    else group.push(item)
  }
  return groups
}
