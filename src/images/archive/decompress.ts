/** Recognises and undoes the compression of a stream, by its first bytes, with a bound on what comes out. */
import { Readable } from 'node:stream'
import type { Duplex, Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Processes } from '#world/ports/processes.ts'
import { overLimit } from './tar-limits.ts'

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz'

export interface DecompressOptions {
  /** Most bytes to give out; more throws `invalid`. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
]

/** How bytes that begin like this are compressed. Six bytes are enough to tell. */
export function detectCompression(start: Uint8Array): Compression {
  // A zstd stream may open with skippable frames (RFC 8878, section 3.1.2).
  if (
    start.length >= 4 &&
    ((start[0] ?? 0) & 0xf0) === 0x50 &&
    start[1] === 0x2a &&
    start[2] === 0x4d &&
    start[3] === 0x18
  )
    return 'zstd'
  return magics.find(([, magic]) => magic.every((byte, at) => start[at] === byte))?.[0] ?? 'none'
}

/** The first bytes of a stream, and the whole stream again. `start` is shorter than `length` only when the stream is. */
export async function peekStream(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ start: Buffer; stream: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let have = 0
  while (have < length) {
    const { done, value } = await iterator.next()
    if (done === true) break
    chunks.push(value)
    have += value.byteLength
  }
  return { start: Buffer.concat(chunks).subarray(0, length), stream: rejoin(chunks, iterator) }
}

/**
 * The stream without its compression (gzip, zstd, bzip2, xz; anything else passes as it is).
 * bzip2 and xz need those programs on the machine. Damaged input throws `invalid`.
 */
export async function decompress(
  source: AsyncIterable<Uint8Array>,
  processes: Processes,
  options: DecompressOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  const { start, stream } = await peekStream(source, 6)
  const kind = detectCompression(start)
  const plain =
    kind === 'none'
      ? stream
      : kind === 'gzip' || kind === 'zstd'
        ? inflate(stream, kind)
        : filterThrough(stream, kind, processes)
  return options.maxBytes === undefined && options.signal === undefined ? plain : bounded(plain, options)
}

async function* rejoin(chunks: Uint8Array[], iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.()
  }
}

async function* inflate(source: AsyncIterable<Uint8Array>, kind: 'gzip' | 'zstd'): AsyncGenerator<Uint8Array> {
  const inflater: Transform =
    kind === 'gzip' ? createGunzip({ chunkSize: 128 * 1024 }) : createZstdDecompress({ chunkSize: 128 * 1024 })
  const input = Readable.from(source, { objectMode: false })
  input.on('error', (error) => inflater.destroy(error))
  input.pipe(inflater)
  try {
    for await (const chunk of inflater) yield chunk as Uint8Array
  } catch (error) {
    if (error instanceof GantryError) throw error
    throw damaged(kind, error)
  } finally {
    input.destroy()
    inflater.destroy()
  }
}

async function* filterThrough(
  source: AsyncIterable<Uint8Array>,
  kind: 'bzip2' | 'xz',
  processes: Processes,
): AsyncGenerator<Uint8Array> {
  const program = await processes.find(kind)
  if (program === undefined) {
    throw new GantryError(
      'ARCHIVE_PROGRAM_MISSING',
      'not-implemented',
      `${kind} is not installed, so ${kind} archives cannot be read`,
      { remedy: `Install ${kind === 'xz' ? 'xz-utils' : kind}.` },
    )
  }
  const limits = kind === 'xz' ? ['--memlimit-decompress=1GiB'] : []
  const child = processes.spawn(program, ['-dc', ...limits], { descriptors: ['pipe', 'pipe', 'null'] })
  const input = Readable.from(source, { objectMode: false })
  const stdin = child.pipes.get(0) as Duplex
  const stdout = child.pipes.get(1) as Readable
  let sourceError: unknown
  stdin.on('error', () => input.destroy())
  input.on('error', (error) => {
    sourceError = error
    stdin.destroy()
    child.kill('SIGKILL')
  })
  input.pipe(stdin)
  let ended = false
  try {
    for await (const chunk of stdout) yield chunk as Uint8Array
    const { exitCode } = await child.exited
    ended = true
    if (sourceError !== undefined) throw sourceError instanceof Error ? sourceError : new Error('source failed')
    if (exitCode !== 0) throw damaged(kind)
  } finally {
    input.destroy()
    if (!ended) child.kill('SIGKILL')
    await child.exited
  }
}

async function* bounded(source: AsyncIterable<Uint8Array>, options: DecompressOptions): AsyncGenerator<Uint8Array> {
  let seen = 0
  for await (const chunk of source) {
    options.signal?.throwIfAborted()
    seen += chunk.byteLength
    if (options.maxBytes !== undefined && seen > options.maxBytes)
      throw overLimit('it unpacks to too much', options.maxBytes)
    yield chunk
  }
}

function damaged(kind: string, cause?: unknown): GantryError {
  return new GantryError('ARCHIVE_DAMAGED', 'invalid', `unexpected EOF: ${kind} data is damaged`, {
    cause,
    remedy: 'Make or fetch the archive again.',
  })
}
