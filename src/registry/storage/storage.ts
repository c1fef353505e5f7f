/** The registry's storage as one value: blobs, uploads, repositories, leases, garbage collection. */
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import { randomHex, randomUuid } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import { createBufferPool } from './buffer-pool.ts'
import type { BufferPool } from './buffer-pool.ts'
import { createBlobStore } from './blob-store.ts'
import type { BlobStore } from './blob-store.ts'
import { collectGarbage } from './collect-garbage.ts'
import type { GarbageResult } from './collect-garbage.ts'
import { createKeyedMutex } from '#base/async/keyed-mutex.ts'
import { createLayout } from './layout.ts'
import { createBlobLeases } from './leases.ts'
import { openRepositories } from './repositories.ts'
import type { Repositories } from './repositories.ts'
import { createUploadSessions } from './upload-sessions.ts'
import type { UploadSessions } from './upload-sessions.ts'

export interface StorageLimits {
  readonly blobBytesMax: number
  readonly manifestBytesMax: number
  readonly uploadsMax: number
  readonly uploadExpiryMs: number
  /** How long a blob that a client heard of is safe from collection. */
  readonly leaseMs: number
  /** Whether what was acknowledged survives a power cut. */
  readonly durable: boolean
}

export const defaultStorageLimits: StorageLimits = {
  blobBytesMax: 64 * 2 ** 30,
  manifestBytesMax: 4 << 20,
  uploadsMax: 4096,
  uploadExpiryMs: 24 * 3_600_000,
  leaseMs: 3_600_000,
  durable: true,
}

export interface RegistryStorage {
  readonly blobs: BlobStore
  readonly uploads: UploadSessions
  readonly repositories: Repositories
  readonly limits: StorageLimits
  /** For whoever moves blobs. */
  readonly pool: BufferPool
  /** Only one collection runs at a time; a second call joins the first. */
  collectGarbage(options: { readonly removeUntagged: boolean; readonly signal?: AbortSignal }): Promise<GarbageResult>
}

/** 16 MiB kept for the next transfers. */
const spareBuffers = 16

/** Opens the storage below `root`, made when missing; uploads that expired while nobody served are dropped. */
export async function openRegistryStorage(
  deps: { readonly files: Files; readonly clock: Clock; readonly random: Random },
  root: string,
  limits: StorageLimits,
): Promise<RegistryStorage> {
  const { files, clock, random } = deps
  const layout = createLayout(root)
  for (const directory of [layout.blobs, layout.repositories, layout.uploads])
    await files.makeDirectory(directory, { recursive: true })
  const pool = createBufferPool(spareBuffers)
  const leases = createBlobLeases(clock, limits.leaseMs)
  const blobs = createBlobStore({
    files,
    layout,
    leases,
    lock: createKeyedMutex(),
    durable: limits.durable,
    temporaryName: () => randomHex(random, 8),
  })
  const uploads = createUploadSessions({ files, clock, layout, blobs, newId: () => randomUuid(random), pool }, limits)
  const repositories = await openRepositories({
    files,
    layout,
    blobs,
    durable: limits.durable,
    manifestBytesMax: limits.manifestBytesMax,
  })
  await uploads.expire()
  let running: Promise<GarbageResult> | undefined
  return {
    blobs,
    uploads,
    repositories,
    limits,
    pool,
    collectGarbage(options) {
      running ??= collectGarbage({ blobs, repositories, leases }, options).finally(() => {
        running = undefined
      })
      return running
    },
  }
}
