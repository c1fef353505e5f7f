/**
 * Prints API values the way the server's internal types print in upstream's messages: every member with its Go name,
 * zero or not. Driven by `internal-types.table.ts`.
 */
import { isJsonObject, type JsonObject } from '../objects/objects.ts'
import { internalTypes } from './internal-types.table.ts'
import { goJson, GoValue } from './go-value.ts'

interface Member {
  readonly name: string
  readonly json: string
  readonly code: string
}

const zeros: Readonly<Record<string, unknown>> = { s: '', n: 0, b: false, q: '0' }

function membersOf(type: string): readonly Member[] {
  return (internalTypes[type] ?? '')
    .split('|')
    .filter((row) => row !== '')
    .map((row) => {
      const [name = '', json = '', code = ''] = row.split(' ')
      return code === '' ? { name: '', json: '', code: name } : { name, json, code }
    })
}

function memberValue(value: unknown, code: string, parent: JsonObject): unknown {
  const inner = code.slice(1)
  const isNone = value === undefined || value === null
  switch (code[0]) {
    case 'S':
      return internalStruct(value, inner, parent)
    case '*':
      return isNone ? null : internalStruct(value, inner, parent)
    case '[':
      return Array.isArray(value) ? value.map((item) => internalStruct(item, inner, {})) : null
    case '{':
      return isJsonObject(value) ? mapped(value, inner) : null
    default:
      return isNone ? (zeros[code] ?? null) : value
  }
}

function mapped(value: JsonObject, type: string): JsonObject {
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, internalStruct(item, type, {})]))
}

// The three union types of schemas have a JSON form that does not name its member.
function unionStruct(value: unknown, type: string): JsonObject | undefined {
  const schema = 'apiextensions.JSONSchemaProps'
  if (!type.startsWith(`${schema}Or`)) return undefined
  const asSchema = isJsonObject(value) ? internalStruct(value, schema, {}) : null
  if (type === `${schema}OrBool`) return { Allows: value === true || asSchema !== null, Schema: asSchema }
  const list = Array.isArray(value) ? value : null
  if (type === `${schema}OrStringArray`) return { Schema: asSchema, Property: list }
  return { Schema: asSchema, JSONSchemas: list === null ? null : list.map((item) => internalStruct(item, schema, {})) }
}

function internalStruct(value: unknown, type: string, parent: JsonObject): JsonObject {
  const union = unionStruct(value, type)
  if (union !== undefined) return union
  const from = isJsonObject(value) ? value : {}
  const out: Record<string, unknown> = {}
  for (const { name, json, code } of membersOf(type)) {
    if (code === 'M') Object.assign(out, isJsonObject(from['metadata']) ? from['metadata'] : {})
    else if (code.startsWith('+')) Object.assign(out, internalStruct(from, code.slice(1), parent))
    else if (json.startsWith('^')) out[name] = memberValue(parent[json.slice(1)], code, parent)
    else if (code !== 'T') out[name] = memberValue(from[json], code, from)
  }
  return out
}

/** The internal form of an API value of `type` (`core.PodSpec`). */
export function internalForm(value: unknown, type: string): JsonObject {
  return internalStruct(value, type, {})
}

/** An API value of `type` for a message; absent prints as null. */
export function internal(type: string, value: unknown): GoValue {
  return new GoValue(value === undefined || value === null ? 'null' : goJson(internalForm(value, type)))
}

/** A list of API values whose elements are of `type`. */
export function internalList(type: string, values: readonly unknown[] | undefined): GoValue {
  return new GoValue(values === undefined ? 'null' : goJson(values.map((item) => internalForm(item, type))))
}
