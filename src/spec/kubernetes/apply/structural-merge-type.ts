/** Merge types of custom resources, read from their structural OpenAPI schema (apiextensions v1). */
import { builtInTypes } from '../schema/type-rows.ts'
import { builtInMergeTypes, deducedType, type MergeType, mergeTypeOf } from './merge-type.ts'

type Schema = Readonly<Record<string, unknown>>

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function embeddedFields(): (name: string) => MergeType | undefined {
  const metaType = builtInTypes.find('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
  const meta = metaType === undefined ? deducedType : builtInMergeTypes.of(metaType)
  const text = mergeTypeOf({ scalar: 'string' })
  return (name) => (name === 'metadata' ? meta : name === 'apiVersion' || name === 'kind' ? text : undefined)
}

/**
 * The merge type of a custom resource's version. Without a schema everything merges by what the values are. `root` adds the
 * members that every object has.
 */
export function structuralMergeType(schema: unknown, root: boolean = true): MergeType {
  if (!isSchema(schema))
    return root ? mergeTypeOf({ kind: 'map', element: deducedType, field: embeddedFields() }) : deducedType
  if (schema['x-kubernetes-int-or-string'] === true) return mergeTypeOf({ keyDefault: schema['default'] })
  if (schema['type'] === 'array') return listType(schema)
  if (schema['type'] === 'object' || root) return objectType(schema, root)
  if (schema['type'] === undefined) return deducedType
  const scalars: Readonly<Record<string, MergeType['scalar']>> = {
    string: 'string',
    boolean: 'boolean',
    integer: 'number',
    number: 'number',
  }
  return mergeTypeOf({
    keyDefault: schema['default'],
    scalar: scalars[typeof schema['type'] === 'string' ? schema['type'] : ''],
  })
}

function listType(schema: Schema): MergeType {
  const listKind = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys']
  const element = structuralMergeType(schema['items'], false)
  if (listKind === 'set') return mergeTypeOf({ kind: 'list', element })
  if (listKind !== 'map' || !Array.isArray(keys)) return mergeTypeOf({ kind: 'list', atomic: true, element })
  return mergeTypeOf({ kind: 'list', keys: keys.map(String).sort(), element })
}

function objectType(schema: Schema, root: boolean): MergeType {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {}
  const embedded = root || schema['x-kubernetes-embedded-resource'] === true ? embeddedFields() : undefined
  const fields = new Map<string, MergeType>()
  const field = (name: string): MergeType | undefined => {
    const own = embedded?.(name) ?? fields.get(name)
    if (own !== undefined || !Object.hasOwn(properties, name)) return own
    const type = structuralMergeType(properties[name], false)
    fields.set(name, type)
    return type
  }
  const additional = schema['additionalProperties']
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || additional === true
  const element = isSchema(additional) ? structuralMergeType(additional, false) : open ? deducedType : undefined
  return mergeTypeOf({ kind: 'map', atomic: schema['x-kubernetes-map-type'] === 'atomic', field, element })
}
