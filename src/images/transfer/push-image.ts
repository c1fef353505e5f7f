/** Push: an image's layers (those that the registry lacks), its config, then its manifest in Docker's schema 2. */
import { Readable, Transform, pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { Semaphore } from '#base/async/semaphore.ts'
import { createDigestStream, digestHex } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Repository } from '#clients/registry/repository.ts'
import type { Images } from '#images/images.ts'
import type { ImageRecord } from '#images/records/record-types.ts'
import { dockerConfig, dockerLayerGzip, dockerManifest } from '#spec/oci/registry-media-types.ts'
import { repositoryOf } from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { BlobIndex, KnownBlob } from './blob-index.ts'
import type { ProgressMessage } from './progress-hub.ts'
import { layerProgress } from './progress.ts'
import type { LayerProgress } from './progress.ts'

export interface PushDeps {
  readonly images: Images
  readonly clock: Clock
  readonly blobs: BlobIndex
  /** Uploads at a time, of all pushes together. */
  readonly slots: Semaphore
}

export interface PushWish {
  /** With a tag. */
  readonly reference: Reference
  readonly image: ImageRecord
  readonly repository: Repository
  readonly publish: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

/** The same level for the same layer always, so that its compressed digest is the same on every machine. */
const compressionLevel = 6

/** Sends one image to one tag. Resolves with the manifest's digest. */
export async function pushImage(deps: PushDeps, wish: PushWish): Promise<Digest> {
  const { reference, image, repository, publish, signal } = wish
  const layers = await pushLayers(deps, wish)
  if ((await repository.statBlob(image.id, signal)) === undefined) {
    await repository.uploadBlob({
      open: () => Readable.from([image.configBytes]),
      digest: () => image.id,
      sizeBytes: image.configBytes.byteLength,
      signal,
    })
  }
  const content = encodeManifest(image, layers)
  const tag = reference.tag ?? 'latest'
  const digest = await repository.putManifest(tag, { mediaType: dockerManifest, content }, signal)
  await deps.images.createImage({ config: image.configBytes, digests: [`${repositoryOf(reference)}@${digest}`] })
  publish({ status: `${tag}: digest: ${digest} size: ${content.byteLength}` })
  publish({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: content.byteLength } })
  return digest
}

/** The manifest's bytes, laid out as dockerd lays them out: the same image has the same digest from both. */
export function encodeManifest(
  image: Pick<ImageRecord, 'id' | 'configBytes'>,
  layers: readonly KnownBlob[],
): Uint8Array {
  const document = {
    schemaVersion: 2,
    mediaType: dockerManifest,
    config: { mediaType: dockerConfig, size: image.configBytes.byteLength, digest: image.id },
    layers: layers.map(({ digest, sizeBytes, compressed }) => ({
      mediaType: compressed ? dockerLayerGzip : dockerLayerGzip.replace('.gzip', ''),
      size: sizeBytes,
      digest,
    })),
  }
  return Buffer.from(JSON.stringify(document, undefined, 3))
}

async function pushLayers(deps: PushDeps, wish: PushWish): Promise<KnownBlob[]> {
  const { diffIds } = wish.image
  // A blob is pushed once, however often the image has it; Docker tells of the topmost layer first.
  const unique = [...new Set(diffIds)].toReversed()
  for (const diffId of unique) wish.publish({ status: 'Preparing', progressDetail: {}, id: shortId(diffId) })
  const failed = new AbortController()
  const signal = AbortSignal.any([wish.signal, failed.signal])
  const push = async (diffId: Digest): Promise<readonly [Digest, KnownBlob]> => {
    const progress = layerProgress(deps.clock, wish.publish, shortId(diffId))
    try {
      const free = deps.slots.tryAcquire()
      if (free === undefined) progress.say('Waiting')
      using _slot = free ?? (await deps.slots.acquire(signal))
      return [diffId, await pushLayer(deps, { ...wish, signal }, { diffId, progress })]
    } catch (error) {
      failed.abort(error)
      throw error
    }
  }
  const results = await Promise.allSettled(unique.map(push))
  wish.signal.throwIfAborted()
  if (failed.signal.aborted) throw failed.signal.reason
  const pushed = new Map(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])))
  return diffIds.map((diffId) => pushed.get(diffId) as KnownBlob)
}

