/**
 * `application/vnd.kubernetes.protobuf`: four magic bytes, then `runtime.Unknown` with the kind's name and its message.
 * Watches send `meta.v1.WatchEvent` messages without the envelope, each after its length (four bytes, big endian); the
 * object inside an event has its envelope again.
 */
import { parseGroupVersion, typeOfKind } from '../schema/kinds.ts'
import { decodeMessage } from './decode-message.ts'
import { encodeMessage } from './encode-message.ts'
import { protobufError, WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00])

const envelopeFields = ['TypeMeta', 'Raw', 'ContentEncoding', 'ContentType'] as const

/** What an envelope says before its content is looked at. */
export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  readonly raw: Buffer
  readonly contentEncoding: string
  readonly contentType: string
}

/** True when the body starts with the envelope's magic bytes. */
export function isEnvelope(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && magic.every((byte, i) => bytes[i] === byte)
}

/** Opens an envelope. Throws `KUBERNETES_PROTOBUF` when it is none. */
export function openEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw protobufError('empty data')
  if (!isEnvelope(bytes))
    throw protobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  if (bytes.length === magic.length) throw protobufError('empty body')
  const reader = new WireReader(bytes, magic.length, bytes.length, 'Unknown')
  const out = { apiVersion: '', kind: '', raw: Buffer.alloc(0) as Buffer, contentEncoding: '', contentType: '' }
  while (reader.next()) {
    const name = envelopeFields[reader.field - 1]
    if (name === undefined) {
      reader.skip()
      continue
    }
    reader.expect(2, name)
    if (reader.field === 1) Object.assign(out, readTypeMeta(reader.message('TypeMeta')))
    else if (reader.field === 2) out.raw = reader.bytes()
    else if (reader.field === 3) out.contentEncoding = reader.text()
    else out.contentType = reader.text()
  }
  return out
}

function readTypeMeta(reader: WireReader): { apiVersion: string; kind: string } {
  const out = { apiVersion: '', kind: '' }
  while (reader.next()) {
    if (reader.field > 2) {
      reader.skip()
      continue
    }
    reader.expect(2, reader.field === 1 ? 'APIVersion' : 'Kind')
    if (reader.field === 1) out.apiVersion = reader.text()
    else out.kind = reader.text()
  }
  return out
}

/** Puts a message into the envelope of its kind. */
export function sealEnvelope(apiVersion: string, kind: string, message: Uint8Array): Buffer {
  const writer = new WireWriter()
  writer.close(4, writer.sizeBytes)
  writer.close(3, writer.sizeBytes)
  const beforeRaw = writer.sizeBytes
  writer.bytes(message)
  writer.close(2, beforeRaw)
  const beforeMeta = writer.sizeBytes
  const beforeKind = writer.sizeBytes
  writer.text(kind)
  writer.close(2, beforeKind)
  const beforeVersion = writer.sizeBytes
  writer.text(apiVersion)
  writer.close(1, beforeVersion)
  writer.close(1, beforeMeta)
  writer.bytes(magic)
  return writer.finish()
}

/** True for kinds that have a message: every built-in kind, and the payload kinds of meta.k8s.io except Table. */
export function hasProtobuf(apiVersion: string, kind: string): boolean {
  const struct = structOf(apiVersion, kind)?.struct
  return struct !== undefined && struct.wire.length > 0 && !kind.startsWith('Table')
}

/** Encodes a canonical object or list of a built-in kind. Throws `KUBERNETES_PROTOBUF` for kinds without a message. */
export function encodeObject(object: Readonly<Record<string, unknown>>): Buffer {
  const apiVersion = typeof object['apiVersion'] === 'string' ? object['apiVersion'] : ''
  const kind = typeof object['kind'] === 'string' ? object['kind'] : ''
  const struct = hasProtobuf(apiVersion, kind) ? structOf(apiVersion, kind)?.struct : undefined
  if (struct === undefined)
    throw protobufError(
      `object *${apiVersion}.${kind} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`,
    )
  return sealEnvelope(apiVersion, kind, encodeMessage(object, struct))
}

/** Options kinds are registered in every group: `apps/v1 DeleteOptions` is `meta.k8s.io/v1 DeleteOptions`. */
function structOf(apiVersion: string, kind: string): ReturnType<typeof typeOfKind> {
  return (
    typeOfKind(apiVersion, kind) ??
    (/^(?:Delete|Create|Update|Patch|List|Get)Options$|^Status$|^WatchEvent$/.test(kind)
      ? typeOfKind('meta.k8s.io/v1', kind)
      : undefined)
  )
}

/**
 * Decodes an enveloped object to its canonical form, `kind` and `apiVersion` first. Throws `KUBERNETES_PROTOBUF` for
 * malformed bytes and for kinds that are not built in.
 */
export function decodeObject(bytes: Uint8Array): Record<string, unknown> {
  return decodeContent(openEnvelope(bytes))
}

/** As `decodeObject`, of an envelope that is open. */
export function decodeContent({
  apiVersion,
  kind,
  raw,
}: Pick<Envelope, 'apiVersion' | 'kind' | 'raw'>): Record<string, unknown> {
  const struct = structOf(apiVersion, kind)?.struct
  if (struct === undefined) {
    const { group, version } = parseGroupVersion(apiVersion)
    throw protobufError(
      `no kind "${kind}" is registered for version "${group === '' ? version : `${group}/${version}`}"`,
    )
  }
  return { kind, apiVersion, ...decodeMessage(raw, struct) }
}
