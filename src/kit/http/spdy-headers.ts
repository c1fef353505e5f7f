/**
 * Header blocks of SPDY/3.1: names and values, compressed as one zlib stream a direction with a dictionary that both sides
 * know. What we send is stored, not compressed: each block ends at a flush mark, for which Go's reader waits.
 */
import { constants, createInflate, type Inflate } from 'node:zlib'
import { GantryError } from '#base/errors/gantry-error.ts'
import { dictionaryTail, dictionaryWords } from './spdy-dictionary.table.ts'

/** Header names are lower case. */
export type SpdyHeaders = Readonly<Record<string, string>>

/** One block, compressed or not; far more than anybody sends. */
const blockBytesMax = 64 * 1024
const pairsMax = 200

/** The dictionary as bytes. */
export function spdyDictionary(): Buffer {
  const words = dictionaryWords.split(',').flatMap((word) => [number(word.length), Buffer.from(word, 'latin1')])
  return Buffer.concat([...words, Buffer.from(dictionaryTail, 'latin1')])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0]
  for (const byte of bytes) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  return b * 65_536 + a
}

function encodePairs(headers: SpdyHeaders): Buffer {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [name.toLowerCase(), value].flatMap((text) => {
      const bytes = Buffer.from(text, 'latin1')
      return [number(bytes.length), bytes]
    }),
  )
  return Buffer.concat([number(Object.keys(headers).length), ...pairs])
}

/** Writes the blocks of one direction. */
export class HeaderWriter {
  #isFirst = true

  write(headers: SpdyHeaders): Buffer {
    const pairs = encodePairs(headers)
    const stored = Buffer.alloc(5)
    stored.writeUInt16LE(pairs.length, 1)
    stored.writeUInt16LE(~pairs.length & 0xffff, 3)
    const head = this.#isFirst ? zlibHead() : Buffer.alloc(0)
    this.#isFirst = false
    return Buffer.concat([head, stored, pairs, Buffer.from([0, 0, 0, 0xff, 0xff])])
  }
}

/** A zlib head that names the dictionary (RFC 1950, section 2.2). */
function zlibHead(): Buffer {
  const head = Buffer.from([0x78, 0x20, 0, 0, 0, 0])
  head[1] = 0x20 | (31 - (((0x78 << 8) | 0x20) % 31))
  head.writeUInt32BE(adler32(spdyDictionary()), 2)
  return head
}

/** Reads the blocks of one direction, in order. */
export class HeaderReader {
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary() })
  #failure: Error | undefined

  constructor() {
    this.#inflate.on('error', (error) => (this.#failure = error))
  }

  /** @throws GantryError HTTP_SPDY_INVALID for a block that is malformed or far too large. */
  async read(block: Uint8Array): Promise<SpdyHeaders> {
    if (block.length > blockBytesMax) throw spdyInvalid('a header block is too large')
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const onData = (chunk: Buffer): void => {
      sizeBytes += chunk.length
      if (sizeBytes <= blockBytesMax) chunks.push(chunk)
    }
    this.#inflate.on('data', onData)
    await new Promise<void>((resolve) => {
      this.#inflate.once('error', () => resolve())
      this.#inflate.write(block)
      this.#inflate.flush(constants.Z_SYNC_FLUSH, () => resolve())
    })
    this.#inflate.off('data', onData)
    if (this.#failure !== undefined) throw spdyInvalid('a header block does not decompress', this.#failure)
    if (sizeBytes > blockBytesMax) throw spdyInvalid('a header block is too large')
    return decodePairs(Buffer.concat(chunks))
  }

  close(): void {
    this.#inflate.destroy()
  }
}

function decodePairs(bytes: Buffer): SpdyHeaders {
  let at = 0
  const readNumber = (): number => {
    if (at + 4 > bytes.length) throw spdyInvalid('a header block is cut off')
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  const readText = (): string => {
    const length = readNumber()
    if (at + length > bytes.length) throw spdyInvalid('a header block is cut off')
    at += length
    return bytes.toString('latin1', at - length, at)
  }
  const count = readNumber()
  if (count > pairsMax) throw spdyInvalid('a header block has too many headers')
  const headers: Record<string, string> = {}
  for (let index = 0; index < count; index++) {
    const name = readText()
    headers[name] = readText()
  }
  return headers
}

/** What the other side sent is no SPDY/3.1. */
export function spdyInvalid(message: string, cause?: unknown): GantryError {
  return new GantryError('HTTP_SPDY_INVALID', 'invalid', message, {
    ...(cause === undefined ? {} : { cause }),
    remedy: 'Use a client that speaks SPDY/3.1 or WebSocket.',
  })
}
