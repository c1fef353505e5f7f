/**
 * A canonical object as a protobuf message of its type, byte for byte as upstream's generated code writes it: ascending
 * field numbers, plain scalars and structs always there, pointers, lists and maps only when they hold something.
 */
import { parseGoDuration } from '#base/data/duration.ts'
import { microLayout, parseTime } from '../decode/time-text.ts'
import { sortedKeys } from '../decode/sorted-keys.ts'
import type { SchemaField, SchemaType, StructType, WireMember } from '../schema/type-rows.ts'
import type { Shape } from '../schema/shape.ts'
import { WireWriter } from './wire-writer.ts'

type Members = Readonly<Record<string, unknown>>
const noMembers: Members = {}

/** A type and the field number its value is written under. */
interface Slot {
  readonly type: SchemaType
  readonly pb: number
}

/** The message of a struct. */
export function encodeMessage(value: Members, struct: StructType): Buffer {
  const writer = new WireWriter()
  writeMembers(writer, value, struct.wire)
  return writer.finish()
}

function writeMembers(writer: WireWriter, value: Members, wire: readonly WireMember[]): void {
  for (let i = wire.length - 1; i >= 0; i--) {
    const member = wire[i]
    if (member === undefined) continue
    if (member.inline !== undefined) {
      const before = writer.sizeBytes
      writeMembers(writer, value, member.inline)
      writer.close(member.pb, before)
    } else if (member.field !== undefined) writeField(writer, value[member.field.json], member.field)
  }
}

function writeField(writer: WireWriter, value: unknown, field: SchemaField): void {
  const { type } = field
  if (type.shape === 'list' && !type.wrapped) writeList(writer, value, field)
  else if (type.shape === 'map') writeMap(writer, value, field)
  else if (value !== undefined && value !== null) writeValue(writer, value, field)
  else if (!field.pointer) writeZero(writer, field)
}

function writeList(writer: WireWriter, value: unknown, { type, pb }: Slot): void {
  if (!Array.isArray(value) || type.element === undefined) return
  const at = { type: type.element, pb }
  for (let i = value.length - 1; i >= 0; i--) {
    if (value[i] === null) writeZero(writer, at)
    else writeValue(writer, value[i], at)
  }
}

function writeMap(writer: WireWriter, value: unknown, { type, pb }: Slot): void {
  if (typeof value !== 'object' || value === null || type.element === undefined) return
  const map = value as Members
  const keys = sortedKeys(map)
  const at = { type: type.element, pb: 2 }
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i] ?? ''
    const before = writer.sizeBytes
    const item = map[key]
    if (item === null || item === undefined) writeZero(writer, at)
    else writeValue(writer, item, at)
    const beforeKey = writer.sizeBytes
    writer.text(key)
    writer.close(1, beforeKey)
    writer.close(pb, before)
  }
}

type ValueWriter = (writer: WireWriter, value: unknown, type: SchemaType) => void

function writeVarint(writer: WireWriter, field: number, value: number | bigint): void {
  writer.integer(value)
  writer.tag(field, 0)
}

function writeText(writer: WireWriter, field: number, value: string): void {
  const before = writer.sizeBytes
  writer.text(value)
  writer.close(field, before)
}

function writeInstant(writer: WireWriter, text: string, micro: boolean): void {
  if (text === '') return
  const { seconds, nanos } = parseTime(text, micro && text.includes('.') ? microLayout : undefined)
  writeVarint(writer, 2, micro ? nanos : 0)
  writeVarint(writer, 1, seconds)
}

function writeIntOrString(writer: WireWriter, value: unknown): void {
  const isText = typeof value === 'string'
  writeText(writer, 3, isText ? value : '')
  writeVarint(writer, 2, isText ? 0 : Number(value))
  writeVarint(writer, 1, isText ? 1 : 0)
}

/** A JSON schema, or the other form a member of a schema allows. */
function writeSchemaOr(writer: WireWriter, value: unknown, type: SchemaType): void {
  const element = type.element
  if (Array.isArray(value)) {
    for (let i = value.length - 1; i >= 0; i--) {
      if (typeof value[i] === 'string') writeText(writer, 2, value[i] as string)
      else if (element !== undefined) writeValue(writer, value[i], { type: element, pb: 2 })
    }
    return
  }
  const isSchema = typeof value === 'object' && value !== null
  if (isSchema && element !== undefined)
    writeValue(writer, value, { type: element, pb: type.shape === 'schemaOrBool' ? 2 : 1 })
  // A schema in place of a boolean stands for "allowed".
  if (type.shape === 'schemaOrBool') writeVarint(writer, 1, isSchema || value === true ? 1 : 0)
}

/** What is inside the length-delimited field of a value, by shape. */
const contents: Readonly<Partial<Record<Shape, ValueWriter>>> = {
  string: (writer, value) => writer.text(String(value)),
  bytes: (writer, value) => writer.bytes(Buffer.from(String(value), 'base64')),
  struct: (writer, value, type) => writeMembers(writer, value as Members, type.struct?.wire ?? []),
  time: (writer, value) => writeInstant(writer, String(value), false),
  microTime: (writer, value) => writeInstant(writer, String(value), true),
  duration: (writer, value) => writeVarint(writer, 1, parseGoDuration(String(value))),
  quantity: (writer, value) => writeText(writer, 1, String(value)),
  intOrString: writeIntOrString,
  fieldsV1: (writer, value) => writeText(writer, 1, JSON.stringify(value)),
  raw: (writer, value) => writeText(writer, 1, JSON.stringify(value)),
  json: (writer, value) => writeText(writer, 1, JSON.stringify(value)),
  schemaOrArray: writeSchemaOr,
  schemaOrBool: writeSchemaOr,
  schemaOrStrings: writeSchemaOr,
  list: (writer, value, type) => writeList(writer, value, { type, pb: 1 }),
}

function writeValue(writer: WireWriter, value: unknown, { type, pb: field }: Slot): void {
  const { shape } = type
  if (shape === 'int32' || shape === 'int64') return writeVarint(writer, field, Number(value))
  if (shape === 'bool') return writeVarint(writer, field, value === true ? 1 : 0)
  if (shape === 'float64') {
    writer.double(Number(value))
    return writer.tag(field, 1)
  }
  const write = contents[shape]
  if (write === undefined) return undefined
  const before = writer.sizeBytes
  write(writer, value, type)
  return writer.close(field, before)
}

const zeros: Readonly<Partial<Record<Shape, unknown>>> = {
  string: '',
  int32: 0,
  int64: 0,
  bool: false,
  float64: 0,
  intOrString: 0,
  quantity: '0',
  duration: '0s',
  time: '',
  microTime: '',
}

/** What upstream writes for a member that is not there but is no pointer either. */
function writeZero(writer: WireWriter, at: Slot): void {
  const { type, pb: field } = at
  if (type.shape === 'struct') return writeValue(writer, noMembers, at)
  const zero = zeros[type.shape]
  if (zero !== undefined) return writeValue(writer, zero, at)
  // Hand-coded types without content are empty messages; absent byte strings and lists are not written.
  if (type.shape === 'raw' || type.shape === 'json' || type.shape === 'fieldsV1' || type.wrapped)
    writer.close(field, writer.sizeBytes)
  return undefined
}
