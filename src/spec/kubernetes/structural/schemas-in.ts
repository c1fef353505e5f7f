/** All schemas inside of a schema, for questions about any of them. */
import type { JSONSchemaProps } from '../objects/apiextensions-v1.generated.ts'
import { isJsonObject } from '../objects/objects.ts'
import { knownFormat } from './value-formats.ts'

/** The schema itself and those in it, outer ones first. */
export function* schemasIn(schema: JSONSchemaProps): Generator<JSONSchemaProps, void, undefined> {
  yield schema
  const { items, properties = {}, additionalProperties, allOf, anyOf, oneOf, not } = schema
  for (const inner of Object.values(properties)) yield* schemasIn(inner)
  for (const inner of [items, additionalProperties, not]) if (isJsonObject(inner)) yield* schemasIn(inner)
  for (const list of [allOf, anyOf, oneOf]) for (const inner of list ?? []) yield* schemasIn(inner)
}

/** The names of formats that nothing is checked against: their author is told. */
export function unknownFormats(schema: JSONSchemaProps): readonly string[] {
  return Array.from(schemasIn(schema), ({ format = '', type = '' }) =>
    format !== '' && knownFormat(format, type) === '' ? [format] : [],
  ).flat()
}

/** True when a default is set anywhere. */
export function hasDefaults(schema: JSONSchemaProps): boolean {
  for (const inner of schemasIn(schema)) if (inner.default !== undefined && inner.default !== null) return true
  return false
}
