/**
 * Blobs on disk, by digest.
 *
 *     content/sha256/<hex>     complete and verified
 *            /partial/<hex>    downloads to go on with
 *            /incoming/        half-written; swept at start
 */
import { createDigestStream, digestHex, isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Files, OpenFile } from '#world/ports/files.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import type { BlobRecord, ContentStore, PartialBlob, PutOptions } from './content-types.ts'

export interface ContentDeps {
  readonly files: Files
  readonly random: Random
}

const readBytesMax = 16 * 1024 * 1024
const partialFilesMax = 1000

interface Places {
  readonly root: string
  readonly incoming: string
  readonly partial: string
  readonly blobs: Map<Digest, BlobRecord>
  readonly open: Set<Digest>
}

/** Opens the blobs under `root` and sweeps half-written ones. */
export async function createContentStore(deps: ContentDeps, root: string): Promise<ContentStore> {
  const { files } = deps
  const places: Places = {
    root,
    incoming: `${root}/incoming`,
    partial: `${root}/partial`,
    blobs: new Map(),
    open: new Set(),
  }
  await files.remove(places.incoming, { recursive: true, force: true })
  for (const directory of [places.incoming, places.partial, `${root}/sha256`, `${root}/sha512`])
    await files.makeDirectory(directory, { recursive: true, mode: 0o700 })
  for (const algorithm of ['sha256', 'sha512']) {
    for (const { name } of await files.list(`${root}/${algorithm}`)) {
      const digest = `${algorithm}:${name}`
      if (isDigest(digest))
        places.blobs.set(digest, { digest, sizeBytes: (await files.stat(`${root}/${algorithm}/${name}`)).sizeBytes })
    }
  }
  const need = (digest: Digest): string => {
    if (!places.blobs.has(digest))
      throw new GantryError('BLOB_MISSING', 'not-found', `blob ${digest} does not exist`, {
        remedy: 'Load or pull the image again.',
      })
    return pathOf(places, digest)
  }
  return {
    put: (content, options = {}) => putBlob(deps, places, { content, options }),
    read: async (digest, maxBytes = readBytesMax) => await files.read(need(digest), { maxBytes }),
    readStream: (digest, range = {}) => files.readStream(need(digest), range),
    get: (digest) => places.blobs.get(digest),
    list: () => [...places.blobs.values()],
    async remove(digest) {
      places.blobs.delete(digest)
      await files.remove(pathOf(places, digest), { force: true })
    },
    openPartial: (digest) => openPartial(deps, places, digest),
  }
}

function pathOf(places: Places, digest: Digest): string {
  return `${places.root}/${digest.startsWith('sha512') ? 'sha512' : 'sha256'}/${digestHex(digest)}`
}

function algorithmOf(digest: Digest | undefined): 'sha256' | 'sha512' {
  return digest?.startsWith('sha512:') === true ? 'sha512' : 'sha256'
}

async function putBlob(
  { files, random }: ContentDeps,
  places: Places,
  from: { content: Uint8Array | AsyncIterable<Uint8Array>; options: PutOptions },
): Promise<BlobRecord> {
  const { content, options } = from
  const path = `${places.incoming}/${randomHex(random, 8)}`
  const digest = createDigestStream(algorithmOf(options.expectDigest))
  try {
    const file = await files.open(path, 'wx', 0o600)
    try {
      await receive(content, { digest, file, options })
    } finally {
      await file.close()
    }
    const record = { sizeBytes: digest.sizeBytes, digest: digest.finish() }
    verify(record, options)
    await files.rename(path, pathOf(places, record.digest))
    places.blobs.set(record.digest, record)
    return record
  } catch (error) {
    await files.remove(path, { force: true })
    throw error
  }
}

async function receive(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  to: { digest: ReturnType<typeof createDigestStream>; file: OpenFile; options: PutOptions },
): Promise<void> {
  const { digest, file, options } = to
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    options.signal?.throwIfAborted()
    digest.update(chunk)
    if (options.maxBytes !== undefined && digest.sizeBytes > options.maxBytes) throw tooLarge(options.maxBytes)
    await writeAll(file, chunk)
  }
}

