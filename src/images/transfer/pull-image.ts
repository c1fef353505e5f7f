/**
 * Pull: a reference's manifest, the image's config, and the layers that are not here yet, unpacked as they arrive.
 * A layer that was cut off goes on where it stopped; nothing is believed before its digest was checked.
 */
import { Semaphore } from '#base/async/semaphore.ts'
import { createDigestStream, digestHex, digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError, isErrorKind } from '#base/errors/gantry-error.ts'
import type { FetchedManifest, RegistryClient } from '#clients/registry/registry-client.ts'
import { repositoryScope } from '#clients/registry/auth-challenge.ts'
import { decompress } from '#images/archive/decompress.ts'
import type { Lease } from '#images/content/content-types.ts'
import type { Images } from '#images/images.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { parseImageConfig } from '#spec/oci/image-config.ts'
import { ManifestError, parseManifest } from '#spec/oci/manifest-document.ts'
import type { ImageDocument, IndexDocument, ManifestDescriptor } from '#spec/oci/manifest-document.ts'
import { formatPlatform, normalizePlatform, parsePlatform, platformMatches } from '#spec/oci/platform.ts'
import {
  familiarReference,
  formatReference,
  parseReference,
  repositoryOf,
  withDefaultTag,
} from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Processes } from '#world/ports/processes.ts'
import type { BlobIndex } from './blob-index.ts'
import { layerProgress } from './progress.ts'
import type { Emit } from './progress.ts'

export interface PullDeps {
  readonly images: Images
  readonly clock: Clock
  readonly processes: Processes
  readonly blobs: BlobIndex
  /** `os/arch` of this machine. */
  readonly platform: string
}

export interface PullRequest {
  readonly reference: Reference
  readonly platform: string
  readonly auth: RegistryAuth
  readonly emit: Emit
  readonly signal: AbortSignal
}

const parallelDownloads = 3
const attemptsMax = 5
const configBytesMax = 8 * 1024 * 1024

interface Pull {
  readonly deps: PullDeps
  readonly client: RegistryClient
  readonly request: PullRequest
  readonly scope: string
}

const shortId = (digest: string): string => digestHex(digest as Digest).slice(0, 12)

function notFound(reference: Reference, cause: GantryError): GantryError {
  return new GantryError(
    'IMAGE_MANIFEST_UNKNOWN',
    'not-found',
    `manifest for ${familiarReference(reference)} not found: ${cause.message}`,
    { cause, remedy: 'Check the name and the tag.' },
  )
}

