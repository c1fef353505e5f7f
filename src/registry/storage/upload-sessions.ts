/**
 * Uploads in progress. Bytes go to a file of their own while they are hashed; a finished upload is renamed into the
 * blob store. An upload survives a restart (its file says how far it came) and is dropped when nobody goes on with it.
 */
import { createDigestStream } from '#base/data/digest.ts'
import type { Digest, DigestStream } from '#base/data/digest.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files, OpenFile } from '#world/ports/files.ts'
import { join } from 'node:path'
import { ignoreMissing, listNames, syncDirectory } from './blob-store.ts'
import type { BlobStore } from './blob-store.ts'
import { createKeyedMutex } from '#base/async/keyed-mutex.ts'
import type { Layout } from './layout.ts'
import { RegistryError } from '../errors.ts'
import type { BufferPool } from './buffer-pool.ts'
import { writeBehind } from './write-behind.ts'

export interface UploadSessions {
  /** Begins an upload into a repository; its id is a UUID. */
  start(repository: string): Promise<string>
  /** Bytes received so far. Throws BLOB_UPLOAD_UNKNOWN. */
  offset(repository: string, id: string): Promise<number>
  /**
   * Takes in a chunk. `at` is where the client says that it begins; anything but the current offset is refused.
   * Returns the offset behind it. When the source breaks off, what came stays.
   */
  append(repository: string, id: string, chunk: UploadChunk): Promise<number>
  /** Verifies the digest and turns the upload into a blob; a mismatch throws DIGEST_INVALID and keeps nothing. */
  finish(repository: string, id: string, digest: Digest): Promise<number>
  cancel(repository: string, id: string): Promise<void>
  /** Drops uploads that nobody touched for the expiry time, and files that a crash left; returns how many. */
  expire(): Promise<number>
  readonly active: number
}

export interface UploadChunk {
  readonly source: AsyncIterable<Uint8Array>
  readonly at?: number
  /** How long the client says that the chunk is. */
  readonly lengthBytes?: number
}

export interface UploadDeps {
  readonly files: Files
  readonly clock: Clock
  readonly layout: Layout
  readonly blobs: BlobStore
  readonly newId: () => string
  readonly pool: BufferPool
}

export interface UploadLimits {
  readonly blobBytesMax: number
  readonly uploadsMax: number
  readonly uploadExpiryMs: number
  readonly durable: boolean
}

