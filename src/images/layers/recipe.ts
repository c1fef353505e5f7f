/**
 * A layer's recipe: everything of its tar that the unpacked files do not hold (headers, padding, odd contents), in
 * order, with references to file contents in between. Stored as one zstd stream of records:
 *
 *     0x00 u32 length, bytes                              goes into the tar as it is
 *     0x01 u32 length of path, u48 size, path (bytes)     the content of that file under the layer's directory
 */
import { createZstdCompress, createZstdDecompress, constants } from 'node:zlib'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ByteSource } from '#images/archive/byte-source.ts'
import { GantryError } from '#base/errors/gantry-error.ts'

export type RecipePart =
  | { readonly kind: 'literal'; readonly bytes: Buffer }
  /** `pathKey`: bytes-as-characters, relative to `fs/`. */
  | { readonly kind: 'content'; readonly pathKey: string; readonly sizeBytes: number }

export interface RecipeWriter {
  literal(bytes: Uint8Array): void
  content(pathKey: string, sizeBytes: number): void
  /** Waits while the disk is behind. */
  settled(): Promise<void> | undefined
  /** Ends it; the file is complete when this resolves. */
  finish(): Promise<void>
  /** Gives up. */
  abort(): Promise<void>
}

const stageBytes = 128 * 1024
const literalBytesMax = 16 * 1024 * 1024

/** Writes a recipe into `sink`. */
export function writeRecipe(sink: Writable): RecipeWriter {
  const compressor = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  const done = pipeline(compressor, sink)
  let failure: unknown
  done.catch((error: unknown) => {
    failure = error
  })
  let stage = Buffer.allocUnsafe(stageBytes)
  let staged = 0
  let behind = false
  compressor.on('drain', () => {
    behind = false
  })
  const flush = (): void => {
    if (staged > 0) behind = !compressor.write(stage.subarray(0, staged))
    stage = Buffer.allocUnsafe(stageBytes)
    staged = 0
  }
  const room = (length: number): void => {
    if (staged + length > stageBytes) flush()
  }
  const putBytes = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.byteLength; at += stageBytes) {
      const piece = bytes.subarray(at, at + stageBytes)
      room(piece.byteLength)
      stage.set(piece, staged)
      staged += piece.byteLength
    }
  }
  return {
    literal(bytes) {
      if (bytes.byteLength === 0) return
      room(5)
      stage[staged] = 0
      staged = stage.writeUInt32LE(bytes.byteLength, staged + 1)
      putBytes(bytes)
    },
    content(pathKey, sizeBytes) {
      room(11 + pathKey.length)
      stage[staged] = 1
      staged = stage.writeUInt32LE(pathKey.length, staged + 1)
      staged = stage.writeUIntLE(sizeBytes, staged, 6)
      staged += stage.write(pathKey, staged, 'latin1')
    },
    settled() {
      if (failure !== undefined) throw failure instanceof Error ? failure : new Error('recipe could not be written')
      return behind ? drain(compressor) : undefined
    },
    async finish() {
      flush()
      compressor.end()
      await done
    },
    async abort() {
      compressor.destroy()
      await done.catch(() => undefined)
    },
  }
}

/** Reads a recipe back. Throws `internal` when it is damaged. */
export async function* readRecipe(source: Readable): AsyncGenerator<RecipePart> {
  const decompressor = createZstdDecompress()
  source.on('error', (error) => decompressor.destroy(error))
  await using bytes = new ByteSource(source.pipe(decompressor) as AsyncIterable<Uint8Array>)
  for (;;) {
    const head = await bytes.takeExact(5)
    if (head.length === 0) return
    if (head.length < 5) throw damaged()
    const length = head.readUInt32LE(1)
    if (length > literalBytesMax) throw damaged()
    if (head[0] === 0) {
      yield { kind: 'literal', bytes: await exactly(bytes, length) }
      continue
    }
    if (head[0] !== 1) throw damaged()
    const sizeBytes = (await exactly(bytes, 6)).readUIntLE(0, 6)
    yield { kind: 'content', pathKey: (await exactly(bytes, length)).toString('latin1'), sizeBytes }
  }
}

async function exactly(source: ByteSource, length: number): Promise<Buffer> {
  const bytes = await source.takeExact(length)
  if (bytes.length < length) throw damaged()
  return bytes
}

function drain(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle)
      stream.off('close', settle)
      resolve()
    }
    stream.on('drain', settle)
    stream.on('close', settle)
  })
}

function damaged(): GantryError {
  return new GantryError('LAYER_RECIPE_DAMAGED', 'internal', "the layer's recipe is damaged", {
    remedy: 'Remove the image and load or pull it again.',
  })
}
