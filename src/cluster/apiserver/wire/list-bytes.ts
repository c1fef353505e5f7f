/** Lists as concatenated bytes: each object's own JSON, copied into pieces of 256 KB that are made when they are asked for. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { versionAt } from '../cache/object-bytes.ts'
import type { ServedResource } from '../served-resource.ts'
import type { StoredObject } from '../cache/stored-object.ts'

const pieceBytes = 256 * 1024

/** A list in JSON. Typed items lose kind and version, as upstream writes them. Who reads slowly holds one piece. */
export function* concatenateList(
  resource: ServedResource,
  metadata: JsonObject,
  items: readonly StoredObject[],
): Generator<Buffer, void, undefined> {
  const { apiVersion, kind, listKind } = resource
  const head = `{"kind":${JSON.stringify(listKind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`
  // Every stored object begins with these bytes.
  const skip = resource.type === undefined ? 1 : `{"kind":"${kind}","apiVersion":"${apiVersion}",`.length
  const writer = new PieceWriter()
  writer.text(head)
  let first = true
  for (const { stored, revision } of items) {
    const cut = versionAt(stored)
    const full = writer.turnFor(stored.length)
    if (full !== undefined) yield full
    writer.text(first ? '{' : ',{')
    writer.bytes(stored, skip, cut)
    writer.text(String(revision))
    writer.bytes(stored, cut, stored.length)
    first = false
  }
  writer.text(']}\n')
  yield writer.rest()
}

/** Room for what stands between two objects, and for the end. */
const betweenBytes = 64

class PieceWriter {
  #piece = Buffer.allocUnsafe(pieceBytes)
  #used = 0

  text(text: string): void {
    this.#used += this.#piece.write(text, this.#used)
  }

  bytes(source: Buffer, from: number, to: number): void {
    this.#used += source.copy(this.#piece, this.#used, from, to)
  }

  /** Makes room for an object of so many bytes; the piece that had too little, for sending. */
  turnFor(sizeBytes: number): Buffer | undefined {
    const wanted = sizeBytes + betweenBytes
    if (this.#used + wanted <= this.#piece.length) return undefined
    const full = this.rest()
    this.#piece = Buffer.allocUnsafe(Math.max(pieceBytes, wanted))
    this.#used = 0
    return full
  }

  /** What has been written since the last turn. */
  rest(): Buffer {
    return this.#piece.subarray(0, this.#used)
  }
}
