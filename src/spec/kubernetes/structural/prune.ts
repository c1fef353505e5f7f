/** Pruning: members that the schema does not know are taken out and told (apiextensions pruning, v1.36). */
import { isJsonObject } from '../objects/objects.ts'
import { dropped, mapItems, mapMembers } from './map-members.ts'
import { asResource, resourceMembers, type SchemaNode } from './schema-node.ts'

/** A value without unknown members, and where they were: `spec.nope`, `spec.list[0].nope`, ascending. */
export interface Pruned {
  readonly value: unknown
  readonly unknown: readonly string[]
}

/** Unknown members that are told of one body; the rest is pruned silently. */
const toldMost = 100

/** Prunes a value. `isResource` keeps kind, version and metadata at the root. The value itself is not changed. */
export function prune(value: unknown, schema: SchemaNode | undefined, isResource: boolean): Pruned {
  const pruner = new Pruner()
  const node = isResource && schema !== undefined ? asResource(schema) : schema
  const pruned = pruner.prune(value, node)
  return { value: pruned, unknown: pruner.unknown.toSorted() }
}

class Pruner {
  readonly unknown: string[] = []
  readonly #path: string[] = []

  prune(value: unknown, node: SchemaNode | undefined): unknown {
    if (node?.preserves === true) return this.#inner(value, node)
    if (Array.isArray(value)) return this.#list(value, (item) => this.prune(item, node?.items))
    if (!isJsonObject(value)) return value
    return mapMembers(value, (name, member) => {
      if (node?.embedded === true && resourceMembers.has(name)) return member
      const known = this.#known(name, member, node)
      if (known !== unknown) return known
      if (!resourceMembers.has(name) || this.#path.length > 0) this.#tell(name)
      return dropped
    })
  }

  /** Below a schema that preserves unknown members only what is specified is pruned. */
  #inner(value: unknown, node: SchemaNode): unknown {
    if (Array.isArray(value)) {
      const { items } = node
      return items === undefined ? value : this.#list(value, (item) => this.#inner(item, items))
    }
    if (!isJsonObject(value)) return value
    return mapMembers(value, (name, member) => {
      if (node.embedded && resourceMembers.has(name)) return member
      const known = this.#known(name, member, node)
      return known === unknown ? member : known
    })
  }

  #known(name: string, member: unknown, node: SchemaNode | undefined): unknown {
    const property = node?.properties.get(name)
    if (property === undefined && node?.others === undefined) return unknown
    this.#path.push(this.#path.length === 0 ? name : `.${name}`)
    const pruned = this.prune(member, property ?? node?.others?.schema)
    this.#path.pop()
    return pruned
  }

  #list(list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
    return mapItems(list, (item, index) => {
      this.#path.push(`[${index}]`)
      const pruned = change(item)
      this.#path.pop()
      return pruned
    })
  }

  #tell(name: string): void {
    if (this.unknown.length >= toldMost) return
    this.unknown.push(this.#path.length === 0 ? name : `${this.#path.join('')}.${name}`)
  }
}

const unknown: unique symbol = Symbol('unknown')

/** The value with nulls taken out where the schema allows none and has no default to put there. */
export function dropNulls(value: unknown, node: SchemaNode | undefined): unknown {
  if (Array.isArray(value)) return mapItems(value, (item) => dropNulls(item, node?.items))
  if (!isJsonObject(value)) return value
  return mapMembers(value, (name, member) => {
    const inner = node?.properties.get(name) ?? node?.others?.schema
    if (member === null && inner !== undefined && !inner.nullable && inner.default === undefined) return dropped
    return dropNulls(member, inner)
  })
}
