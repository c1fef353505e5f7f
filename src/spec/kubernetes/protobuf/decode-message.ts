/** A protobuf message of a known type to the canonical object: unknown fields are dropped, absent ones are Go's zero. */
import { formatGoDuration } from '#base/data/duration.ts'
import { setMember } from '../decode/parse-json.ts'
import { sortedKeys } from '../decode/sorted-keys.ts'
import { formatTime } from '../decode/time-text.ts'
import { isOmitted, zeroValue } from '../decode/zero-value.ts'
import type { SchemaField, SchemaType, StructType, WireMember } from '../schema/type-rows.ts'
import type { Shape } from '../schema/shape.ts'
import { goFieldName } from './go-field-name.ts'
import { protobufError, WireReader } from './wire-reader.ts'

/** Deeper messages are refused; only JSON schemas nest at all. */
const depthMax = 500

/** Reads a message. Throws `KUBERNETES_PROTOBUF` for malformed bytes. */
export function decodeMessage(bytes: Uint8Array, struct: StructType): Record<string, unknown> {
  return readStruct(new WireReader(bytes, 0, bytes.length, struct.baseName), struct, 0)
}

function readStruct(reader: WireReader, struct: StructType, depth: number): Record<string, unknown> {
  if (depth > depthMax) throw protobufError('proto: exceeded max depth')
  const slots: unknown[] = []
  readMembers(reader, struct.wire, { slots, depth })
  const out: Record<string, unknown> = {}
  const { fields, always } = struct
  let next = 0
  for (const field of fields) {
    const value = slots[field.index]
    const shows = always[next] === field
    if (shows) next++
    if (value !== undefined && !isOmitted(value, field)) out[field.json] = tidy(value, field.type)
    else if (shows) out[field.json] = zeroValue(field)
  }
  return out
}

/** Maps come in any order on the wire; JSON has them sorted. */
function tidy(value: unknown, type: SchemaType): unknown {
  if (type.shape !== 'map') return value
  const map = value as Record<string, unknown>
  const keys = sortedKeys(map)
  const out: Record<string, unknown> = {}
  for (const key of keys) setMember(out, key, map[key])
  return out
}

interface Target {
  readonly slots: unknown[]
  readonly depth: number
}

/** The member of a field number; looked for from `from` on, because writers send fields in ascending order. */
function memberOf(wire: readonly WireMember[], number: number, from: number): number {
  let at = from
  while (at < wire.length && (wire[at]?.pb ?? 0) < number) at++
  return wire[at]?.pb === number ? at : wire.findIndex((member) => member.pb === number)
}

function readMembers(reader: WireReader, wire: readonly WireMember[], target: Target): void {
  let at = 0
  while (reader.next()) {
    const found = memberOf(wire, reader.field, at)
    const member = wire[found]
    if (member === undefined) {
      reader.skip()
      continue
    }
    at = found
    if (member.field !== undefined) readField(reader, member.field, target)
    else if (member.inline !== undefined) {
      reader.expect(2, String(member.pb))
      readMembers(reader.message(), member.inline, { slots: target.slots, depth: target.depth + 1 })
    }
  }
}

function readField(reader: WireReader, field: SchemaField, { slots, depth }: Target): void {
  const { type } = field
  if (type.shape === 'map') {
    reader.expect(2, goFieldName(field.json))
    slots[field.index] = readEntry(reader.message(), type, {
      map: slots[field.index] as Record<string, unknown> | undefined,
      depth,
    })
  } else if (type.shape === 'list' && !type.wrapped && type.element !== undefined) {
    const list = (slots[field.index] as unknown[] | undefined) ?? []
    slots[field.index] = list
    readListItem(reader, type.element, { list, depth, json: field.json })
  } else slots[field.index] = readValue(reader, type, { depth, json: field.json })
}

function readListItem(
  reader: WireReader,
  element: SchemaType,
  { list, depth, json }: Place & { readonly list: unknown[] },
): void {
  if (reader.wireType === 2 && (element.shape === 'int32' || element.shape === 'int64' || element.shape === 'bool')) {
    const packed = reader.message()
    while (!packed.done) list.push(element.shape === 'bool' ? packed.varint() !== 0 : readInteger(packed, element))
    return
  }
  list.push(readValue(reader, element, { depth, json }))
}

function readEntry(
  reader: WireReader,
  type: SchemaType,
  { map, depth }: { map: Record<string, unknown> | undefined; depth: number },
): Record<string, unknown> {
  const element = type.element as SchemaType
  let key = ''
  let value: unknown
  while (reader.next()) {
    if (reader.field === 1) {
      reader.expect(2, 'key')
      key = reader.text()
    } else if (reader.field === 2) value = readValue(reader, element, { depth, json: 'value' })
    else reader.skip()
  }
  const out = map ?? {}
  setMember(out, key, value ?? zeroValue({ type: element, pointer: false } as SchemaField))
  return out
}

