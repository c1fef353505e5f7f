/** Defaulting: what a schema's defaults put where nothing is, or a null that is not allowed (apiextensions, v1.36). */
import { setMember } from '../decode/parse-json.ts'
import { isJsonObject, type JsonObject } from '../objects/objects.ts'
import { mapItems, mapMembers } from './map-members.ts'
import type { SchemaNode } from './schema-node.ts'

function isForbiddenNull(value: unknown, node: SchemaNode | undefined): boolean {
  return value === null && node !== undefined && !node.nullable
}

/** The value with defaults filled in; the same value when there was nothing to fill in. */
export function fillDefaults(value: unknown, node: SchemaNode | undefined): unknown {
  if (node === undefined) return value
  if (Array.isArray(value)) {
    return mapItems(value, (item) =>
      fillDefaults(isForbiddenNull(item, node.items) ? (node.items?.default ?? null) : item, node.items),
    )
  }
  if (!isJsonObject(value)) return value
  return mapMembers(withMissing(value, node), (name, member) => {
    const property = node.properties.get(name)
    if (property !== undefined) return fillDefaults(member, property)
    const other = node.others?.schema
    return fillDefaults(isForbiddenNull(member, other) ? (other?.default ?? null) : member, other)
  })
}

function withMissing(object: JsonObject, node: SchemaNode): JsonObject {
  let copy: Record<string, unknown> | undefined
  for (const [name, property] of node.properties) {
    if (property.default === undefined) continue
    if (Object.hasOwn(object, name) && !isForbiddenNull(object[name], property)) continue
    copy ??= { ...object }
    setMember(copy, name, property.default)
  }
  return copy ?? object
}
