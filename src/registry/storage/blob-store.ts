/** Blobs by digest on disk, shared by all repositories. A blob appears whole, by rename, or not at all. */
import { digestOf, isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Files, OpenFile } from '#world/ports/files.ts'
import { join } from 'node:path'
import type { KeyedMutex } from '#base/async/keyed-mutex.ts'
import type { Layout } from './layout.ts'
import type { BlobLeases } from './leases.ts'

export interface BlobStat {
  readonly sizeBytes: number
  /** When its bytes came, milliseconds since 1970. */
  readonly mtimeMs: number
}

export interface BlobStore {
  /** What is known of a blob; a lease on it starts, so that it stays while the caller builds on it. */
  retain(digest: Digest): Promise<BlobStat | undefined>
  /** The blob's file, to read from; the caller closes it. */
  open(digest: Digest): Promise<OpenFile>
  /** Whole content; only for manifests. */
  read(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>
  /** Moves a complete, verified file into place; drops it when the blob is there already. */
  adopt(file: string, digest: Digest): Promise<void>
  /** Stores a small content under its digest. */
  put(content: Uint8Array, algorithmDigest?: Digest): Promise<Digest>
  /** Removes the blob unless a lease holds it; returns the bytes freed, 0 when kept. */
  sweep(digest: Digest): Promise<number>
  /** Every blob on disk. */
  list(): AsyncIterable<BlobStat & { readonly digest: Digest }>
}

export interface BlobStoreDeps {
  readonly files: Files
  readonly layout: Layout
  readonly lock: KeyedMutex
  readonly leases: BlobLeases
  /** Whether what was acknowledged survives a power cut. */
  readonly durable: boolean
  readonly temporaryName: () => string
}

const knownBlobsMax = 65_536

export function createBlobStore(deps: BlobStoreDeps): BlobStore {
  const { files, layout, lock, leases } = deps
  const known = new LruCache<Digest, BlobStat>({ capacity: knownBlobsMax })
  const stat = async (digest: Digest): Promise<BlobStat | undefined> => {
    const cached = known.get(digest)
    if (cached !== undefined) return cached
    try {
      const { sizeBytes, mtimeMs } = await files.stat(layout.blobData(digest))
      known.set(digest, { sizeBytes, mtimeMs })
      return { sizeBytes, mtimeMs }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
  const adopt = (file: string, digest: Digest): Promise<void> =>
    lock.run(digest, async () => {
      leases.touch(digest)
      if ((await stat(digest)) !== undefined) return files.remove(file, { force: true })
      await files.makeDirectory(layout.blobDirectory(digest), { recursive: true })
      await files.rename(file, layout.blobData(digest))
      if (deps.durable) await syncDirectory(files, layout.blobDirectory(digest))
      return undefined
    })
  return {
    adopt,
    retain: (digest) =>
      lock.run(digest, () => {
        leases.touch(digest)
        return stat(digest)
      }),
    open: (digest) => files.open(layout.blobData(digest), 'r'),
    async read(digest, maxBytes) {
      try {
        return await files.read(layout.blobData(digest), { maxBytes })
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    async put(content, algorithmDigest) {
      const digest = algorithmDigest ?? digestOf(content)
      const temporary = join(layout.uploads, `${deps.temporaryName()}.small`)
      await files.replace(temporary, content, { durable: deps.durable })
      await adopt(temporary, digest)
      return digest
    },
    sweep: (digest) =>
      lock.run(digest, async () => {
        const found = await stat(digest)
        if (found === undefined || leases.holds(digest, found.mtimeMs)) return 0
        known.delete(digest)
        await files.remove(layout.blobDirectory(digest), { recursive: true, force: true })
        return found.sizeBytes
      }),
    list: () => listBlobs(files, layout),
  }
}

async function* listBlobs(files: Files, layout: Layout): AsyncGenerator<BlobStat & { readonly digest: Digest }> {
  for await (const digest of listDigests(files, layout)) {
    const found = await files.stat(layout.blobData(digest)).catch(ignoreMissing)
    if (found !== undefined) yield { digest, sizeBytes: found.sizeBytes, mtimeMs: found.mtimeMs }
  }
}

async function* listDigests(files: Files, layout: Layout): AsyncGenerator<Digest> {
  for (const algorithm of await listNames(files, layout.blobs)) {
    for (const prefix of await listNames(files, join(layout.blobs, algorithm))) {
      const names = await listNames(files, join(layout.blobs, algorithm, prefix))
      yield* names
        .filter((hex) => hex.startsWith(prefix))
        .map((hex) => `${algorithm}:${hex}`)
        .filter(isDigest)
    }
  }
}

/** Names in a directory, sorted; none when it does not exist. */
export async function listNames(files: Files, directory: string): Promise<string[]> {
  try {
    return (await files.list(directory)).map((entry) => entry.name).toSorted()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** True for the errors that mean "no such file", a file in the place of a directory included. */
export function isMissing(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === 'ENOENT' || errno === 'ENOTDIR'
}

/** For `.catch`: undefined for a missing file, everything else goes on. */
export function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
  return undefined
}

/** Makes a rename into a directory survive a power cut. */
export async function syncDirectory(files: Files, directory: string): Promise<void> {
  await using handle = await files.open(directory, 'r')
  await handle.sync()
}
