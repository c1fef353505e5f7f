/** Netlink messages as bytes (netlink(7), rtnetlink(7)): headers, attributes, acknowledgements; pure. Little-endian machines. */

export const headerBytes = 16
export const messageTypes = {
  error: 2,
  done: 3,
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  setLink: 19,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
  getRoute: 26,
  newNeighbor: 28,
  deleteNeighbor: 29,
  getNeighbor: 30,
} as const
export const messageFlags = {
  request: 1,
  acknowledge: 4,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
} as const
const dumpInterrupted = 0x10
const acknowledgeHasAttributes = 0x200
const acknowledgeIsCapped = 0x100
const nestedBits = 0x3fff

/** One attribute: type and value, padded to four bytes. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3)
  bytes.writeUInt16LE(4 + value.length, 0)
  bytes.writeUInt16LE(type, 2)
  bytes.set(value, 4)
  return bytes
}

/** An attribute made of attributes. */
export function nested(type: number, ...parts: readonly Uint8Array[]): Buffer {
  return attribute(type, Buffer.concat(parts))
}

/** Attribute values. */
export function u8(value: number): Buffer {
  return Buffer.from([value])
}
export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value, 0)
  return bytes
}
export function u16BigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value, 0)
  return bytes
}
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0, 0)
  return bytes
}
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

/** Attributes of a message's rest by type; of repeated ones the last. Broken lengths end the walk. */
export function parseAttributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  let offset = 0
  while (offset + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(offset)
    if (length < 4 || offset + length > bytes.length) break
    found.set(bytes.readUInt16LE(offset + 2) & nestedBits, bytes.subarray(offset + 4, offset + length))
    offset += (length + 3) & ~3
  }
  return found
}

/** Text of an attribute without its closing zero. */
export function readText(bytes: Buffer | undefined): string {
  if (bytes === undefined) return ''
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

/** A whole request. */
export function encodeRequest(message: {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly parts: readonly Uint8Array[]
}): Buffer {
  const body = Buffer.concat(message.parts)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32LE(headerBytes + body.length, 0)
  header.writeUInt16LE(message.type, 4)
  header.writeUInt16LE(message.flags | messageFlags.request, 6)
  header.writeUInt32LE(message.sequence, 8)
  return Buffer.concat([header, body])
}

/** What one datagram from the kernel says about the request of that sequence number. */
export interface Answer {
  /** Bodies of data messages. */
  readonly bodies: Buffer[]
  /** Set by the closing message: 0 is success, else a positive errno. */
  errno: number | undefined
  /** The kernel's own explanation, where it gives one. */
  explanation: string
  /** The table changed while it was dumped. */
  interrupted: boolean
}

export function emptyAnswer(): Answer {
  return { bodies: [], errno: undefined, explanation: '', interrupted: false }
}

/** Adds a received datagram to an answer. */
export function decodeDatagram(answer: Answer, datagram: Buffer, sequence: number): void {
  let offset = 0
  while (offset + headerBytes <= datagram.length) {
    const length = datagram.readUInt32LE(offset)
    if (length < headerBytes || offset + length > datagram.length) return
    if (datagram.readUInt32LE(offset + 8) === sequence)
      decodeMessage(answer, datagram.subarray(offset, offset + length))
    offset += (length + 3) & ~3
  }
}

function decodeMessage(answer: Answer, message: Buffer): void {
  const type = message.readUInt16LE(4)
  const flags = message.readUInt16LE(6)
  if ((flags & dumpInterrupted) !== 0) answer.interrupted = true
  if (type === messageTypes.done) answer.errno = 0
  else if (type !== messageTypes.error) answer.bodies.push(Buffer.from(message.subarray(headerBytes)))
  else {
    answer.errno = -message.readInt32LE(headerBytes)
    answer.explanation =
      (flags & acknowledgeHasAttributes) === 0 ? '' : explain(message, (flags & acknowledgeIsCapped) !== 0)
  }
}

/** The attributes follow the errno and the request's header, or the whole request when it was not capped. */
function explain(message: Buffer, capped: boolean): string {
  const request = headerBytes + 4
  const length = capped || message.length < request + 4 ? headerBytes : message.readUInt32LE(request)
  return readText(parseAttributes(message.subarray(request + ((length + 3) & ~3))).get(1))
}