/** Reopens a download: what is there is hashed again, so that a damaged tail shows at the end and not in an image. */
async function openPartial({ files }: ContentDeps, places: Places, digest: Digest): Promise<PartialBlob> {
  if (places.open.has(digest))
    throw new GantryError('BLOB_BUSY', 'conflict', `blob ${digest} is being downloaded already`, {
      remedy: 'Wait for the other download.',
    })
  places.open.add(digest)
  const path = `${places.partial}/${digestHex(digest)}`
  try {
    await limitPartials(files, places)
    const running = createDigestStream(algorithmOf(digest))
    if (await files.exists(path))
      for await (const chunk of files.readStream(path) as AsyncIterable<Uint8Array>) running.update(chunk)
    const file = await files.open(path, 'a', 0o600)
    let closed = false
    const close = async (): Promise<void> => {
      if (closed) return
      closed = true
      places.open.delete(digest)
      await file.close()
    }
    return {
      get sizeBytes() {
        return running.sizeBytes
      },
      async append(chunk) {
        await writeAll(file, chunk)
        running.update(chunk)
      },
      read: () => files.readStream(path, { end: running.sizeBytes }),
      async commit() {
        const record = { sizeBytes: running.sizeBytes, digest: running.finish() }
        if (record.digest !== digest) {
          await close()
          await files.remove(path, { force: true })
        }
        verify(record, { expectDigest: digest })
        await files.rename(path, pathOf(places, digest))
        places.blobs.set(digest, record)
        await close()
        return record
      },
      async discard() {
        await close()
        await files.remove(path, { force: true })
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    places.open.delete(digest)
    throw error
  }
}

/** Given-up downloads do not pile up: beyond a number the oldest go. */
async function limitPartials(files: Files, places: Places): Promise<void> {
  const entries = await files.list(places.partial)
  if (entries.length < partialFilesMax) return
  const open = new Set([...places.open].map(digestHex))
  const aged = await Promise.all(
    entries
      .filter(({ name }) => !open.has(name))
      .map(async ({ name }) => ({ name, mtimeMs: (await files.stat(`${places.partial}/${name}`)).mtimeMs })),
  )
  aged.sort((a, b) => a.mtimeMs - b.mtimeMs)
  for (const { name } of aged.slice(0, entries.length - partialFilesMax + 1))
    await files.remove(`${places.partial}/${name}`, { force: true })
}

async function writeAll(file: OpenFile, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) {
    try {
      at += await file.write(chunk.subarray(at), null)
    } catch (error) {
      if (errnoOf(error) !== 'ENOSPC') throw error
      throw new GantryError('CONTENT_NO_SPACE', 'unavailable', 'no space left on device', {
        cause: error,
        remedy: 'Free disk space (gantry system prune).',
      })
    }
  }
}

function verify(record: BlobRecord, options: PutOptions): void {
  if (options.expectDigest !== undefined && record.digest !== options.expectDigest) {
    throw new GantryError(
      'BLOB_DIGEST_MISMATCH',
      'invalid',
      `unexpected digest: expected ${options.expectDigest}, got ${record.digest}`,
      { remedy: 'The content is damaged where it comes from; try again.' },
    )
  }
  if (options.expectSizeBytes !== undefined && record.sizeBytes !== options.expectSizeBytes) {
    throw new GantryError(
      'BLOB_SIZE_MISMATCH',
      'invalid',
      `unexpected size: expected ${options.expectSizeBytes}, got ${record.sizeBytes}`,
      { remedy: 'The content is damaged where it comes from; try again.' },
    )
  }
}

function tooLarge(max: number): GantryError {
  return new GantryError('BLOB_TOO_LARGE', 'too-large', `content is larger than ${max} bytes`, {
    remedy: 'Check the address or the file.',
  })
}
