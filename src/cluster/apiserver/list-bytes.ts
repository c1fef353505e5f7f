/** Lists as concatenated bytes: each object's own JSON, copied into pieces of 256 KB. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { versionAt } from './object-bytes.ts'
import type { ServedResource } from './served-resource.ts'
import type { StoredObject } from './stored-object.ts'

const pieceBytes = 256 * 1024

/** A list in JSON. Typed items lose kind and version, as upstream writes them. */
export function concatenateList(
  resource: ServedResource,
  metadata: JsonObject,
  items: readonly StoredObject[],
): readonly Buffer[] {
  const { apiVersion, kind, listKind } = resource
  const head = `{"kind":${JSON.stringify(listKind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`
  // Every stored object begins with these bytes.
  const skip = resource.type === undefined ? 1 : `{"kind":"${kind}","apiVersion":"${apiVersion}",`.length
  const writer = new PieceWriter()
  writer.text(head)
  let first = true
  for (const { stored, revision } of items) {
    const cut = versionAt(stored)
    writer.text(first ? '{' : ',{')
    writer.bytes(stored, skip, cut)
    writer.text(String(revision))
    writer.bytes(stored, cut, stored.length)
    first = false
  }
  writer.text(']}\n')
  return writer.finish()
}

class PieceWriter {
  readonly #pieces: Buffer[] = []
  #piece = Buffer.allocUnsafe(pieceBytes)
  #used = 0

  text(text: string): void {
    if (this.#used + text.length * 3 > this.#piece.length) this.#turn(text.length * 3)
    this.#used += this.#piece.write(text, this.#used)
  }

  bytes(source: Buffer, from: number, to: number): void {
    const length = to - from
    if (this.#used + length > this.#piece.length) this.#turn(length)
    this.#used += source.copy(this.#piece, this.#used, from, to)
  }

  finish(): readonly Buffer[] {
    this.#pieces.push(this.#piece.subarray(0, this.#used))
    return this.#pieces
  }

  #turn(wanted: number): void {
    if (this.#used > 0) this.#pieces.push(this.#piece.subarray(0, this.#used))
    this.#piece = Buffer.allocUnsafe(Math.max(pieceBytes, wanted))
    this.#used = 0
  }
}
