/**
 * An ordered map of entries that never changes: a B+ tree whose updates copy one path and share the rest.
 * Every revision of the memory store keeps its tree, so old reads, paged lists and forks cost nothing extra.
 */
import { compareKeys, type KeyBounds } from './key-range.ts'
import type { Entry } from './versioned-store.ts'

const widthMax = 32

interface Leaf {
  readonly first: string
  readonly count: number
  readonly entries: readonly Entry[]
}
interface Branch {
  readonly first: string
  readonly count: number
  readonly children: readonly OrderedTree[]
}

/** A tree of entries by key. */
export type OrderedTree = Leaf | Branch

/** The tree without entries. */
export const emptyTree: OrderedTree = { first: '', count: 0, entries: [] }

/** Where `key` is or would be among the entries. */
function placeIn(entries: readonly Entry[], key: string): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys((entries[middle] as Entry).key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The child whose keys surround `key`. */
function childFor(branch: Branch, key: string): number {
  let low = 1
  let high = branch.children.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys((branch.children[middle] as OrderedTree).first, key) <= 0) low = middle + 1
    else high = middle
  }
  return low - 1
}

function leafOf(entries: readonly Entry[]): Leaf {
  return { first: entries[0]?.key ?? '', count: entries.length, entries }
}

function branchOf(children: readonly OrderedTree[]): Branch {
  let count = 0
  for (const child of children) count += child.count
  return { first: children[0]?.first ?? '', count, children }
}

/** The entry of `key`, if any. */
export function findEntry(tree: OrderedTree, key: string): Entry | undefined {
  let node = tree
  while ('children' in node) node = node.children[childFor(node, key)] as OrderedTree
  const entry = node.entries[placeIn(node.entries, key)]
  return entry?.key === key ? entry : undefined
}

/** Returns one node, or two when it had to split. */
function insert(node: OrderedTree, entry: Entry): readonly OrderedTree[] {
  if ('entries' in node) {
    const at = placeIn(node.entries, entry.key)
    if (node.entries[at]?.key === entry.key) return [leafOf(node.entries.with(at, entry))]
    const entries = node.entries.toSpliced(at, 0, entry)
    if (entries.length <= widthMax) return [leafOf(entries)]
    const cut = at === entries.length - 1 ? widthMax : entries.length >>> 1
    return [leafOf(entries.slice(0, cut)), leafOf(entries.slice(cut))]
  }
  const at = childFor(node, entry.key)
  const grown = insert(node.children[at] as OrderedTree, entry)
  const children = node.children.toSpliced(at, 1, ...grown)
  if (children.length <= widthMax) return [branchOf(children)]
  const cut = at === node.children.length - 1 ? widthMax : children.length >>> 1
  return [branchOf(children.slice(0, cut)), branchOf(children.slice(cut))]
}

/** The tree with `entry` in place of what its key had. */
export function withEntry(tree: OrderedTree, entry: Entry): OrderedTree {
  const grown = insert(tree, entry)
  return grown.length === 1 ? (grown[0] as OrderedTree) : branchOf(grown)
}

/** Joins two neighbours when they fit into one node. */
function joined(left: OrderedTree, right: OrderedTree): OrderedTree | undefined {
  if ('entries' in left && 'entries' in right) {
    return left.count + right.count <= widthMax / 2 ? leafOf([...left.entries, ...right.entries]) : undefined
  }
  if (!('children' in left && 'children' in right)) return undefined
  const width = left.children.length + right.children.length
  return width <= widthMax / 2 ? branchOf([...left.children, ...right.children]) : undefined
}

function remove(node: OrderedTree, key: string): OrderedTree | undefined {
  if ('entries' in node) {
    const at = placeIn(node.entries, key)
    if (node.entries[at]?.key !== key) return node
    return node.count === 1 ? undefined : leafOf(node.entries.toSpliced(at, 1))
  }
  const at = childFor(node, key)
  const child = node.children[at] as OrderedTree
  const shrunk = remove(child, key)
  if (shrunk === child) return node
  if (shrunk === undefined) return node.children.length === 1 ? undefined : branchOf(node.children.toSpliced(at, 1))
  const next = node.children[at + 1]
  const both = next === undefined ? undefined : joined(shrunk, next)
  return branchOf(both === undefined ? node.children.with(at, shrunk) : node.children.toSpliced(at, 2, both))
}

/** The tree without `key`. */
export function withoutKey(tree: OrderedTree, key: string): OrderedTree {
  let shrunk = remove(tree, key) ?? emptyTree
  while ('children' in shrunk && shrunk.children.length === 1) shrunk = shrunk.children[0] as OrderedTree
  return shrunk
}

/** How many keys come before `key`. */
function rankOf(tree: OrderedTree, key: string): number {
  let node = tree
  let rank = 0
  while ('children' in node) {
    const at = childFor(node, key)
    for (let index = 0; index < at; index++) rank += (node.children[index] as OrderedTree).count
    node = node.children[at] as OrderedTree
  }
  return rank + placeIn(node.entries, key)
}

/** How many keys lie within the bounds. */
export function countWithin(tree: OrderedTree, bounds: KeyBounds): number {
  const end = bounds.end === undefined ? tree.count : rankOf(tree, bounds.end)
  return Math.max(0, end - rankOf(tree, bounds.start))
}

/** The first `limit` entries at or after `start`, in key order. */
export function entriesFrom(tree: OrderedTree, start: string, limit: number): Entry[] {
  const found: Entry[] = []
  collect(tree, start, { found, limit })
  return found
}

function collect(node: OrderedTree, start: string, into: { readonly found: Entry[]; readonly limit: number }): void {
  const { found, limit } = into
  if ('entries' in node) {
    const from = placeIn(node.entries, start)
    for (let at = from; at < node.entries.length && found.length < limit; at++) found.push(node.entries[at] as Entry)
    return
  }
  for (let at = childFor(node, start); at < node.children.length && found.length < limit; at++) {
    collect(node.children[at] as OrderedTree, start, into)
  }
}
