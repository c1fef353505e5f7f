/** Push: an image's layers (those that the registry lacks), its config, then its manifest. */
import { createGzip } from 'node:zlib'
import { Readable } from 'node:stream'
import { Semaphore } from '#base/async/semaphore.ts'
import { digestHex, digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError, isErrorKind } from '#base/errors/gantry-error.ts'
import { repositoryScope } from '#clients/registry/auth-challenge.ts'
import type { CallOptions, RegistryClient } from '#clients/registry/registry-client.ts'
import type { Images } from '#images/images.ts'
import type { ImageRecord } from '#images/records/record-types.ts'
import { familiarName, formatReference, parseReference, repositoryOf, withDefaultTag } from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { BlobIndex, KnownBlob } from './blob-index.ts'
import { layerProgress } from './progress.ts'
import type { Emit, LayerProgress } from './progress.ts'

export interface PushDeps {
  readonly images: Images
  readonly clock: Clock
  readonly blobs: BlobIndex
}

export interface PushRequest {
  readonly reference: Reference
  readonly allTags: boolean
  readonly emit: Emit
  readonly signal: AbortSignal
}

const parallelUploads = 5
const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'
const configType = 'application/vnd.docker.container.image.v1+json'
const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
/** Fast, and the same bytes for the same layer each time. */
const compressionLevel = 1

interface Push {
  readonly deps: PushDeps
  readonly client: RegistryClient
  readonly request: PushRequest
  readonly options: CallOptions
}

/** Mounts a known blob from a repository of the same registry that has it; the repository's path when that worked. */
async function tryMount(push: Push, blob: KnownBlob, repositories: readonly string[]): Promise<string | undefined> {
  const { reference } = push.request
  const prefix = `${reference.domain}/`
  for (const repository of repositories.toReversed()) {
    const from = repository.slice(prefix.length)
    if (!repository.startsWith(prefix) || from === reference.path) continue
    if (await push.client.mountBlob(reference.path, blob.digest, { ...push.options, from })) return from
  }
  return undefined
}

function compressed(images: Images, diffId: Digest, onBytes: (bytes: number) => void): Readable {
  const plain = images.layers.reproduceTar(diffId)
  let bytes = 0
  plain.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    onBytes(bytes)
  })
  const gzip = createGzip({ level: compressionLevel, chunkSize: 128 * 1024 })
  plain.on('error', (error) => gzip.destroy(error))
  return plain.pipe(gzip)
}

async function uploadLayer(push: Push, diffId: Digest, progress: LayerProgress): Promise<KnownBlob> {
  const { deps, client, request, options } = push
  const total = deps.images.layers.get(diffId)?.tarBytes ?? 0
  const content = (): Readable => compressed(deps.images, diffId, (bytes) => progress.count('Pushing', bytes, total))
  const uploaded = await client.uploadBlob(request.reference.path, content, options)
  return { ...uploaded, compressed: true }
}

async function pushLayer(push: Push, diffId: Digest): Promise<KnownBlob> {
  const { deps, client, request, options } = push
  const progress = layerProgress(deps.clock, request.emit, digestHex(diffId).slice(0, 12))
  const known = deps.blobs.find(diffId)
  const repository = repositoryOf(request.reference)
  if (known !== undefined && (await client.hasBlob(request.reference.path, known.blob.digest, options))) {
    progress.say('Layer already exists')
    deps.blobs.remember(diffId, known.blob, repository)
    return known.blob
  }
  const from = known === undefined ? undefined : await tryMount(push, known.blob, known.repositories)
  if (known !== undefined && from !== undefined) {
    progress.say(`Mounted from ${from}`)
    deps.blobs.remember(diffId, known.blob, repository)
    return known.blob
  }
  const blob = await uploadLayer(push, diffId, progress)
  progress.say('Pushed')
  deps.blobs.remember(diffId, blob, repository)
  return blob
}

