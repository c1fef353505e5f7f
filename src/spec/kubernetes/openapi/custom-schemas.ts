/** Schemas of custom resources as OpenAPI documents publish them (apiextensions controller/openapi/builder, v1.36). */
import type { JSONSchemaProps } from '../objects/apiextensions-v1.generated.ts'
import { isJsonObject } from '../objects/objects.ts'
import { type Dialect, referenceTo, type Schema } from './type-schema.ts'

/** One version of a custom resource. */
export interface CustomSchemaSource {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly listKind: string
  readonly resource: string
  /** Undefined for versions without one. */
  readonly schema: JSONSchemaProps | undefined
  /** Paths of selectable fields without their leading dot. */
  readonly selectableFields: readonly string[]
}

const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md'
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
const typeMeta: Schema = {
  apiVersion: {
    description: `APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: ${conventions}#resources`,
    type: 'string',
  },
  kind: {
    description: `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: ${conventions}#types-kinds`,
    type: 'string',
  },
}
const embeddedMeta: Schema = {
  apiVersion: {
    description: `apiVersion defines the versioned schema of this representation of an object. More info: ${conventions}#resources`,
    type: 'string',
  },
  kind: {
    description: `kind is a string value representing the type of this object. In CamelCase. More info: ${conventions}#types-kinds`,
    type: 'string',
  },
}

function described(name: string, description: string, dialect: Dialect): Schema {
  const reference = referenceTo(`${meta}${name}`, dialect)
  return dialect === 'v3' ? { allOf: [reference], description } : { ...reference, description }
}

const objectMeta = (dialect: Dialect): Schema =>
  described('ObjectMeta', `Standard object's metadata. More info: ${conventions}#metadata`, dialect)

const junctors = ['allOf', 'anyOf', 'oneOf', 'not'] as const
const integerOrString: readonly Schema[] = [{ type: 'integer' }, { type: 'string' }]

function without(schema: Record<string, unknown>, ...names: readonly string[]): void {
  for (const name of names) Reflect.deleteProperty(schema, name)
}

/** A schema and those inside it, in a dialect. */
function published(props: JSONSchemaProps, dialect: Dialect): Record<string, unknown> {
  const out: Record<string, unknown> = { ...props }
  const { properties, items, additionalProperties } = props
  if (properties !== undefined) {
    const entries = Object.entries(properties)
    out['properties'] = Object.fromEntries(entries.map(([name, inner]) => [name, published(inner, dialect)]))
  }
  if (isJsonObject(items)) out['items'] = published(items, dialect)
  if (isJsonObject(additionalProperties)) out['additionalProperties'] = published(additionalProperties, dialect)
  if (dialect === 'v3') unfold(out)
  else reduce(out, props)
  if (props['x-kubernetes-embedded-resource'] === true) embed(out, dialect)
  return out
}

/** Integers or strings say so in a way that every reader understands. */
function unfold(out: Record<string, unknown>): void {
  if (out['x-kubernetes-int-or-string'] !== true) return
  const { anyOf, allOf } = out
  if (isIntegerOrString(anyOf)) return
  const [first] = Array.isArray(allOf) ? (allOf as readonly unknown[]) : []
  if (isJsonObject(first) && isIntegerOrString(first['anyOf'])) return
  if (anyOf === undefined) out['anyOf'] = integerOrString
  else out['allOf'] = [{ anyOf: integerOrString }, ...(Array.isArray(allOf) ? (allOf as readonly unknown[]) : [])]
}

function isIntegerOrString(list: unknown): boolean {
  return JSON.stringify(list) === JSON.stringify(integerOrString)
}

/** What the second version of OpenAPI, or old clients of it, cannot express is left out. */
function reduce(out: Record<string, unknown>, props: JSONSchemaProps): void {
  without(out, ...junctors)
  const preserves = props['x-kubernetes-preserve-unknown-fields'] === true
  if (props.nullable === true) without(out, 'type', 'nullable')
  if (props.nullable === true || preserves) without(out, 'items', 'properties')
  if (out['items'] === undefined && out['type'] === 'array') without(out, 'type')
  if (preserves && out['type'] === 'object') without(out, 'type')
  const required = (props.required ?? []).filter((name) => props.properties?.[name]?.nullable !== true)
  if (props.required !== undefined && required.length < props.required.length) {
    if (required.length === 0) without(out, 'required')
    else out['required'] = required
  }
}

function embed(out: Record<string, unknown>, dialect: Dialect): void {
  if (dialect === 'v2' && out['x-kubernetes-preserve-unknown-fields'] === true) return
  const properties = isJsonObject(out['properties']) ? out['properties'] : {}
  const required = Array.isArray(out['required']) ? (out['required'] as readonly string[]) : []
  out['properties'] = { ...properties, ...embeddedMeta, metadata: objectMeta(dialect) }
  out['required'] = [...new Set([...required, 'kind', 'apiVersion'])]
}

function objectSchema({ schema }: CustomSchemaSource, dialect: Dialect): Record<string, unknown> {
  const isOpen = schema?.['x-kubernetes-preserve-unknown-fields'] === true
  // Without properties of its own: clients would take those of metadata for all that there may be.
  if (schema === undefined || (dialect === 'v2' && isOpen)) return { type: 'object' }
  const out = published(schema, dialect)
  const properties = isJsonObject(out['properties']) ? out['properties'] : {}
  return { ...out, properties: { ...properties, ...typeMeta, metadata: objectMeta(dialect) } }
}

/** The schemas of an object and of its list, by OpenAPI name. */
export function customSchemas(
  source: CustomSchemaSource,
  name: string,
  dialect: Dialect,
): Readonly<Record<string, Schema>> {
  const { group, version, kind, listKind, resource, selectableFields } = source
  const listName = `${name.slice(0, name.length - kind.length)}${listKind}`
  const kindOf = (of: string): Schema => ({ 'x-kubernetes-group-version-kind': [{ group, kind: of, version }] })
  const selectable =
    selectableFields.length === 0
      ? {}
      : { 'x-kubernetes-selectable-fields': selectableFields.map((fieldPath) => ({ fieldPath })) }
  const list: Schema = {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta,
      items: {
        description: `List of ${resource}. More info: ${conventions}`,
        type: 'array',
        items: referenceTo(name, dialect),
      },
      metadata: described('ListMeta', `Standard list metadata. More info: ${conventions}#types-kinds`, dialect),
    },
    ...kindOf(listKind),
    ...selectable,
  }
  return { [name]: { ...objectSchema(source, dialect), ...kindOf(kind), ...selectable }, [listName]: list }
}
