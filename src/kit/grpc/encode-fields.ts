/** Protobuf messages written as lists of field number and value; what has a schema of its own is written elsewhere. */
import { WireWriter } from '#spec/kubernetes/protobuf/wire-writer.ts'

type FieldValue = number | boolean | string | Uint8Array | Fields | undefined
/** A message: field numbers with values in order; absent and zero values are left out, as proto3 has it. */
export type Fields = readonly (readonly [field: number, value: FieldValue])[]

/** Encodes a message. */
export function encodeFields(fields: Fields): Buffer {
  const writer = new WireWriter()
  writeFields(writer, fields)
  return writer.finish()
}

function writeFields(writer: WireWriter, fields: Fields): void {
  for (let index = fields.length - 1; index >= 0; index--) {
    const [field, value] = fields[index] as Fields[number]
    writeField(writer, field, value)
  }
}

function writeField(writer: WireWriter, field: number, value: FieldValue): void {
  if (value === undefined || value === 0 || value === false || value === '') return
  if (typeof value === 'number' || typeof value === 'boolean') {
    writer.integer(Number(value))
    writer.tag(field, 0)
    return
  }
  const before = writer.sizeBytes
  if (typeof value === 'string') writer.text(value)
  else if (value instanceof Uint8Array) writer.bytes(value)
  else writeFields(writer, value)
  writer.close(field, before)
}