interface LayerPush {
  readonly diffId: Digest
  readonly progress: LayerProgress
}

async function pushLayer(deps: PushDeps, wish: PushWish, { diffId, progress }: LayerPush): Promise<KnownBlob> {
  const { repository, reference, signal } = wish
  const target = repositoryOf(reference)
  const known = deps.blobs.find(diffId)
  if (known === undefined) {
    const sent = await upload(deps, wish, { diffId, progress })
    deps.blobs.remember(diffId, sent, target)
    return sent
  }
  const { blob } = known
  const size = await repository.statBlob(blob.digest, signal)
  if (size === blob.sizeBytes) {
    progress.say('Layer already exists')
    deps.blobs.remember(diffId, blob, target)
    return blob
  }
  const mounted = await tryMount(wish, blob, known.repositories)
  if (mounted.from !== undefined) {
    progress.say(`Mounted from ${mounted.from}`)
    deps.blobs.remember(diffId, blob, target)
    return blob
  }
  const sent = await upload(deps, wish, {
    diffId,
    progress,
    ...(mounted.location === undefined ? {} : { location: mounted.location }),
  })
  deps.blobs.remember(diffId, sent, target)
  return sent
}

/** Takes a blob over from a repository of the same registry; the last refusal's open upload is used for the bytes. */
async function tryMount(
  { repository, reference, signal }: PushWish,
  blob: KnownBlob,
  repositories: readonly string[],
): Promise<{ readonly from?: string; readonly location?: string }> {
  const prefix = `${reference.domain}/`
  const candidates = repositories.filter((name) => name.startsWith(prefix) && name !== repositoryOf(reference))
  let location: string | undefined
  for (const name of candidates.toReversed().slice(0, mountTriesMax)) {
    const from = name.slice(prefix.length)
    const answer = await repository.mountBlob(blob.digest, from, signal)
    if (answer === 'mounted') return { from }
    location = answer.location
  }
  return location === undefined ? {} : { location }
}

const mountTriesMax = 4

async function upload(
  deps: PushDeps,
  { repository, signal }: PushWish,
  { diffId, progress, location }: LayerPush & { readonly location?: string },
): Promise<KnownBlob> {
  const total = deps.images.layers.get(diffId)?.tarBytes ?? 0
  let finished: KnownBlob | undefined
  await repository.uploadBlob({
    open: () => {
      const { stream, result } = compress(deps.images.layers.reproduceTar(diffId), (bytes) =>
        progress.count('Pushing', bytes, total),
      )
      finished = undefined
      stream.once('end', () => {
        finished = result()
      })
      return stream
    },
    digest: () => {
      if (finished === undefined)
        throw new GantryError('IMAGE_LAYER_UNREADABLE', 'internal', `layer ${diffId} could not be read to its end`, {
          remedy: 'See the log; the layer may be damaged.',
        })
      return finished.digest
    },
    signal,
    ...(location === undefined ? {} : { location }),
  })
  progress.say('Pushed')
  if (finished === undefined)
    throw new GantryError('IMAGE_LAYER_UNREADABLE', 'internal', `layer ${diffId} could not be read to its end`)
  return finished
}

/** gzip, with the digest and length of what comes out known at its end. */
function compress(
  tar: Readable,
  onBytes: (bytes: number) => void,
): { readonly stream: Readable; readonly result: () => KnownBlob } {
  const hash = createDigestStream()
  let plainBytes = 0
  const counter = new Transform({
    highWaterMark: 1 << 20,
    transform(chunk: Uint8Array, _encoding, done) {
      plainBytes += chunk.byteLength
      onBytes(plainBytes)
      done(undefined, chunk)
    },
  })
  const hasher = new Transform({
    highWaterMark: 1 << 20,
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk)
      done(undefined, chunk)
    },
  })
  // A failure anywhere destroys the last stream with it, and so the upload.
  pipeline(tar, counter, createGzip({ level: compressionLevel, chunkSize: 128 * 1024 }), hasher, () => undefined)
  return { stream: hasher, result: () => ({ sizeBytes: hash.sizeBytes, digest: hash.finish(), compressed: true }) }
}

function shortId(digest: Digest): string {
  return digestHex(digest).slice(0, 12)
}