async function pushLayers(push: Push, diffIds: readonly Digest[]): Promise<KnownBlob[]> {
  const { emit, signal } = push.request
  // One blob is pushed once, however often the image has it; Docker tells of the topmost layer first.
  const unique = [...new Set(diffIds)].toReversed()
  for (const diffId of unique)
    await emit({ status: 'Preparing', progressDetail: {}, id: digestHex(diffId).slice(0, 12) })
  const slots = new Semaphore(parallelUploads)
  const pushed = new Map(
    await Promise.all(
      unique.map(async (diffId) => [diffId, await slots.run(() => pushLayer(push, diffId), signal)] as const),
    ),
  )
  return diffIds.map((diffId) => pushed.get(diffId) as KnownBlob)
}

function manifestOf(image: ImageRecord, layers: readonly KnownBlob[]): Uint8Array {
  const document = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: configType, size: image.configBytes.byteLength, digest: image.id },
    layers: layers.map((layer) => ({
      mediaType: layer.compressed ? layerType : layerType.replace('.gzip', ''),
      size: layer.sizeBytes,
      digest: layer.digest,
    })),
  }
  return Buffer.from(JSON.stringify(document, undefined, 3))
}

async function pushTag(push: Push, reference: Reference, image: ImageRecord): Promise<void> {
  const { deps, client, request, options } = push
  const layers = await pushLayers(push, image.diffIds)
  if (!(await client.hasBlob(reference.path, image.id, options))) {
    await client.uploadBlob(reference.path, () => Readable.from([image.configBytes]), options)
  }
  const bytes = manifestOf(image, layers)
  const tag = reference.tag ?? 'latest'
  await client.putManifest(reference.path, tag, { bytes, mediaType: manifestType }, options)
  const digest = digestOf(bytes)
  await deps.images.createImage({ config: image.configBytes, digests: [`${repositoryOf(reference)}@${digest}`] })
  await request.emit({ status: `${tag}: digest: ${digest} size: ${bytes.byteLength}` })
  await request.emit({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: bytes.byteLength } })
}

function localTags(images: Images, reference: Reference): Reference[] {
  const prefix = `${repositoryOf(reference)}:`
  return images
    .all()
    .flatMap((image) => image.tags.filter((tag) => tag.startsWith(prefix)))
    .toSorted()
    .map((tag) => parseReference(tag))
}

function noSuchTag(reference: Reference, allTags: boolean): GantryError {
  const name = familiarName(reference)
  const message = allTags
    ? `An image does not exist locally with the tag: ${name}`
    : `tag does not exist: ${name}:${reference.tag ?? 'latest'}`
  return new GantryError('IMAGE_PUSH_MISSING', 'not-found', message, { remedy: 'docker images lists what is here.' })
}

/** Pushes one tag, or every local tag of the repository. @throws GantryError in Docker's words. */
export async function pushImage(deps: PushDeps, client: RegistryClient, request: PushRequest): Promise<void> {
  if (request.reference.digest !== undefined)
    throw new GantryError('IMAGE_PUSH_DIGEST', 'invalid', 'cannot push a digest reference', { remedy: 'Push by tag.' })
  const references = request.allTags ? localTags(deps.images, request.reference) : [withDefaultTag(request.reference)]
  const rows = references.map((reference) => ({ reference, image: deps.images.find(formatReference(reference)) }))
  const [first] = rows
  if (first === undefined || rows.some(({ image }) => image === undefined))
    throw noSuchTag(withDefaultTag(request.reference), request.allTags)
  await request.emit({ status: `The push refers to repository [${familiarName(request.reference)}]` })
  const options = { scope: repositoryScope(request.reference.path, 'pull,push'), signal: request.signal }
  try {
    for (const { reference, image } of rows)
      if (image !== undefined) await pushTag({ deps, client, request, options }, reference, image)
  } catch (error) {
    if (isErrorKind(error, 'unauthorized') || isErrorKind(error, 'forbidden')) {
      throw new GantryError('IMAGE_PUSH_DENIED', 'forbidden', 'denied: requested access to the resource is denied', {
        cause: error,
        remedy: 'Log in with docker login.',
      })
    }
    throw error
  }
  await deps.blobs.flush()
}
