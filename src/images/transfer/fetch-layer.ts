/**
 * One layer from a registry into the layer store: unpacked while it downloads. What arrived of a larger blob is kept, so
 * that a later attempt, also after a restart, goes on from there.
 */
import { createDigestStream, digestHex } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import type { Semaphore } from '#base/async/semaphore.ts'
import { SingleFlight } from '#base/async/single-flight.ts'
import { GantryError, isErrorKind } from '#base/errors/gantry-error.ts'
import type { Repository } from '#clients/registry/repository.ts'
import { decompress } from '#images/archive/decompress.ts'
import type { Lease, PartialBlob } from '#images/content/content-types.ts'
import type { Images } from '#images/images.ts'
import type { ManifestDescriptor } from '#spec/oci/manifest-document.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Processes } from '#world/ports/processes.ts'
import { createProgressHub } from './progress-hub.ts'
import type { ProgressHub, ProgressMessage } from './progress-hub.ts'
import { layerProgress } from './progress.ts'
import type { LayerProgress } from './progress.ts'

export interface LayerFetchDeps {
  readonly images: Images
  readonly clock: Clock
  readonly processes: Processes
  /** Downloads at a time, of all pulls together. */
  readonly slots: Semaphore
}

export interface LayerWish {
  readonly blob: ManifestDescriptor
  readonly diffId: Digest
  /** Where to ask, in order. */
  readonly sources: readonly Repository[]
  /** Keeps the layer from being collected until the image refers to it. */
  readonly lease: Lease
  readonly publish: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

export interface LayerFetcher {
  /** Brings a layer here; pulls that want the same one at the same time share the work. */
  fetch(wish: LayerWish): Promise<void>
}

/** Below this a download is not worth going on with. */
const partialBytesMin = 4 << 20
/** Most that a layer may unpack to: 1000 times its blob, and never more than this. */
const tarBytesMax = 1024 ** 4
const busyTriesMax = 100
const busyWaitMs = 50

interface Shared {
  readonly hub: ProgressHub
  readonly leases: Set<Lease>
}

export function createLayerFetcher(deps: LayerFetchDeps): LayerFetcher {
  const flights = new SingleFlight<string, void>()
  const shared = new Map<string, Shared>()
  return {
    async fetch(wish) {
      const key = `${wish.blob.digest} ${wish.diffId}`
      let own = shared.get(key)
      if (own === undefined) shared.set(key, (own = { hub: createProgressHub(), leases: new Set() }))
      const { hub, leases } = own
      leases.add(wish.lease)
      const listener = hub.listen((message) => wish.publish(message as ProgressMessage))
      try {
        await flights.run(key, (signal) => fetchOne(deps, { ...wish, signal }, own), wish.signal)
        wish.lease.hold({ layer: wish.diffId })
        await listener.drained()
      } finally {
        listener.leave()
        leases.delete(wish.lease)
        if (leases.size === 0 && shared.get(key) === own) shared.delete(key)
      }
    },
  }
}

async function fetchOne(deps: LayerFetchDeps, wish: LayerWish, { hub, leases }: Shared): Promise<void> {
  const { blob, diffId, signal } = wish
  const progress = layerProgress(deps.clock, hub.publish, digestHex(blob.digest).slice(0, 12))
  const free = deps.slots.tryAcquire()
  if (free === undefined) progress.say('Waiting')
  using _slot = free ?? (await deps.slots.acquire(signal))
  for (const [index, source] of wish.sources.entries()) {
    try {
      await using partial = blob.sizeBytes < partialBytesMin ? undefined : await openPartial(deps, blob, signal)
      const bytes = download({ wish, source, partial, progress })
      let downloaded = false
      const told = tell(bytes, () => {
        downloaded = true
      })
      const tar = await decompress(told, deps.processes, {
        maxBytes: Math.min(tarBytesMax, Math.max(64 << 20, blob.sizeBytes * 1100)),
        signal,
      })
      await deps.images.layers.ingestTar(tar, {
        expectDiffId: diffId,
        signal,
        onStored: () => {
          for (const lease of leases) lease.hold({ layer: diffId })
        },
        onProgress: () => {
          if (downloaded) progress.count('Extracting', blob.sizeBytes, blob.sizeBytes)
        },
      })
      await partial?.discard()
      progress.count('Extracting', blob.sizeBytes, blob.sizeBytes)
      progress.say('Pull complete')
      return
    } catch (error) {
      signal.throwIfAborted()
      if (index === wish.sources.length - 1) throw error
    }
  }
}

async function* tell(source: AsyncIterable<Uint8Array>, atEnd: () => void): AsyncGenerator<Uint8Array> {
  yield* source
  atEnd()
}

/** A download of the same blob that was just given up may still be closing its file. */
async function openPartial(
  { images, clock }: LayerFetchDeps,
  blob: ManifestDescriptor,
  signal: AbortSignal,
): Promise<PartialBlob> {
  for (let tries = 1; ; tries += 1) {
    try {
      const partial = await images.content.openPartial(blob.digest)
      if (partial.sizeBytes <= blob.sizeBytes) return partial
      // It cannot be the beginning of this blob.
      await partial.discard()
    } catch (error) {
      if (!isErrorKind(error, 'conflict') || tries >= busyTriesMax) throw error
      await clock.sleep(busyWaitMs, signal)
    }
  }
}

interface Download {
  readonly wish: LayerWish
  readonly source: Repository
  readonly partial: PartialBlob | undefined
  readonly progress: LayerProgress
}

/** The blob's bytes, first those kept, then the rest; ends well only when length and digest are right. */
async function* download({ wish, source, partial, progress }: Download): AsyncGenerator<Uint8Array> {
  const { blob, signal } = wish
  const { digest, sizeBytes } = blob
  const hash = createDigestStream(digest.startsWith('sha512:') ? 'sha512' : 'sha256')
  for await (const bytes of keptBytes(partial)) {
    hash.update(bytes)
    yield bytes
  }
  for await (const bytes of source.blob({ digest, sizeBytes, start: hash.sizeBytes, signal })) {
    hash.update(bytes)
    await partial?.append(bytes)
    progress.count('Downloading', hash.sizeBytes, sizeBytes)
    yield bytes
  }
  progress.say('Verifying Checksum')
  if (hash.finish() !== digest) {
    await partial?.discard()
    throw new GantryError(
      'IMAGE_LAYER_DIGEST',
      'invalid',
      `filesystem layer verification failed for digest ${digest}`,
      { remedy: 'The registry sent something else than its manifest says; do not trust it.' },
    )
  }
  progress.say('Download complete')
}

async function* keptBytes(partial: PartialBlob | undefined): AsyncGenerator<Uint8Array> {
  if (partial !== undefined && partial.sizeBytes > 0) yield* partial.read() as AsyncIterable<Uint8Array>
}

/** A small blob, whole and verified. */
export async function fetchSmallBlob(
  sources: readonly Repository[],
  blob: ManifestDescriptor,
  options: { readonly bytesMax: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  if (blob.sizeBytes > options.bytesMax)
    throw new GantryError(
      'IMAGE_CONFIG_TOO_LARGE',
      'invalid',
      `image config of ${blob.sizeBytes} bytes is larger than ${options.bytesMax}`,
      { remedy: 'No image needs such a config.' },
    )
  for (const [index, source] of sources.entries()) {
    try {
      const hash = createDigestStream(blob.digest.startsWith('sha512:') ? 'sha512' : 'sha256')
      const chunks: Uint8Array[] = []
      for await (const bytes of source.blob({
        digest: blob.digest,
        sizeBytes: blob.sizeBytes,
        signal: options.signal,
      })) {
        hash.update(bytes)
        chunks.push(bytes)
      }
      if (hash.finish() === blob.digest) return Buffer.concat(chunks)
      throw new GantryError(
        'IMAGE_CONFIG_DIGEST',
        'invalid',
        `image config verification failed for digest ${blob.digest}`,
        { remedy: 'The registry sent something else than its manifest says; do not trust it.' },
      )
    } catch (error) {
      options.signal.throwIfAborted()
      if (index === sources.length - 1) throw error
    }
  }
  throw new GantryError('IMAGE_NO_SOURCE', 'unavailable', 'no registry to fetch from', {
    remedy: 'Name the image with its registry, or configure a mirror that can be reached.',
  })
}
