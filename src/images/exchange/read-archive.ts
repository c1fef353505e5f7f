/**
 * Takes in an image archive entry by entry, in any order: layers are unpacked as they pass, documents are kept in
 * memory (bounded), everything else is passed over. What is in the archive is judged afterwards, by `plan-load.ts`.
 */
import { createDigestStream } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError, isErrorKind, messageOf } from '#base/errors/gantry-error.ts'
import { decompress, detectCompression, peekStream } from '#images/archive/decompress.ts'
import { TarReader } from '#images/archive/read-tar.ts'
import type { TarEntry } from '#images/archive/read-tar.ts'
import { blockBytes, decodeHeaderBlock, isZeroBlock } from '#images/archive/tar-header.ts'
import { defaultTarLimits, limitsForSpace } from '#images/archive/tar-limits.ts'
import type { LayerStore } from '#images/layers/layer-types.ts'
import type { Files } from '#world/ports/files.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { LoadOptions } from './exchange-types.ts'

export interface ReadArchiveDeps {
  readonly files: Files
  readonly processes: Processes
  readonly layers: LayerStore
  /** State directory, for the space left. */
  readonly root: string
}

/** What an archive held, by cleaned path. */
export interface ArchiveContents {
  readonly documents: ReadonlyMap<string, Buffer>
  /** Layers by where they lay; the error says why one could not be used. */
  readonly layers: ReadonlyMap<string, Digest | GantryError>
  /** Symbolic and hard links among the archive's files. */
  readonly links: ReadonlyMap<string, string>
  /** Paths that are there but are no files (a device, a fifo, a directory) or too large to be a document. */
  readonly unusable: ReadonlySet<string>
}

const documentBytesMax = 8 * 1024 * 1024
const documentsBytesMax = 64 * 1024 * 1024
const archiveEntriesMax = 50_000

/** Reads the whole archive; `onLayer` hears of each layer before it is registered. Throws with the daemon's words for a damaged one. */
export async function readArchive(
  deps: ReadArchiveDeps,
  source: AsyncIterable<Uint8Array>,
  options: LoadOptions & { readonly onLayer: (diffId: Digest) => void },
): Promise<ArchiveContents> {
  const contents = {
    documents: new Map<string, Buffer>(),
    layers: new Map<string, Digest | GantryError>(),
    links: new Map<string, string>(),
    unusable: new Set<string>(),
  }
  try {
    const { freeBytes } = await deps.files.space(deps.root)
    const limits = limitsForSpace(freeBytes, { ...defaultTarLimits, entriesMax: archiveEntriesMax, sparseBytesMax: 0 })
    const plain = await decompress(
      source,
      deps.processes,
      options.signal === undefined ? {} : { signal: options.signal },
    )
    await using reader = new TarReader(plain, limits)
    let documentBytes = 0
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
      options.signal?.throwIfAborted()
      documentBytes += await takeEntry(deps, contents, { entry, options })
      if (documentBytes > documentsBytesMax)
        throw new GantryError(
          'IMAGE_ARCHIVE_TOO_LARGE',
          'invalid',
          `the archive's documents are larger than ${documentsBytesMax} bytes`,
          { remedy: 'Save fewer images into one archive.' },
        )
    }
    return contents
  } catch (error) {
    throw wrap(error)
  }
}

/** A path of the archive, cleaned; undefined when it points out of it. */
export function cleanPath(path: string): string | undefined {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

async function takeEntry(
  deps: ReadArchiveDeps,
  contents: {
    documents: Map<string, Buffer>
    layers: Map<string, Digest | GantryError>
    links: Map<string, string>
    unusable: Set<string>
  },
  of: { entry: TarEntry; options: LoadOptions & { onLayer: (diffId: Digest) => void } },
): Promise<number> {
  const { header } = of.entry
  const path = cleanPath(header.name)
  if (path === undefined || path === '') return 0
  if (header.type === 'symlink' || header.type === 'hardlink') {
    const target = linkTarget(header, path)
    if (target === undefined) contents.unusable.add(path)
    else contents.links.set(path, target)
    return 0
  }
  if (header.type === 'directory') return 0
  if (header.type !== 'file') {
    contents.unusable.add(path)
    return 0
  }
  const { start, stream } = await peekStream(of.entry.body, blockBytes)
  if (looksLikeLayer(start)) {
    contents.layers.set(path, await takeLayer(deps, stream, { path, sizeBytes: header.sizeBytes, ...of.options }))
    return 0
  }
  if (header.sizeBytes > documentBytesMax) {
    contents.unusable.add(path)
    return 0
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  contents.documents.set(path, Buffer.concat(chunks))
  return header.sizeBytes
}

/** Where a link points within the archive; undefined when it points out of it. */
function linkTarget({ type, linkName }: TarEntry['header'], path: string): string | undefined {
  if (linkName.startsWith('/')) return undefined
  return cleanPath((type === 'symlink' ? path.slice(0, path.lastIndexOf('/') + 1) : '') + linkName)
}

function looksLikeLayer(start: Buffer): boolean {
  if (detectCompression(start) !== 'none') return true
  return start.length === blockBytes && (isZeroBlock(start) || decodeHeaderBlock(start) !== undefined)
}

/** Unpacks one layer. A damaged one is remembered as such: the archive may hold things that only look like layers. */
async function takeLayer(
  deps: ReadArchiveDeps,
  source: AsyncIterable<Uint8Array>,
  of: LoadOptions & { path: string; sizeBytes: number; onLayer: (diffId: Digest) => void },
): Promise<Digest | GantryError> {
  const name = (/([0-9a-f]{12})[0-9a-f]*(?:\/layer\.tar)?$/.exec(of.path)?.[1] ?? of.path).slice(0, 12)
  const blob = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(of.path)?.[1]
  const stored = createDigestStream()
  const counted = (async function* () {
    for await (const chunk of source) {
      if (blob !== undefined) stored.update(chunk)
      yield chunk
    }
  })()
  try {
    const plain = await decompress(counted, deps.processes)
    const report = of.onProgress
    const { diffId } = await deps.layers.ingestTar(plain, {
      ...(of.signal === undefined ? {} : { signal: of.signal }),
      ...(report === undefined
        ? {}
        : {
            onProgress: (currentBytes: number) =>
              report({ layer: name, currentBytes, totalBytes: of.sizeBytes, done: false }),
          }),
      onStored: of.onLayer,
    })
    if (blob !== undefined) {
      for await (const _rest of counted);
      checkDigest(`sha256:${blob}`, stored.finish())
    }
    report?.({ layer: name, currentBytes: of.sizeBytes, totalBytes: of.sizeBytes, done: true })
    return diffId
  } catch (error) {
    if (isErrorKind(error, 'invalid')) return error
    throw error
  }
}

function checkDigest(expected: string, found: string): void {
  if (found !== expected)
    throw new GantryError('BLOB_DIGEST_MISMATCH', 'invalid', `unexpected digest: expected ${expected}, got ${found}`, {
      remedy: 'The archive is damaged; save it again.',
    })
}

function wrap(error: unknown): unknown {
  if (!(error instanceof GantryError) || !error.code.startsWith('ARCHIVE_')) return error
  return new GantryError(error.code, error.kind, `Error processing tar file(exit status 1): ${messageOf(error)}`, {
    cause: error,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  })
}
