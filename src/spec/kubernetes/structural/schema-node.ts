/** Schemas of custom resources as trees that the functions beside this file walk (structural schemas, apiextensions v1). */
import type { JSONSchemaProps } from '../objects/apiextensions-v1.generated.ts'
import { isJsonObject } from '../objects/objects.ts'

/** What `additionalProperties` says: a schema, or only whether there may be other members. */
export interface OtherMembers {
  readonly schema: SchemaNode | undefined
  readonly allowed: boolean
}

/** One schema with what is inside it. */
export interface SchemaNode {
  /** The schema as written. */
  readonly props: JSONSchemaProps
  /** `''` when it has none. */
  readonly type: string
  readonly nullable: boolean
  /** Undefined when there is none; null is none too. */
  readonly default: unknown
  readonly properties: ReadonlyMap<string, SchemaNode>
  readonly items: SchemaNode | undefined
  readonly others: OtherMembers | undefined
  readonly preserves: boolean
  readonly embedded: boolean
  readonly intOrString: boolean
  readonly listType: string
  readonly listKeys: readonly string[]
  readonly allOf: readonly SchemaNode[]
  readonly anyOf: readonly SchemaNode[]
  readonly oneOf: readonly SchemaNode[]
  readonly not: SchemaNode | undefined
}

const none: readonly SchemaNode[] = []

function nodes(list: readonly JSONSchemaProps[] | undefined): readonly SchemaNode[] {
  return list === undefined || list.length === 0 ? none : list.map(schemaNode)
}

function othersOf(value: JSONSchemaProps['additionalProperties']): OtherMembers | undefined {
  if (value === undefined) return undefined
  return typeof value === 'boolean'
    ? { schema: undefined, allowed: value }
    : { schema: schemaNode(value), allowed: true }
}

/** The tree of a schema. */
export function schemaNode(props: JSONSchemaProps): SchemaNode {
  const { items, properties = {}, not } = props
  return {
    props,
    type: props.type ?? '',
    nullable: props.nullable === true,
    default: props.default ?? undefined,
    properties: new Map(Object.entries(properties).map(([name, schema]) => [name, schemaNode(schema)])),
    items: isJsonObject(items) ? schemaNode(items) : undefined,
    others: othersOf(props.additionalProperties),
    preserves: props['x-kubernetes-preserve-unknown-fields'] === true,
    embedded: props['x-kubernetes-embedded-resource'] === true,
    intOrString: props['x-kubernetes-int-or-string'] === true,
    listType: props['x-kubernetes-list-type'] ?? '',
    listKeys: props['x-kubernetes-list-map-keys'] ?? [],
    allOf: nodes(props.allOf),
    anyOf: nodes(props.anyOf),
    oneOf: nodes(props.oneOf),
    not: not === undefined ? undefined : schemaNode(not),
  }
}

/** The schema of a member of an object, undefined where the schema says nothing of it. */
export function memberNode(node: SchemaNode | undefined, name: string): SchemaNode | undefined {
  return node?.properties.get(name) ?? node?.others?.schema
}

/** The members that every resource has; schemas do not speak of them. */
export const resourceMembers: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

/** The same schema as that of a whole resource, whose own members stay. */
export function asResource(node: SchemaNode): SchemaNode {
  return node.embedded ? node : { ...node, embedded: true }
}
