/**
 * Protobuf bytes written from the end towards the beginning, so that a message's length is known when its header is due
 * and nothing is measured twice. Numbers and strings are the few that Kubernetes uses.
 */

const firstSizeBytes = 1024

/** Collects a message back to front; `finish` hands the bytes out. */
export class WireWriter {
  #bytes: Buffer = Buffer.allocUnsafe(firstSizeBytes)
  #at: number = firstSizeBytes

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#bytes.length - this.#at
  }

  #room(size: number): void {
    if (this.#at >= size) return
    const used = this.sizeBytes
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, used + size))
    this.#bytes.copy(grown, grown.length - used, this.#at)
    this.#at = grown.length - used
    this.#bytes = grown
  }

  bytes(content: Uint8Array): void {
    this.#room(content.length)
    this.#at -= content.length
    this.#bytes.set(content, this.#at)
  }

  text(content: string): void {
    const size = Buffer.byteLength(content)
    this.#room(size)
    this.#at -= size
    this.#bytes.write(content, this.#at, size, 'utf8')
  }

  /** A non-negative integer that a double holds exactly. */
  varint(value: number): void {
    if (value < 0x80) {
      this.#room(1)
      this.#bytes[--this.#at] = value
      return
    }
    let size = 1
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
    this.#room(size)
    this.#at -= size
    let rest = value
    for (let i = 0; i < size - 1; i++) {
      this.#bytes[this.#at + i] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#at + size - 1] = rest
  }

  /** int32 or int64: negative numbers take ten bytes, as two's complement. */
  integer(value: number | bigint): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return this.varint(Number(value))
    let rest = BigInt.asUintN(64, BigInt(value))
    const out: number[] = []
    for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80)
    out.push(Number(rest))
    return this.bytes(Uint8Array.from(out))
  }

  double(value: number): void {
    this.#room(8)
    this.#at -= 8
    this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** Field number and wire type, in front of what was just written. */
  tag(field: number, wireType: 0 | 1 | 2): void {
    this.varint(field * 8 + wireType)
  }

  /** Closes a length-delimited field whose content began when the writer held `sizeBefore` bytes. */
  close(field: number, sizeBefore: number): void {
    this.varint(this.sizeBytes - sizeBefore)
    this.tag(field, 2)
  }

  /** The message. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(this.#at)
  }
}
