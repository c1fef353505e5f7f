/** Path elements as FieldsV1 spells them: `f:name`, `k:{"port":80}`, `v:"value"`, `i:0`; and as messages print them. */
import type { FieldSet } from './field-set.ts'
import type { MergeType } from './merge-type.ts'

/** Keys of a list item, names ascending. */
function keyText(item: Readonly<Record<string, unknown>>, type: MergeType): string {
  let text = ''
  for (const key of type.keys) {
    const value = item[key] ?? type.element?.field(key)?.keyDefault
    if (value !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(value)}`
  }
  return text
}

/** What an item of an associative list or set is called, or why it has no name. */
export type ItemName = { readonly element: string } | { readonly problem: string }

/** The path element of a list's item. */
export function elementOfItem(item: unknown, type: MergeType): ItemName {
  if (type.keys.length > 0) {
    if (item === null || item === undefined)
      return { problem: 'associative list with keys may not have a null element' }
    if (typeof item !== 'object' || Array.isArray(item))
      return { problem: 'associative list with keys may not have non-map elements' }
    const text = keyText(item as Readonly<Record<string, unknown>>, type)
    if (text !== '') return { element: `k:{${text}}` }
    const keys = `[${type.keys.map((key) => JSON.stringify(key)).join(' ')}]`
    return {
      problem: `associative list with keys has an element that omits all key fields ${keys} (and doesn't have default values for any key fields)`,
    }
  }
  if (item === null || item === undefined)
    return { problem: "associative list without keys has an element that's an explicit null" }
  if (typeof item !== 'object') return { element: `v:${JSON.stringify(item)}` }
  return {
    problem: Array.isArray(item)
      ? 'not supported: associative list with lists as elements'
      : "associative list without keys has an element that's a map type",
  }
}

/** `.spec`, `[name="one"]`, `[="value"]`, `[0]`. */
export function printElement(element: string): string {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return `.${rest}`
  if (element.startsWith('v:')) return `[=${rest}]`
  if (!element.startsWith('k:')) return `[${rest}]`
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>)
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
}

const rank: Readonly<Record<string, number>> = { '.': 0, f: 1, k: 2, v: 3, i: 4 }

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return compareTexts(String(a), String(b))
}

/** Compares two `k:` elements by their keys' values: numbers as numbers. */
function compareKeys(a: string, b: string): number {
  const left = Object.entries(JSON.parse(a.slice(2)) as Record<string, unknown>)
  const right = Object.entries(JSON.parse(b.slice(2)) as Record<string, unknown>)
  for (const [i, [name, value]] of left.entries()) {
    const other = right[i]
    if (other === undefined) return 1
    const order = compareValues(name, other[0]) || compareValues(value, other[1])
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** The order in which upstream writes path elements: fields, keys, values, indexes; each kind by value. */
export function compareElements(a: string, b: string): number {
  // Nearly all are fields.
  if (a.startsWith('f:') && b.startsWith('f:')) return compareTexts(a, b)
  const kinds = (rank[a[0] ?? ''] ?? 9) - (rank[b[0] ?? ''] ?? 9)
  if (kinds !== 0) return kinds
  if (a.startsWith('k:')) return compareKeys(a, b)
  if (a.startsWith('v:') || a.startsWith('i:')) return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)))
  return compareTexts(a, b)
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (compareElements(keys[i - 1] ?? '', keys[i] ?? '') > 0) return false
  return true
}

/** Whole sets that are known to be in order: what is read from an object and written again was mostly written here. */
const inOrder = new WeakSet<FieldSet>()

/** The set with its elements in upstream's order, ready to be written; the set itself when they are. */
export function sortedSet(set: FieldSet): FieldSet {
  if (inOrder.has(set)) return set
  const sorted = sortedNode(set)
  inOrder.add(sorted)
  return sorted
}

function sortedNode(set: FieldSet): FieldSet {
  const keys = Object.keys(set)
  const isOrdered = isSorted(keys)
  let out: Record<string, FieldSet> | undefined = isOrdered ? undefined : {}
  for (const key of isOrdered ? keys : keys.sort(compareElements)) {
    const node = set[key] as FieldSet
    const sorted = sortedNode(node)
    if (sorted !== node) out ??= { ...set }
    if (out !== undefined) out[key] = sorted
  }
  return out ?? set
}

/** Every path of a set as messages print it: what ends at a place first, then what lies below its elements. */
export function printPaths(set: FieldSet): string[] {
  return pathsBelow(sortedSet(set), '')
}

function pathsBelow(set: FieldSet, prefix: string): string[] {
  const elements = Object.entries(set).filter(([element]) => element !== '.')
  const ending = elements.filter(([, node]) => Object.keys(node).length === 0 || node['.'] !== undefined)
  const here = ending.map(([element]) => prefix + printElement(element))
  return [...here, ...elements.flatMap(([element, node]) => pathsBelow(node, prefix + printElement(element)))]
}
