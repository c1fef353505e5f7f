/** Schemas as types: what expressions see of a value, and how large it can be (apiserver/pkg/cel/common, schemas.go). */
import { requestBytesMax } from './cel-limits.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  stringType,
  timestampType,
  type CelType,
  type ListKind,
  type ListType,
  type MapType,
  type ObjectField,
  type ObjectType,
} from './cel-type.ts'
import { escapeName } from './escape-name.ts'

/** What of an OpenAPI schema matters here. */
export interface CelSchema {
  readonly type?: string
  readonly format?: string
  readonly nullable?: boolean
  readonly properties?: Readonly<Record<string, CelSchema>>
  readonly additionalProperties?: CelSchema | boolean
  readonly items?: CelSchema
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly maxLength?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
}

export interface SchemaTypeOptions {
  /** Whether the schema is the root of a resource, which always has its kind and the names in its metadata. */
  readonly isResource?: boolean
  /** The name of the type in messages. */
  readonly name?: string
}

const quotes = 2

/** The type of a schema, or undefined for a value that expressions must not see. */
export function schemaType(
  schema: CelSchema,
  { isResource = false, name = 'object' }: SchemaTypeOptions = {},
): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return { ...dynType, sizeMax: lengthBound(schema) ?? requestBytesMax - quotes, jsonBytesMin: 1 }
  }
  const whole = isResource ? withMetadata(schema) : schema
  switch (whole.type) {
    case 'array':
      return arrayType(whole, name)
    case 'object':
      return typeof whole.additionalProperties === 'object' ? mapOf(whole, name) : objectOf(whole, name)
    case 'string':
      return textType(whole)
    case 'boolean':
      return { ...boolType, jsonBytesMin: 4 }
    case 'number':
      return { ...doubleType, jsonBytesMin: 1 }
    case 'integer':
      return { ...intType, jsonBytesMin: 1 }
    default:
      return undefined
  }
}

const isEmbedded = (schema: CelSchema): boolean => schema['x-kubernetes-embedded-resource'] === true

function partType(schema: CelSchema, name: string): CelType | undefined {
  return schemaType(schema, { isResource: isEmbedded(schema), name })
}

/** Length in bytes at most, where the schema says how many characters. */
function lengthBound({ maxLength }: CelSchema): number | undefined {
  return maxLength === undefined ? undefined : Math.max(0, maxLength) * 4
}

function listKindOf(schema: CelSchema): ListKind | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return { kind: 'set' }
  if (schema['x-kubernetes-list-type'] !== 'map') return undefined
  return { kind: 'map', keys: (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => escapeName(key) ?? key) }
}

function arrayType(schema: CelSchema, name: string): ListType | undefined {
  const { items, maxItems } = schema
  const element = items === undefined ? undefined : partType(items, `${name}.@idx`)
  if (element === undefined) return undefined
  const fitting = Math.trunc((requestBytesMax - quotes) / ((element.jsonBytesMin ?? 0) + 1))
  const sizeMax = maxItems === undefined ? fitting : Math.max(0, maxItems)
  const listKind = listKindOf(schema)
  return listType(element, { sizeMax, jsonBytesMin: 2, ...(listKind === undefined ? {} : { listKind }) })
}

function mapOf(schema: CelSchema, name: string): MapType | undefined {
  const { additionalProperties, maxProperties } = schema
  const value = partType(additionalProperties as CelSchema, `${name}.@elem`)
  if (value === undefined) return undefined
  const fitting = Math.trunc((requestBytesMax - quotes) / ((value.jsonBytesMin ?? 0) + 6))
  const sizeMax = maxProperties === undefined ? fitting : Math.max(0, maxProperties)
  return mapType(stringType, value, { sizeMax, jsonBytesMin: 2 })
}

function objectOf(schema: CelSchema, name: string): ObjectType {
  const fields = new Map<string, ObjectField>()
  const required = new Set(schema.required ?? [])
  let jsonBytesMin = 2
  for (const [member, property] of Object.entries(schema.properties ?? {})) {
    const type = partType(property, `${name}.${member}`)
    if (type === undefined) continue
    const field = escapeName(member)
    if (field !== undefined) fields.set(field, { name: member, type })
    if (required.has(member) && property.default === undefined)
      jsonBytesMin += member.length + (type.jsonBytesMin ?? 0) + 4
  }
  return { kind: 'object', name, fields, jsonBytesMin }
}

function textType(schema: CelSchema): CelType {
  const unbounded = requestBytesMax - quotes
  switch (schema.format) {
    case 'byte':
      return {
        ...bytesType,
        sizeMax: schema.maxLength === undefined ? unbounded : Math.max(0, schema.maxLength),
        jsonBytesMin: 2,
      }
    case 'duration':
      return { ...durationType, sizeMax: 32, jsonBytesMin: 3 }
    case 'date':
      return { ...timestampType, sizeMax: 12, jsonBytesMin: 12 }
    case 'date-time':
      return { ...timestampType, sizeMax: 32, jsonBytesMin: 21 }
    default:
      return { ...stringType, sizeMax: lengthBound(schema) ?? enumLength(schema) ?? unbounded, jsonBytesMin: 2 }
  }
}

function enumLength(schema: CelSchema): number | undefined {
  if (schema.enum === undefined || schema.enum.length === 0) return undefined
  return Math.max(0, ...schema.enum.map((value) => (typeof value === 'string' ? value.length : 0)))
}

const text: CelSchema = { type: 'string' }

function withMetadata(schema: CelSchema): CelSchema {
  const { properties = {} } = schema
  const metadata = properties['metadata']
  const isWhole =
    properties['kind']?.type === 'string' &&
    properties['apiVersion']?.type === 'string' &&
    metadata?.properties?.['name']?.type === 'string' &&
    metadata.properties['generateName']?.type === 'string'
  if (isWhole) return schema
  return {
    ...schema,
    properties: {
      ...properties,
      kind: text,
      apiVersion: text,
      metadata: { type: 'object', properties: { name: text, generateName: text } },
    },
  }
}
