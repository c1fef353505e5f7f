/** Part of a file as a reply's body: the next piece is read while the last one goes out, in buffers that are used again. */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import type { OpenFile } from '#world/ports/files.ts'
import { RegistryError } from '../errors.ts'
import type { BufferPool } from '../storage/buffer-pool.ts'
import type { ByteRange } from './ranges.ts'

export interface FileSending {
  readonly file: OpenFile
  readonly range: ByteRange
  readonly pool: BufferPool
  readonly request: HttpRequest
  readonly response: HttpResponse
}

/**
 * Sends the bytes of a range; the head is out already. Rejects when the client goes away or the file is shorter than it
 * was: the reply is then cut, so that nobody takes it for whole.
 */
export async function sendFile({ file, range, pool, request, response }: FileSending): Promise<void> {
  let outside: Buffer[] = []
  const release = (): void => {
    for (const buffer of outside) pool.give(buffer)
    outside = []
  }
  // HTTP/2 frames may still point into a buffer when its stream says that it is empty.
  const mayReuse = request.httpVersion !== '2.0'
  let position = range.start
  let coming = readPiece(file, { position, end: range.end, buffer: pool.take() })
  try {
    while (position < range.end) {
      const { buffer, bytes } = await coming
      position += bytes.byteLength
      if (position < range.end) coming = readPiece(file, { position, end: range.end, buffer: pool.take() })
      outside.push(buffer)
      await response.write(bytes)
      if (mayReuse && response.bufferedBytes === 0) release()
    }
  } finally {
    // The file must not be closed under a read.
    await coming.catch(() => undefined)
  }
}

interface Piece {
  readonly position: number
  readonly end: number
  readonly buffer: Buffer
}

async function readPiece(
  file: OpenFile,
  { position, end, buffer }: Piece,
): Promise<{ readonly buffer: Buffer; readonly bytes: Buffer }> {
  const count = await file.read(buffer.subarray(0, Math.min(buffer.byteLength, end - position)), position)
  if (count === 0) throw new RegistryError('UNKNOWN', { message: 'a blob is shorter than it was when it was stored' })
  return { buffer, bytes: buffer.subarray(0, count) }
}
