/** Rebuilds a layer's exact tar from its recipe and files, checking the digest on the way. */
import { Readable } from 'node:stream'
import { createDigestStream } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { textOfKey } from '#images/archive/tar-header.ts'
import type { Files } from '#world/ports/files.ts'
import type { RecipeMove } from './ingest-tar.ts'
import { readRecipe } from './recipe.ts'

export interface ReproduceOptions {
  readonly directory: string
  readonly diffId: Digest
  readonly moves: readonly RecipeMove[]
}

/** Small contents read ahead of their turn, so that many small files do not wait one after the other. */
const aheadMax = 16
const smallBytes = 256 * 1024

type Piece =
  | Uint8Array
  | { readonly path: string; readonly sizeBytes: number; readonly content: Promise<Uint8Array> | undefined }

/** The tar as a stream; it fails at its end when the digest is another one. */
export function reproduceTar(files: Files, options: ReproduceOptions): Readable {
  return Readable.from(verified(files, options), { objectMode: false, highWaterMark: 256 * 1024 })
}

async function* verified(files: Files, options: ReproduceOptions): AsyncGenerator<Uint8Array> {
  const digest = createDigestStream()
  for await (const chunk of joined(contents(files, options))) {
    digest.update(chunk)
    yield chunk
  }
  const found = digest.finish()
  if (found !== options.diffId) {
    throw new GantryError(
      'LAYER_DAMAGED',
      'internal',
      `layer ${options.diffId} no longer has its content (found ${found})`,
      {
        remedy:
          'Files under the state directory were changed from outside; remove the image and load or pull it again.',
      },
    )
  }
}

/** Gathers small pieces into chunks worth a write. */
async function* joined(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    parts.push(piece)
    length += piece.byteLength
    if (length < 128 * 1024) continue
    yield parts.length === 1 ? piece : Buffer.concat(parts)
    parts = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(parts)
}

async function* contents(files: Files, options: ReproduceOptions): AsyncGenerator<Uint8Array> {
  for await (const piece of ahead(pieces(files, options))) {
    if (!('path' in piece)) yield piece
    else if (piece.content !== undefined) yield sized(piece, await piece.content)
    else yield* exactStream(files, piece)
  }
}

async function* pieces(files: Files, options: ReproduceOptions): AsyncGenerator<Piece> {
  let number = 0
  for await (const part of readRecipe(files.readStream(`${options.directory}/recipe.zst`))) {
    if (part.kind === 'literal') {
      yield part.bytes
      continue
    }
    const path = `${options.directory}/fs/${textOfKey(movedPath(part.pathKey, number, options.moves))}`
    number += 1
    const content = part.sizeBytes <= smallBytes ? files.read(path) : undefined
    // Whoever awaits it sees the failure; nobody does when the stream is left early.
    content?.catch(() => undefined)
    yield { path, sizeBytes: part.sizeBytes, content }
  }
}

/** Keeps some pieces begun beyond the one that is asked for. */
async function* ahead(source: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  const queue: Piece[] = []
  try {
    for await (const piece of source) {
      queue.push(piece)
      if (queue.length > aheadMax) yield queue.shift() as Piece
    }
    yield* queue
  } finally {
    await source.return(undefined)
  }
}

/** Where a content is now: later entries of the same tar may have pushed it aside, more than once. */
function movedPath(pathKey: string, number: number, moves: readonly RecipeMove[]): string {
  let path = pathKey
  for (const { from, to, before } of moves) {
    if (number >= before) continue
    if (path === from) path = to
    else if (path.startsWith(`${from}/`)) path = to + path.slice(from.length)
  }
  return path
}

function sized(piece: { readonly path: string; readonly sizeBytes: number }, content: Uint8Array): Uint8Array {
  if (content.byteLength !== piece.sizeBytes)
    throw new GantryError('LAYER_DAMAGED', 'internal', `${piece.path} changed its size`, {
      remedy: 'Remove the image and load or pull it again.',
    })
  return content
}

async function* exactStream(
  files: Files,
  piece: { readonly path: string; readonly sizeBytes: number },
): AsyncGenerator<Uint8Array> {
  let seen = 0
  for await (const chunk of files.readStream(piece.path, { chunkBytes: 256 * 1024 }) as AsyncIterable<Uint8Array>) {
    seen += chunk.byteLength
    yield chunk
  }
  if (seen !== piece.sizeBytes)
    throw new GantryError('LAYER_DAMAGED', 'internal', `${piece.path} changed its size`, {
      remedy: 'Remove the image and load or pull it again.',
    })
}
