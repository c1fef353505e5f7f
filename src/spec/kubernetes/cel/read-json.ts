/** Plain JSON as CEL values, by declared type, and back (k8s.io/apiserver/pkg/cel/common, UnstructuredToVal). */
import { parseGoDuration } from '#base/data/duration.ts'
import { bytesOfBase64, base64OfBytes } from './base64.ts'
import {
  dynType,
  insideOptional,
  runtimeTypeName,
  type CelType,
  type ListType,
  type MapType,
  type ObjectType,
} from './cel-type.ts'
import {
  CelDuration,
  CelFailure,
  CelGiven,
  CelList,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  JsonMap,
  isCelMap,
  isCelObject,
  type CelMap,
  type CelValue,
} from './cel-value.ts'
import { durationText, parseDateText, parseTimestampText, timestampText } from './time-values.ts'

type JsonRecord = Readonly<Record<string, unknown>>

/** A JSON value of a declared type. Values that are CEL's already pass as they are. @throws CelFailure when they do not fit. */
export function readJson(json: unknown, type: CelType): CelValue {
  if (json instanceof CelGiven) return json.value
  if (isCelObject(json)) return json
  if (json === null || json === undefined) return null
  switch (type.kind) {
    case 'list':
      return readList(json, type)
    case 'map':
      return readMap(json, type)
    case 'object':
      return readObject(json, type)
    case 'string':
    case 'bytes':
    case 'timestamp':
    case 'duration':
      return typeof json === 'string' ? readText(json, type) : unfit('string', json)
    default:
      return readScalar(json, type)
  }
}

function readScalar(json: unknown, type: CelType): CelValue {
  switch (type.kind) {
    case 'int':
      return isWhole(json) ? BigInt(json) : unfit('int', json)
    case 'uint':
      return isWhole(json) && json >= 0 ? new CelUint(BigInt(json)) : unfit('uint', json)
    case 'double':
      return typeof json === 'number' ? json : unfit('float', json)
    case 'bool':
      return typeof json === 'boolean' ? json : unfit('bool', json)
    default:
      return readOther(json, type)
  }
}

const isWhole = (json: unknown): json is number => typeof json === 'number' && Number.isInteger(json)

function unfit(expected: string, json: unknown): never {
  throw new CelFailure(`invalid data, expected ${expected}, got ${jsonKind(json)}`)
}

function readOther(json: unknown, type: CelType): CelValue {
  const inside = insideOptional(type)
  return inside === undefined ? readDynamic(json) : new CelOptional(readJson(json, inside))
}

/** A JSON value of no declared type, as an unstructured object's: whole numbers are int. */
function readDynamic(json: unknown): CelValue {
  switch (typeof json) {
    case 'string':
    case 'boolean':
      return json
    case 'number':
      return Number.isInteger(json) ? BigInt(json) : json
    default:
      if (json === null || typeof json !== 'object') return null
      if (Array.isArray(json)) return new CelList(json, readDynamicItem)
      return new JsonMap(json as JsonRecord, readDynamicMember)
  }
}

const readDynamicItem = (item: unknown): CelValue => readJson(item, dynType)
const readDynamicMember = (_name: string, json: unknown): CelValue => readJson(json, dynType)

function jsonKind(json: unknown): string {
  if (Array.isArray(json)) return '[]interface {}'
  if (typeof json === 'object') return 'map[string]interface {}'
  if (typeof json === 'number') return Number.isInteger(json) ? 'int64' : 'float64'
  return typeof json === 'boolean' ? 'bool' : typeof json
}

function readList(json: unknown, type: ListType): CelValue {
  if (!Array.isArray(json))
    throw new CelFailure('invalid data, expected an array for the provided schema with type=array')
  return new CelList(json, (item) => readJson(item, type.element), type.listKind)
}

function asRecord(json: unknown): JsonRecord {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonRecord
  throw new CelFailure('invalid data, expected a map for the provided schema with type=object')
}

function readMap(json: unknown, type: MapType): CelValue {
  return new JsonMap(asRecord(json), (_name, member) => readJson(member, type.value))
}

function readObject(json: unknown, type: ObjectType): CelValue {
  return new JsonMap(asRecord(json), (name, member) => readJson(member, fieldTypeOf(type, name)), type)
}

function fieldTypeOf(type: ObjectType, name: string): CelType {
  const plain = type.fields.get(name)
  if (plain?.name === name) return plain.type
  for (const field of type.fields.values()) if (field.name === name) return field.type
  return dynType
}

function readText(text: string, type: CelType): CelValue {
  switch (type.kind) {
    case 'bytes':
      return bytesOfBase64(text) ?? fail(`Invalid byte formatted string ${text}: illegal base64 data`)
    case 'duration':
      return readDuration(text)
    case 'timestamp': {
      const nanos = parseTimestampText(text) ?? parseDateText(text)
      return nanos === undefined ? fail(`Invalid date-time formatted string ${text}`) : new CelTimestamp(nanos)
    }
    default:
      return text
  }
}

function readDuration(text: string): CelValue {
  try {
    return new CelDuration(parseGoDuration(text))
  } catch {
    return fail(`Invalid duration ${text}: unable to parse ${text} as duration`)
  }
}

function fail(message: string): never {
  throw new CelFailure(message)
}

/**
 * A value as JSON: times and durations as text, bytes as base64, integers as numbers.
 * @throws CelFailure for values that JSON cannot hold (types, addresses, authorizers).
 */
export function celToJson(value: CelValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof CelList) return [...value].map(celToJson)
  if (isCelMap(value)) return value instanceof JsonMap ? value.json : builtToJson(value)
  return objectToJson(value)
}

function objectToJson(value: Exclude<CelValue & object, CelList | CelMap>): unknown {
  if (value instanceof CelUint) return Number(value.value)
  if (value instanceof CelTimestamp) return timestampText(value.nanos)
  if (value instanceof CelDuration) return durationText(value.nanos)
  if (value instanceof Uint8Array) return base64OfBytes(value)
  if (value instanceof CelOptional) return value.value === undefined ? null : celToJson(value.value)
  const name = value instanceof CelTypeValue ? 'type' : runtimeTypeName(value.type)
  throw new CelFailure(`type conversion error from '${name}' to JSON`)
}

function builtToJson(map: CelMap): unknown {
  const members: [string, unknown][] = []
  for (const key of map.keys()) {
    const member = map.find(key)
    const isAbsent = member instanceof CelOptional && member.value === undefined
    if (member === undefined || isAbsent) continue
    const name = typeof key === 'string' ? (map.objectType?.fields.get(key)?.name ?? key) : String(celToJson(key))
    members.push([name, celToJson(member)])
  }
  return Object.fromEntries(members)
}