interface Session {
  readonly repository: string
  offset: number
  /** Hash of the bytes so far; undefined: must be read again (after a restart or a failed write). */
  hash: DigestStream | undefined
  touchedMs: number
  busy: boolean
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function createUploadSessions(deps: UploadDeps, limits: UploadLimits): UploadSessions {
  const { files, layout, clock } = deps
  const sessions = new Map<string, Session>()
  const lock = createKeyedMutex()
  const dataOf = (id: string): string => join(layout.upload(id), 'data')

  const find = async (repository: string, id: string): Promise<Session> => {
    const session = sessions.get(id) ?? (uuid.test(id) ? await restore(files, layout, id) : undefined)
    if (session === undefined || session.repository !== repository) throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
    sessions.set(id, session)
    session.touchedMs = clock.now()
    return session
  }
  const drop = async (id: string): Promise<void> => {
    sessions.delete(id)
    await files.remove(layout.upload(id), { recursive: true, force: true })
  }
  const exclusively = <T>(repository: string, id: string, work: (session: Session) => Promise<T>): Promise<T> =>
    lock.run(id, async () => {
      const session = await find(repository, id)
      session.busy = true
      try {
        return await work(session)
      } finally {
        session.busy = false
        session.touchedMs = clock.now()
      }
    })

  return {
    get active() {
      return sessions.size
    },
    async start(repository) {
      if (sessions.size >= limits.uploadsMax)
        throw new RegistryError('TOOMANYREQUESTS', { detail: `more than ${limits.uploadsMax} uploads in progress` })
      const id = deps.newId()
      sessions.set(id, { repository, offset: 0, hash: createDigestStream(), touchedMs: clock.now(), busy: false })
      await files.makeDirectory(layout.upload(id), { recursive: true })
      await files.write(join(layout.upload(id), 'repository'), repository)
      await files.write(dataOf(id), '')
      return id
    },
    offset: async (repository, id) => (await find(repository, id)).offset,
    append: (repository, id, chunk) =>
      exclusively(repository, id, async (session) => {
        if (chunk.at !== undefined && chunk.at !== session.offset)
          throw new RegistryError('RANGE_INVALID', { detail: { offset: session.offset } })
        await receive({ files, path: dataOf(id), session, chunk, blobBytesMax: limits.blobBytesMax, pool: deps.pool })
        return session.offset
      }),
    finish: (repository, id, digest) =>
      exclusively(repository, id, async (session) => {
        const actual = await digestOfUpload(files, dataOf(id), { session, digest })
        if (actual !== digest) {
          await drop(id)
          throw new RegistryError('DIGEST_INVALID', { detail: { digest, actual } })
        }
        if (limits.durable) await syncFile(files, dataOf(id))
        await deps.blobs.adopt(dataOf(id), digest)
        await drop(id)
        return session.offset
      }),
    cancel: (repository, id) => exclusively(repository, id, () => drop(id)),
    expire: () => expireUploads({ files, layout, sessions, drop, oldestMs: clock.now() - limits.uploadExpiryMs }),
  }
}

async function restore(files: Files, layout: Layout, id: string): Promise<Session | undefined> {
  const repository = await files
    .readText(join(layout.upload(id), 'repository'), { maxBytes: 1024 })
    .catch(ignoreMissing)
  const data = await files.stat(join(layout.upload(id), 'data')).catch(ignoreMissing)
  if (repository === undefined || data === undefined) return undefined
  return { repository, offset: data.sizeBytes, hash: undefined, touchedMs: data.mtimeMs, busy: false }
}

interface Reception {
  readonly files: Files
  readonly path: string
  readonly session: Session
  readonly chunk: UploadChunk
  readonly blobBytesMax: number
  readonly pool: BufferPool
}

async function receive({ files, path, session, chunk, blobBytesMax, pool }: Reception): Promise<void> {
  const start = session.offset
  const hash = session.hash
  await using file = await files.open(path, 'r+')
  // Until everything below went well the hash is not to be trusted.
  session.hash = undefined
  const behind = writeBehind(file, start, pool)
  let received = 0
  try {
    for await (const bytes of chunk.source) {
      received += bytes.byteLength
      if (start + received > blobBytesMax)
        throw new RegistryError('SIZE_INVALID', { detail: `blobs are limited to ${blobBytesMax} bytes` })
      hash?.update(bytes)
      const full = behind.write(bytes)
      if (full !== undefined) await full
    }
    await behind.end()
    if (chunk.lengthBytes !== undefined && chunk.lengthBytes !== received)
      throw new RegistryError('SIZE_INVALID', { detail: { expected: chunk.lengthBytes, received } })
    session.hash = hash
    session.offset = start + received
  } catch (error) {
    session.offset = await keepWritten(file, behind)
    throw error
  }
}

/** After a broken chunk: the file ends where the last contiguous byte is. */
async function keepWritten(file: OpenFile, behind: { settle(): Promise<number> }): Promise<number> {
  const end = await behind.settle()
  await file.truncate(end)
  return end
}

async function digestOfUpload(
  files: Files,
  path: string,
  { session, digest }: { readonly session: Session; readonly digest: Digest },
): Promise<Digest> {
  if (session.hash !== undefined && digest.startsWith('sha256:')) {
    const { hash } = session
    session.hash = undefined
    return hash.finish()
  }
  const hash = createDigestStream(digest.startsWith('sha512:') ? 'sha512' : 'sha256')
  for await (const bytes of files.readStream(path, { chunkBytes: 1 << 20 }) as AsyncIterable<Uint8Array>)
    hash.update(bytes)
  return hash.finish()
}

async function syncFile(files: Files, path: string): Promise<void> {
  await using file = await files.open(path, 'r+')
  await file.sync()
}

interface Expiry {
  readonly files: Files
  readonly layout: Layout
  readonly sessions: ReadonlyMap<string, Session>
  readonly drop: (id: string) => Promise<void>
  readonly oldestMs: number
}

async function expireUploads({ files, layout, sessions, drop, oldestMs }: Expiry): Promise<number> {
  let dropped = 0
  for (const id of await listNames(files, layout.uploads)) {
    const session = sessions.get(id)
    if (session?.busy === true) continue
    const touchedMs = session?.touchedMs ?? (await lastTouched(files, layout.upload(id)))
    if (touchedMs === undefined || touchedMs >= oldestMs) continue
    await drop(id)
    dropped += 1
  }
  if (dropped > 0) await syncDirectory(files, layout.uploads)
  return dropped
}

async function lastTouched(files: Files, upload: string): Promise<number | undefined> {
  const data = await files.stat(join(upload, 'data')).catch(ignoreMissing)
  const own = data ?? (await files.stat(upload).catch(ignoreMissing))
  return own?.mtimeMs
}