function readInstant(reader: WireReader, micro: boolean): string | null {
  let seconds = 0
  let nanos = 0
  let empty = true
  while (reader.next()) {
    empty = false
    if (reader.wireType !== 0 || reader.field > 2) reader.skip()
    else if (reader.field === 1) seconds = reader.integer()
    else nanos = reader.integer()
  }
  if (empty) return null
  // Years beyond four digits have no RFC 3339 form.
  const written = seconds >= -62_135_596_800 && seconds <= 253_402_300_799 && nanos >= 0 && nanos <= 999_999_999
  if (!written) throw protobufError('proto: time out of range')
  return formatTime({ seconds, nanos }, micro)
}

function readIntOrString(reader: WireReader): number | string {
  let isText = false
  let number = 0
  let text = ''
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) isText = reader.varint() === 1
    else if (reader.field === 2 && reader.wireType === 0) number = reader.integer()
    else if (reader.field === 3 && reader.wireType === 2) text = reader.text()
    else reader.skip()
  }
  return isText ? text : number
}

function readFirst(reader: WireReader): Buffer | undefined {
  let bytes: Buffer | undefined
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) bytes = reader.bytes()
    else reader.skip()
  }
  return bytes
}

function readJson(reader: WireReader): unknown {
  const bytes = readFirst(reader)
  if (bytes === undefined || bytes.length === 0) return null
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw protobufError(`proto: embedded JSON cannot be read: ${cause instanceof Error ? cause.message : ''}`)
  }
}

/** A schema (field 2, or 1 for the list forms) or whether any value is allowed (field 1). */
function readSchemaOrBool(reader: WireReader, type: SchemaType, depth: number): unknown {
  const struct = type.element?.struct
  let schema: unknown
  let allows = false
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) allows = reader.varint() !== 0
    else if (reader.field === 2 && reader.wireType === 2 && struct !== undefined)
      schema = readStruct(reader.message(), struct, depth + 1)
    else reader.skip()
  }
  return schema ?? allows
}

function readSchemaOrList(reader: WireReader, type: SchemaType, depth: number): unknown {
  const struct = type.element?.struct
  let one: unknown = null
  const many: unknown[] = []
  while (reader.next()) {
    if (reader.wireType !== 2 || reader.field > 2 || struct === undefined) reader.skip()
    else if (reader.field === 1) one = readStruct(reader.message(), struct, depth + 1)
    else many.push(type.shape === 'schemaOrStrings' ? reader.text() : readStruct(reader.message(), struct, depth + 1))
  }
  return many.length > 0 ? many : one
}

type MessageReader = (reader: WireReader, type: SchemaType, depth: number) => unknown

const messages: Readonly<Partial<Record<Shape, MessageReader>>> = {
  struct: (reader, type, depth) => readStruct(reader, type.struct as StructType, depth + 1),
  time: (reader) => readInstant(reader, false),
  microTime: (reader) => readInstant(reader, true),
  duration: readDuration,
  quantity: (reader) => readFirst(reader)?.toString('utf8') ?? '0',
  intOrString: readIntOrString,
  fieldsV1: readJson,
  raw: readJson,
  json: readJson,
  schemaOrArray: readSchemaOrList,
  schemaOrBool: readSchemaOrBool,
  schemaOrStrings: readSchemaOrList,
  list: readWrapped,
}

function readDuration(reader: WireReader): string {
  let nanos = 0n
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) nanos = reader.bigInteger()
    else reader.skip()
  }
  return formatGoDuration(nanos)
}

function readWrapped(reader: WireReader, type: SchemaType, depth: number): unknown[] {
  const list: unknown[] = []
  while (reader.next()) {
    if (reader.field === 1 && type.element !== undefined)
      readListItem(reader, type.element, { list, depth, json: 'items' })
    else reader.skip()
  }
  return list
}

/** Where a value is: how deep, and what its member is called in JSON. */
interface Place {
  readonly depth: number
  readonly json: string
}

function readInteger(reader: WireReader, { shape }: SchemaType): number {
  return shape === 'int32' ? reader.integer32() : reader.integer()
}

const wireTypes: Readonly<Partial<Record<Shape, number>>> = { int32: 0, int64: 0, bool: 0, float64: 1 }
const ofInstants: ReadonlySet<Shape> = new Set(['time', 'microTime'])

function readValue(reader: WireReader, type: SchemaType, { depth, json }: Place): unknown {
  const { shape } = type
  const wireType = wireTypes[shape] ?? 2
  if (reader.wireType !== wireType) reader.expect(wireType, goFieldName(json))
  if (wireType === 1) return reader.double()
  if (wireType === 0) return shape === 'bool' ? reader.varint() !== 0 : readInteger(reader, type)
  if (shape === 'string') return reader.text()
  if (shape === 'bytes') return reader.bytes().toString('base64')
  const read = messages[shape]
  if (read === undefined) throw protobufError(`proto: ${type.goName} has no wire form`)
  return read(reader.message(ofInstants.has(shape) ? 'Timestamp' : type.goName), type, depth)
}
