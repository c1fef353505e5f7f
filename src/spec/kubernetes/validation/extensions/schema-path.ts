/** Paths into the schema of a custom resource, as selectable fields and field paths of rules write them. */
import type { JSONSchemaProps } from '../../objects/apiextensions-v1.generated.ts'

/** The schema below `jsonPath` (`.spec.color`, `['a b']` for other names), or what is wrong with the path. */
export function schemaAt(schema: JSONSchemaProps, jsonPath: string): JSONSchemaProps | string {
  const parts = jsonPath.match(/\.[A-Za-z_$][\w$-]*|\['(?:[^'\\]|\\.)*'\]/g)
  if (parts === null || parts.join('') !== jsonPath) return `expected [ or . but got: ${jsonPath}`
  let at: JSONSchemaProps | undefined = schema
  for (const [depth, part] of parts.entries()) {
    const name: string = part.startsWith('.') ? part.slice(1) : part.slice(2, -2)
    const additional: JSONSchemaProps['additionalProperties'] = at.additionalProperties
    const rest: JSONSchemaProps | undefined =
      typeof additional === 'object' ? (additional as JSONSchemaProps) : undefined
    const next: JSONSchemaProps | undefined = at.properties?.[name] ?? rest
    const isMeta = name === 'metadata' && at === schema && depth === parts.length - 1
    if (next === undefined) return isMeta ? { type: 'object' } : `does not refer to a valid field`
    at = next
  }
  return at
}
