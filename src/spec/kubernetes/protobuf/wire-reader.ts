/** Protobuf bytes read field by field, never beyond the message: hostile lengths and endless numbers are refused. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** A body that is not the protobuf it claims to be. */
export function protobufError(message: string): GantryError {
  return new GantryError('KUBERNETES_PROTOBUF', 'invalid', message, {
    remedy: 'Send the object as JSON to see what is wrong with it.',
  })
}

const int32Max = 2_147_483_647
const startGroup = 3
const endGroup = 4

/** A window on bytes. `next` moves to the next field; one of the readers must follow. */
export class WireReader {
  readonly #bytes: Buffer
  #at: number
  readonly #end: number
  readonly #goType: string
  field = 0
  wireType = 0

  // oxlint-disable-next-line max-params -- made for every message there is
  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length, goType: string = '') {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
    this.#end = end
    this.#goType = goType
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  /** Reads the next field's number and wire type; false at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#end) return false
    const tag = this.varint()
    this.field = Math.floor(tag / 8)
    this.wireType = tag % 8
    if (this.field > int32Max) this.field = Number(BigInt.asIntN(32, BigInt(this.field)))
    if (this.wireType === endGroup) throw this.#problem('wiretype end group for non-group')
    if (this.field < 1) throw this.#problem(`illegal tag ${this.field} (wire type ${this.wireType})`)
    return true
  }

  /** Go says of which message. */
  #problem(what: string): GantryError {
    const name = this.#goType.slice(this.#goType.lastIndexOf('.') + 1)
    return protobufError(name === '' ? `proto: ${what}` : `proto: ${name}: ${what}`)
  }

  #byte(): number {
    if (this.#at >= this.#end) throw protobufError('unexpected EOF')
    return this.#bytes[this.#at++] ?? 0
  }

  /** An unsigned number; what a double does not hold exactly is read by `integer`. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw protobufError('proto: integer overflow')
  }

  /** A signed 64-bit number, as near as a double comes. */
  integer(): number {
    return Number(this.bigInteger())
  }

  /** The lower half of a number, as Go reads what should have been written as 32 bits. */
  integer32(): number {
    const start = this.#at
    const value = this.varint()
    if (value <= int32Max) return value
    this.#at = start
    return Number(BigInt.asIntN(32, this.bigInteger()))
  }

  bigInteger(): bigint {
    const start = this.#at
    const value = this.varint()
    if (value <= Number.MAX_SAFE_INTEGER) return BigInt(value)
    let exact = 0n
    for (let at = this.#at - 1; at >= start; at--) exact = (exact << 7n) | BigInt((this.#bytes[at] ?? 0) & 0x7f)
    return BigInt.asIntN(64, exact)
  }

  double(): number {
    if (this.#end - this.#at < 8) throw protobufError('unexpected EOF')
    this.#at += 8
    return this.#bytes.readDoubleLE(this.#at - 8)
  }

  #length(): number {
    const length = this.varint()
    if (length >= 2 ** 63) throw protobufError('proto: negative length found during unmarshaling')
    if (length > this.#end - this.#at) throw protobufError('unexpected EOF')
    return length
  }

  /** The bytes of a length-delimited field, not copied. */
  bytes(): Buffer {
    const length = this.#length()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  text(): string {
    const length = this.#length()
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }

  /** A reader of the embedded message. @param goType what Go calls it, where it names it in failures. */
  message(goType: string = ''): WireReader {
    const length = this.#length()
    const start = this.#at
    this.#at += length
    return new WireReader(this.#bytes, start, this.#at, goType)
  }

  /** Refuses a field whose wire type is not the expected one. */
  expect(wireType: number, name: string): void {
    if (this.wireType !== wireType) throw protobufError(`proto: wrong wireType = ${this.wireType} for field ${name}`)
  }

  /** Steps over the current field's value, groups with all that is in them. */
  skip(): void {
    for (let depth = 0; ; this.#nextInGroup()) {
      if (this.wireType === startGroup) depth++
      else if (this.wireType === endGroup) depth--
      else this.#skipValue()
      if (depth === 0) return
    }
  }

  #nextInGroup(): void {
    if (this.#at >= this.#end) throw protobufError('unexpected EOF')
    this.wireType = this.varint() % 8
  }

  #skipValue(): void {
    if (this.wireType === 0) this.varint()
    else if (this.wireType === 2) this.bytes()
    else if (this.wireType === 1 || this.wireType === 5) {
      this.#at += this.wireType === 1 ? 8 : 4
      if (this.#at > this.#end) throw protobufError('unexpected EOF')
    } else throw protobufError(`proto: illegal wireType ${this.wireType}`)
  }
}
