/** Watch events as length-delimited protobuf frames, in both directions. */
import { protobufError, WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** A watch event whose object is still in its envelope. */
export interface WatchFrame {
  readonly type: string
  readonly object: Uint8Array
}

/** One frame: four bytes of length, then the event. `object` is an enveloped object. */
export function encodeWatchFrame({ type, object }: WatchFrame): Buffer {
  const writer = new WireWriter()
  writer.bytes(object)
  writer.close(1, 0)
  writer.close(2, 0)
  const beforeType = writer.sizeBytes
  writer.text(type)
  writer.close(1, beforeType)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(writer.sizeBytes)
  writer.bytes(length)
  return writer.finish()
}

/** The raw bytes of a RawExtension. */
function readRaw(reader: WireReader): Uint8Array {
  let raw: Uint8Array = new Uint8Array()
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) raw = reader.bytes()
    else reader.skip()
  }
  return raw
}

function readEvent(bytes: Buffer): WatchFrame {
  const reader = new WireReader(bytes)
  let type = ''
  let object: Uint8Array = new Uint8Array()
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) type = reader.text()
    else if (reader.field === 2 && reader.wireType === 2) object = readRaw(reader.message())
    else reader.skip()
  }
  return { type, object }
}

/** Cuts a byte stream into watch events: feed it chunks, take the events that are complete. */
export interface WatchFrameReader {
  /** Events completed by this chunk. Throws `KUBERNETES_PROTOBUF` when a frame is larger than allowed. */
  feed(chunk: Uint8Array): readonly WatchFrame[]
}

/** Reads frames of at most `frameMaxBytes` (upstream clients allow 16 MiB). */
export function createWatchFrameReader(frameMaxBytes: number = 16 * 1024 * 1024): WatchFrameReader {
  let rest: Buffer = Buffer.alloc(0)
  return {
    feed(chunk) {
      rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
      const out: WatchFrame[] = []
      let at = 0
      while (rest.length - at >= 4) {
        const length = rest.readUInt32BE(at)
        if (length > frameMaxBytes) throw protobufError('object to decode was longer than maximum allowed size')
        if (rest.length - at - 4 < length) break
        out.push(readEvent(rest.subarray(at + 4, at + 4 + length)))
        at += 4 + length
      }
      rest = rest.subarray(at)
      return out
    },
  }
}
