/**
 * Sets of field paths in the form that `managedFields` stores (FieldsV1): an object per path element, `{}` for a path that
 * ends here, a `.` member for one that ends here and goes on. Sets are values: operations return new ones.
 *
 *     { "f:metadata": { "f:labels": { ".": {}, "f:app": {} } }, "f:spec": { "f:ports": { "k:{\"port\":80}": {} } } }
 */

export interface FieldSet {
  readonly [element: string]: FieldSet
}

/** The set without paths. As a node below the root, `{}` is a path's end. */
export const emptySet: FieldSet = {}
const self = '.'

/** True when the set holds no path. */
export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false
  return true
}

/** Below the root: whether a path ends at this node. */
function endsHere(node: FieldSet): boolean {
  return node[self] !== undefined || isEmptySet(node)
}

/** A node of these children; undefined when nothing ends at or below it. */
function nodeOf(ends: boolean, children: Record<string, FieldSet>): FieldSet | undefined {
  if (isEmptySet(children)) return ends ? emptySet : undefined
  return ends ? { [self]: emptySet, ...children } : children
}

/** Paths in either set. */
export function unionSets(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || a === b) return b
  if (isEmptySet(b)) return a
  return unionChildren(a, b)
}

function unionChildren(a: FieldSet, b: FieldSet): Record<string, FieldSet> {
  const out: Record<string, FieldSet> = { ...a }
  for (const key in b) {
    if (key === self) continue
    const [mine, theirs] = [a[key], b[key] as FieldSet]
    out[key] = mine === undefined ? theirs : unionNodes(mine, theirs)
  }
  return out
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  const ends = endsHere(a) || endsHere(b)
  const { [self]: _, ...children } = unionChildren(a, b)
  return nodeOf(ends, children) ?? emptySet
}

/** Paths of the first set that are not in the second. */
export function differenceOf(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a
  return differenceChildren(a, b)
}

function differenceChildren(a: FieldSet, b: FieldSet): Record<string, FieldSet> {
  const out: Record<string, FieldSet> = {}
  for (const key in a) {
    if (key === self) continue
    const [mine, theirs] = [a[key] as FieldSet, b[key]]
    const rest =
      theirs === undefined ? mine : nodeOf(endsHere(mine) && !endsHere(theirs), differenceChildren(mine, theirs))
    if (rest !== undefined) out[key] = rest
  }
  return out
}

/** Paths of the first set that neither are in the second nor lie below one of its paths. */
export function withoutPrefixes(a: FieldSet, prefixes: FieldSet): FieldSet {
  const out: Record<string, FieldSet> = {}
  for (const key in a) {
    if (key === self) continue
    const [mine, theirs] = [a[key] as FieldSet, prefixes[key]]
    if (theirs !== undefined && endsHere(theirs)) continue
    const rest = theirs === undefined ? mine : nodeOf(endsHere(mine), withoutPrefixes(mine, theirs))
    if (rest !== undefined) out[key] = rest
  }
  return out
}

/** Paths in both sets. */
export function intersectionOf(a: FieldSet, b: FieldSet): FieldSet {
  const out: Record<string, FieldSet> = {}
  for (const key in a) {
    const [mine, theirs] = [a[key] as FieldSet, b[key]]
    if (key === self || theirs === undefined) continue
    const both = nodeOf(endsHere(mine) && endsHere(theirs), intersectionOf(mine, theirs))
    if (both !== undefined) out[key] = both
  }
  return out
}

/** True when the path of a single element is in the set. */
export function hasElement(set: FieldSet | undefined, element: string): boolean {
  const node = set?.[element]
  return node !== undefined && endsHere(node)
}

/** The paths below an element, without it; empty when there are none. */
export function below(set: FieldSet | undefined, element: string): FieldSet {
  const node = set?.[element]
  if (node === undefined) return emptySet
  if (node[self] === undefined) return node
  const { [self]: _, ...children } = node
  return children
}

/** True when every path of the first set is in the second, and the other way round. */
export function equalSets(a: FieldSet, b: FieldSet): boolean {
  return a === b || (isEmptySet(differenceOf(a, b)) && isEmptySet(differenceOf(b, a)))
}

/** A set being filled by a walk: `insert` marks the node itself. */
export class SetBuilder {
  #ends = false
  #children: Map<string, SetBuilder> | undefined

  /** The node of an element below this one, made when first asked for. */
  child(element: string): SetBuilder {
    this.#children ??= new Map()
    let node = this.#children.get(element)
    if (node === undefined) {
      node = new SetBuilder()
      this.#children.set(element, node)
    }
    return node
  }

  insert(): void {
    this.#ends = true
  }

  #node(): FieldSet | undefined {
    const out: Record<string, FieldSet> = this.#ends ? { [self]: emptySet } : {}
    if (this.#fill(out)) return out
    return this.#ends ? emptySet : undefined
  }

  /** True when a path ends below this node. */
  #fill(out: Record<string, FieldSet>): boolean {
    if (this.#children === undefined) return false
    let isFilled = false
    for (const [element, builder] of this.#children) {
      const node = builder.#node()
      if (node === undefined) continue
      out[element] = node
      isFilled = true
    }
    return isFilled
  }

  /** The set of the root. */
  build(): FieldSet {
    const out: Record<string, FieldSet> = {}
    this.#fill(out)
    return out
  }
}
