/** The body of an HTTP/1.1 reply, unframed: by length, in chunks, or to the end of the connection (RFC 9112, section 6). */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ReplyHead } from './http-head.ts'

/** The line before a chunk is its size and what a server may add to it. */
const chunkLineBytesMax = 4096

interface BodyStart {
  readonly head: ReplyHead
  /** What came with the head. */
  readonly rest: Uint8Array
  readonly method: string
}

function cutShort(): GantryError {
  return new GantryError('DOCKER_CLIENT_CLOSED', 'unavailable', 'unexpected EOF')
}

function badChunk(): GantryError {
  return new GantryError('DOCKER_CLIENT_PROTOCOL', 'internal', 'malformed chunked encoding', {
    remedy: "Check that the address is an engine's.",
  })
}

/** Yields the body's bytes as they come. Throws when the connection ends before the body does. */
export async function* readBody(
  reader: ByteReader,
  { head, rest, method }: BodyStart,
): AsyncGenerator<Uint8Array, void> {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return
  const chunked = /\bchunked\b/i.test(head.headers['transfer-encoding'] ?? '')
  const length = head.headers['content-length']
  if (chunked) yield* readChunks(reader, rest)
  else if (length !== undefined) yield* readLength(reader, rest, Number(length))
  else yield* readAll(reader, rest)
}

async function* readAll(reader: ByteReader, rest: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (rest.length > 0) yield rest
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) yield chunk
}

async function* readLength(reader: ByteReader, rest: Uint8Array, sizeBytes: number): AsyncGenerator<Uint8Array, void> {
  let left = sizeBytes
  let first: Uint8Array | undefined = rest.length === 0 ? undefined : rest
  while (left > 0) {
    const chunk: Uint8Array | undefined = first ?? (await reader.next())
    first = undefined
    if (chunk === undefined) throw cutShort()
    const part = chunk.subarray(0, left)
    left -= part.length
    yield part
  }
}

async function* readChunks(reader: ByteReader, rest: Uint8Array): AsyncGenerator<Uint8Array, void> {
  let buffer = Buffer.from(rest)
  const more = async (): Promise<void> => {
    const chunk = await reader.next()
    if (chunk === undefined) throw cutShort()
    buffer = buffer.length === 0 ? Buffer.from(chunk) : Buffer.concat([buffer, chunk])
  }
  for (;;) {
    let end = buffer.indexOf('\r\n')
    while (end < 0) {
      if (buffer.length > chunkLineBytesMax) throw badChunk()
      await more()
      end = buffer.indexOf('\r\n')
    }
    const size = Number.parseInt(buffer.toString('latin1', 0, end), 16)
    if (Number.isNaN(size)) throw badChunk()
    buffer = buffer.subarray(end + 2)
    if (size === 0) return
    let left = size
    while (left > 0) {
      if (buffer.length === 0) await more()
      const part = buffer.subarray(0, left)
      left -= part.length
      buffer = buffer.subarray(part.length)
      yield part
    }
    while (buffer.length < 2) await more()
    buffer = buffer.subarray(2)
  }
}
