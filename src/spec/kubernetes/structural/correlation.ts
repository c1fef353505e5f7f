/**
 * Ratcheting: which part of the stored value belongs to a part of the new one. What has not changed is not held against
 * a writer (cel/common CorrelatedObject, v1.36).
 */
import { isJsonObject } from '../objects/objects.ts'
import { keyText } from './key-text.ts'
import { memberNode, type SchemaNode } from './schema-node.ts'

/** A new value, the old one that it comes from, and their schema. */
export class Correlation {
  readonly value: unknown
  readonly old: unknown
  readonly node: SchemaNode
  #isEqual: boolean | undefined
  #byKey: ReadonlyMap<string, unknown> | undefined
  readonly #members = new Map<string, Correlation | undefined>()
  readonly #items: (Correlation | undefined)[] = []

  constructor(value: unknown, old: unknown, node: SchemaNode) {
    this.value = value
    this.old = old
    this.node = node
  }

  /** The member of both, undefined where one has it not or the schema does not know it. */
  member(name: string): Correlation | undefined {
    if (!this.#members.has(name)) this.#members.set(name, this.#memberOf(name))
    return this.#members.get(name)
  }

  #memberOf(name: string): Correlation | undefined {
    const { value, old } = this
    if (!isJsonObject(value) || !isJsonObject(old) || !Object.hasOwn(value, name) || !Object.hasOwn(old, name))
      return undefined
    const node = memberNode(this.node, name)
    return node === undefined ? undefined : new Correlation(value[name], old[name], node)
  }

  /** The item at an index and the old item of the same key; only lists of type map have such. */
  item(index: number): Correlation | undefined {
    if (!(index in this.#items)) this.#items[index] = this.#itemOf(index)
    return this.#items[index]
  }

  #itemOf(index: number): Correlation | undefined {
    const { value, old, node } = this
    if (!Array.isArray(value) || !Array.isArray(old) || node.listType !== 'map' || node.items === undefined)
      return undefined
    this.#byKey ??= byKey(old, node.listKeys)
    const text = itemKey(value[index], node.listKeys)
    const before = text === undefined ? undefined : this.#byKey.get(text)
    return before === undefined ? undefined : new Correlation(value[index], before, node.items)
  }

  /** True when nothing has changed here. Members that the schema does not know count as changed, as upstream has it. */
  get isEqual(): boolean {
    return (this.#isEqual ??= this.#compare())
  }

  #compare(): boolean {
    const { value, old, node } = this
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false
      if (node.listType !== 'map') return keyText(value) === keyText(old)
      return value.every((_, index) => this.item(index)?.isEqual === true)
    }
    if (isJsonObject(value) && isJsonObject(old)) {
      const names = Object.keys(value)
      return names.length === Object.keys(old).length && names.every((name) => this.member(name)?.isEqual === true)
    }
    return value === old
  }
}

/** The key of an item of a list of type map, undefined for what is no object. */
export function itemKey(item: unknown, names: readonly string[]): string | undefined {
  return isJsonObject(item) ? keyText(names.map((name) => item[name] ?? null)) : undefined
}

/** Items of a list of type map by key; of equal keys the last counts for none. */
function byKey(items: readonly unknown[], names: readonly string[]): ReadonlyMap<string, unknown> {
  const out = new Map<string, unknown>()
  const twice = new Set<string>()
  for (const item of items) {
    const text = itemKey(item, names)
    if (text === undefined) continue
    if (out.has(text)) twice.add(text)
    out.set(text, item)
  }
  for (const text of twice) out.delete(text)
  return out
}
