/** Lists that are sets or maps hold each item or key once (apiextensions listtype, v1.36). */
import { isJsonObject, type JsonObject } from '../objects/objects.ts'
import { duplicate, type FieldError, invalid } from '../validation/field-errors.ts'
import type { Path } from '../validation/field-path.ts'
import { keyText } from './key-text.ts'
import type { SchemaNode } from './schema-node.ts'

/** Repeated items of sets and repeated keys of maps anywhere in a value. */
export function validateListTypes(at: Path, value: unknown, node: SchemaNode | undefined): FieldError[] {
  if (node === undefined) return []
  if (Array.isArray(value)) return list(at, value, node)
  if (!isJsonObject(value)) return []
  const { properties, others } = node
  return Object.entries(value).flatMap(([name, member]) => {
    const property = properties.get(name)
    if (property !== undefined) return validateListTypes(at.child(name), member, property)
    return validateListTypes(at.key(name), member, others?.schema)
  })
}

function list(at: Path, items: readonly unknown[], node: SchemaNode): FieldError[] {
  const own =
    node.listType === 'set'
      ? repeated(items).map((index) => duplicate(at.index(index), items[index]))
      : node.listType === 'map'
        ? keyed(at, items, node.listKeys)
        : []
  return [...own, ...items.flatMap((item, index) => validateListTypes(at.index(index), item, node.items))]
}

/** Indexes where an item stands for the second time. */
function repeated(items: readonly unknown[]): readonly number[] {
  const seen = new Map<string, number>()
  const out: number[] = []
  for (const [index, item] of items.entries()) {
    const text = keyText(item)
    const times = seen.get(text) ?? 0
    seen.set(text, times + 1)
    if (times === 1) out.push(index)
  }
  return out
}

function keyed(at: Path, items: readonly unknown[], names: readonly string[]): FieldError[] {
  const odd = items.findIndex((item) => item !== null && !isJsonObject(item))
  if (odd >= 0) return [invalid(at.index(odd), items[odd], 'must be an object for an array of list-type map')]
  const keys = items.map((item) => keyOf(item, names))
  return repeated(keys).map((index) => duplicate(at.index(index), keys[index]))
}

function keyOf(item: unknown, names: readonly string[]): JsonObject {
  const object = isJsonObject(item) ? item : {}
  return Object.fromEntries(names.filter((name) => Object.hasOwn(object, name)).map((name) => [name, object[name]]))
}