function denied(reference: Reference, cause: unknown): GantryError {
  const name = familiarReference({ domain: reference.domain, path: reference.path })
  return new GantryError(
    'IMAGE_PULL_DENIED',
    'not-found',
    `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
    { cause, remedy: 'Check the name, or log in.' },
  )
}

async function fetchManifest(pull: Pull, reference: Reference): Promise<FetchedManifest> {
  const wanted = reference.digest ?? reference.tag ?? 'latest'
  try {
    return await pull.client.getManifest(reference.path, wanted, pull.scope, pull.request.signal)
  } catch (error) {
    if (isErrorKind(error, 'not-found')) throw notFound(reference, error)
    if (isErrorKind(error, 'unauthorized') || isErrorKind(error, 'forbidden')) throw denied(reference, error)
    throw error
  }
}

function readDocument(manifest: FetchedManifest, reference: Reference): ReturnType<typeof parseManifest> {
  try {
    return parseManifest(manifest.bytes, manifest.mediaType)
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error
    const message =
      error.reason === 'schema1'
        ? `Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed: ${familiarReference(reference)}`
        : error.message
    throw new GantryError('IMAGE_MANIFEST_INVALID', 'invalid', message, {
      cause: error,
      remedy: 'Have the image pushed again in a current format.',
    })
  }
}

/** The manifest of a list that is for the wanted platform; of several the first. */
function choosePlatform(index: IndexDocument, wanted: string): ManifestDescriptor {
  const platform = parsePlatform(wanted)
  const found =
    index.manifests.find(
      (entry) => entry.platform !== undefined && platformMatches(platform, normalizePlatform(entry.platform)),
    ) ?? index.manifests.find((entry) => entry.platform === undefined)
  if (found !== undefined) return found
  throw new GantryError(
    'IMAGE_PLATFORM_MISSING',
    'not-found',
    `no matching manifest for ${formatPlatform(platform)} in the manifest list entries`,
    { remedy: 'Ask for another --platform.' },
  )
}

async function resolveImage(pull: Pull, manifest: FetchedManifest): Promise<ImageDocument> {
  const { reference, platform } = pull.request
  const document = readDocument(manifest, reference)
  if (document.kind === 'image') return document
  if (document.kind === 'artifact')
    throw new GantryError(
      'IMAGE_NOT_RUNNABLE',
      'invalid',
      `${familiarReference(reference)} is an artifact, not an image`,
      { remedy: 'Name an image.' },
    )
  const chosen = choosePlatform(document, platform === '' ? pull.deps.platform : platform)
  const inner = await pull.client.getManifest(reference.path, chosen.digest, pull.scope, pull.request.signal)
  const image = readDocument(inner, reference)
  if (image.kind !== 'image')
    throw new GantryError('IMAGE_MANIFEST_INVALID', 'invalid', 'a manifest list names another list', {
      remedy: 'Have the image pushed again in a current format.',
    })
  return image
}

/** A blob from the registry: whole, of the right length and digest, or an error. Lost connections are taken up again. */
async function* downloadBlob(
  pull: Pull,
  blob: ManifestDescriptor,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createDigestStream(blob.digest.startsWith('sha512') ? 'sha512' : 'sha256')
  for (let attempt = 1; hash.sizeBytes < blob.sizeBytes || attempt === 1; attempt += 1) {
    const before = hash.sizeBytes
    try {
      const body = await pull.client.getBlob(pull.request.reference.path, blob.digest, {
        scope: pull.scope,
        signal: pull.request.signal,
        offset: hash.sizeBytes,
      })
      for await (const chunk of body) {
        hash.update(chunk)
        if (hash.sizeBytes > blob.sizeBytes) throw corrupt(blob)
        onBytes(hash.sizeBytes)
        yield chunk
      }
      if (hash.sizeBytes < blob.sizeBytes)
        throw new GantryError('IMAGE_BLOB_CUT', 'unavailable', `the registry ended ${blob.digest} early`, {
          remedy: 'Try again.',
        })
    } catch (error) {
      // As long as some bytes came, it goes on; without any, only so often.
      const progressed = hash.sizeBytes > before
      if (
        pull.request.signal.aborted || error instanceof GantryError === false
          ? pull.request.signal.aborted
          : error.code === 'IMAGE_BLOB_CORRUPT'
      )
        throw error
      if (!progressed && attempt >= attemptsMax) throw error
      if (progressed) attempt = 1
    }
  }
  if (hash.finish() !== blob.digest) throw corrupt(blob)
}

function corrupt(blob: ManifestDescriptor): GantryError {
  return new GantryError(
    'IMAGE_BLOB_CORRUPT',
    'invalid',
    `filesystem layer verification failed for digest ${blob.digest}`,
    { remedy: 'The registry sent something else than it promised.' },
  )
}

async function fetchConfig(pull: Pull, blob: ManifestDescriptor): Promise<Uint8Array> {
  if (blob.sizeBytes > configBytesMax)
    throw new GantryError(
      'IMAGE_CONFIG_TOO_LARGE',
      'too-large',
      `the image's config is larger than ${configBytesMax} bytes`,
      { remedy: 'This is no honest image.' },
    )
  const chunks: Uint8Array[] = []
  for await (const chunk of downloadBlob(pull, blob, () => undefined)) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  if (digestOf(bytes) !== blob.digest) throw corrupt(blob)
  return bytes
}

async function pullLayer(
  pull: Pull,
  blob: ManifestDescriptor,
  work: { readonly diffId: Digest; readonly lease: Lease; readonly slots: Semaphore },
): Promise<void> {
  const { deps, request } = pull
  const progress = layerProgress(deps.clock, request.emit, shortId(blob.digest))
  const { diffId, lease } = work
  if (deps.images.layers.get(diffId) !== undefined) {
    lease.hold({ layer: diffId })
    progress.say('Already exists')
    return
  }
  progress.say('Pulling fs layer')
  await work.slots.run(async () => {
    const plain = await decompress(
      downloadBlob(pull, blob, (bytes) => progress.count('Downloading', bytes, blob.sizeBytes)),
      deps.processes,
    )
    await deps.images.layers.ingestTar(plain, {
      expectDiffId: diffId,
      signal: request.signal,
      onStored: () => lease.hold({ layer: diffId }),
    })
    progress.say('Verifying Checksum')
    progress.say('Download complete')
    progress.say('Pull complete')
  }, request.signal)
}

async function pullLayers(pull: Pull, image: ImageDocument, diffIds: readonly Digest[], lease: Lease): Promise<void> {
  if (image.layers.length !== diffIds.length) {
    throw new GantryError(
      'IMAGE_LAYERS_MISMATCH',
      'invalid',
      'the manifest and the config of the image disagree about its layers',
      { remedy: 'Have the image pushed again.' },
    )
  }
  const slots = new Semaphore(parallelDownloads)
  const stop = new AbortController()
  const signal = AbortSignal.any([pull.request.signal, stop.signal])
  const work = { ...pull, request: { ...pull.request, signal } }
  try {
    await Promise.all(
      image.layers.map((blob, index) => pullLayer(work, blob, { diffId: diffIds[index] as Digest, lease, slots })),
    )
  } catch (error) {
    stop.abort(error)
    throw error
  }
}

async function pullOne(pull: Pull): Promise<void> {
  const { deps, request } = pull
  const { reference, emit } = request
  const manifest = await fetchManifest(pull, reference)
  await emit({ status: `Pulling from ${reference.path}`, id: reference.digest ?? reference.tag ?? 'latest' })
  const image = await resolveImage(pull, manifest)
  using lease = deps.images.leases.open('pull')
  const local = deps.images.find(image.config.digest)
  const tag = reference.digest === undefined ? [formatReference(reference)] : []
  const known = tag.length === 0 || (local?.tags.includes(tag[0] ?? '') ?? false)
  if (local === undefined) {
    const config = await fetchConfig(pull, image.config)
    const { rootfs } = parseImageConfig(config)
    await pullLayers(pull, image, rootfs.diff_ids, lease)
    await deps.images.createImage({ config, tags: tag, digests: [`${repositoryOf(reference)}@${manifest.digest}`] })
    rememberBlobs(deps.blobs, reference, image, rootfs.diff_ids)
  } else {
    await deps.images.createImage({
      config: local.configBytes,
      tags: tag,
      digests: [`${repositoryOf(reference)}@${manifest.digest}`],
    })
  }
  await emit({ status: `Digest: ${manifest.digest}` })
  const fresh = local === undefined || !known
  await emit({
    status: fresh
      ? `Status: Downloaded newer image for ${familiarReference(reference)}`
      : `Status: Image is up to date for ${familiarReference(reference)}`,
  })
}

function rememberBlobs(blobs: BlobIndex, reference: Reference, image: ImageDocument, diffIds: readonly Digest[]): void {
  for (const [index, diffId] of diffIds.entries()) {
    const blob = image.layers[index]
    if (blob !== undefined)
      blobs.remember(
        diffId,
        { digest: blob.digest, sizeBytes: blob.sizeBytes, compressed: /gzip/.test(blob.mediaType) },
        repositoryOf(reference),
      )
  }
}

/** Pulls one reference, or every tag of its repository. @throws GantryError in Docker's words. */
export async function pullImage(
  deps: PullDeps,
  client: RegistryClient,
  request: PullRequest & { readonly allTags: boolean },
): Promise<void> {
  const scope = repositoryScope(request.reference.path, 'pull')
  if (!request.allTags)
    return pullOne({ deps, client, scope, request: { ...request, reference: withDefaultTag(request.reference) } })
  const tags = await client.listTags(request.reference.path, scope, request.signal)
  for (const tag of tags) {
    const reference = parseReference(`${repositoryOf(request.reference)}:${tag}`)
    await pullOne({ deps, client, scope, request: { ...request, reference } })
  }
}
