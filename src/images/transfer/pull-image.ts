/** Pull: what a tag or digest means now, the image's config, and the layers that are not here yet. */
import type { Digest } from '#base/data/digest.ts'
import { digestHex } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Repository } from '#clients/registry/repository.ts'
import { wordPullFailure } from '#clients/registry/word-errors.ts'
import type { Lease } from '#images/content/content-types.ts'
import type { Images } from '#images/images.ts'
import type { ImageRecord } from '#images/records/record-types.ts'
import { parseImageConfig } from '#spec/oci/image-config.ts'
import type { ImageDocument } from '#spec/oci/manifest-document.ts'
import { platformMatches } from '#spec/oci/platform.ts'
import type { Platform } from '#spec/oci/platform.ts'
import { familiarName, familiarReference, formatReference, repositoryOf } from '#spec/oci/reference.ts'
import type { Reference } from '#spec/oci/reference.ts'
import type { BlobIndex } from './blob-index.ts'
import { assertImage, choosePlatform, readManifest } from './choose-manifest.ts'
import { fetchSmallBlob } from './fetch-layer.ts'
import type { LayerFetcher } from './fetch-layer.ts'
import type { ProgressMessage } from './progress-hub.ts'

export interface PullDeps {
  readonly images: Images
  readonly layers: LayerFetcher
  readonly blobs: BlobIndex
  /** This machine's. */
  readonly platform: Platform
}

export interface PullWish {
  /** With a tag or a digest. */
  readonly reference: Reference
  /** Undefined: this machine's. */
  readonly platform: Platform | undefined
  /** Where to ask: mirrors first, the registry last. */
  readonly sources: readonly Repository[]
  readonly publish: (message: ProgressMessage) => void
  readonly signal: AbortSignal
}

const configBytesMax = 8 << 20

/** Makes the reference's image local and points the reference at it. @throws GantryError in dockerd's words. */
export async function pullImage(deps: PullDeps, wish: PullWish): Promise<void> {
  const { reference, sources } = wish
  for (const [index] of sources.entries()) {
    try {
      await pullFrom(deps, { ...wish, sources: sources.slice(index) })
      return
    } catch (error) {
      wish.signal.throwIfAborted()
      // What a mirror cannot give, the next one is asked for.
      if (index === sources.length - 1)
        throw wordPullFailure(error, { familiar: familiarName(reference), reference: familiarReference(reference) })
    }
  }
}

async function pullFrom(deps: PullDeps, wish: PullWish): Promise<void> {
  const { reference, publish, signal } = wish
  const source = firstOf(wish.sources)
  const asked = reference.digest ?? reference.tag ?? 'latest'
  const shown = reference.digest === undefined ? asked : formatReference(reference)
  const digest = await source.resolve(asked, signal)
  const nameWithDigest = `${repositoryOf(reference)}@${digest}`
  const before = reference.digest === undefined ? deps.images.find(formatReference(reference)) : undefined
  if (before !== undefined && isCurrent(before, nameWithDigest, wish.platform)) {
    publish({ status: `Pulling from ${reference.path}`, id: shown })
    return report(wish, digest, false)
  }
  const top = await source.manifest(digest, signal)
  publish({ status: `Pulling from ${reference.path}`, id: shown })
  const document = await imageOf(deps, wish, top)
  using lease = deps.images.leases.open('pull')
  const tags = reference.digest === undefined ? [formatReference(reference)] : []
  const present = deps.images.find(document.config.digest)
  if (present === undefined) await fetchImage(deps, wish, { document, lease, tags, digests: [nameWithDigest] })
  else await deps.images.createImage({ config: present.configBytes, tags, digests: [nameWithDigest] })
  const isNew =
    tags.length > 0 ? before?.id !== document.config.digest : present?.digests.includes(nameWithDigest) !== true
  return report(wish, digest, isNew)
}

function report({ reference, publish }: PullWish, digest: Digest, isNew: boolean): void {
  publish({ status: `Digest: ${digest}` })
  publish({
    status: `Status: ${isNew ? 'Downloaded newer image' : 'Image is up to date'} for ${familiarReference(reference)}`,
  })
}

function isCurrent(record: ImageRecord, nameWithDigest: string, platform: Platform | undefined): boolean {
  if (!record.digests.includes(nameWithDigest)) return false
  const { config } = record
  return (
    platform === undefined ||
    platformMatches(platform, {
      os: config.os,
      architecture: config.architecture,
      ...(config.variant === undefined ? {} : { variant: config.variant }),
    })
  )
}

async function imageOf(
  deps: PullDeps,
  { reference, platform, sources, signal }: PullWish,
  top: { readonly content: Uint8Array; readonly mediaType: string | undefined },
): Promise<ImageDocument> {
  const name = familiarReference(reference)
  const document = readManifest(top.content, top.mediaType, name)
  if (document.kind !== 'index') return assertImage(document, name)
  const entry = choosePlatform(document, platform ?? deps.platform)
  const inner = await firstOf(sources).manifest(entry.digest, signal)
  return assertImage(readManifest(inner.content, inner.mediaType, name), name)
}

interface Fetch {
  readonly document: ImageDocument
  readonly lease: Lease
  readonly tags: readonly string[]
  readonly digests: readonly string[]
}

async function fetchImage(deps: PullDeps, wish: PullWish, { document, lease, tags, digests }: Fetch): Promise<void> {
  const config = await fetchSmallBlob(wish.sources, document.config, { bytesMax: configBytesMax, signal: wish.signal })
  const diffIds = parseImageConfig(config).rootfs.diff_ids
  if (diffIds.length !== document.layers.length) {
    throw new GantryError('IMAGE_LAYERS_MISMATCH', 'invalid', "layers from manifest don't match image configuration", {
      remedy: 'Have the image pushed again.',
    })
  }
  await fetchLayers(deps, wish, { document, diffIds, lease })
  await deps.images.createImage({ config, tags, digests })
  for (const [index, diffId] of diffIds.entries()) {
    const layer = document.layers[index]
    if (layer !== undefined)
      deps.blobs.remember(
        diffId,
        { digest: layer.digest, sizeBytes: layer.sizeBytes, compressed: layer.mediaType.endsWith('gzip') },
        repositoryOf(wish.reference),
      )
  }
}

interface LayersFetch {
  readonly document: ImageDocument
  readonly diffIds: readonly Digest[]
  readonly lease: Lease
}

async function fetchLayers(deps: PullDeps, wish: PullWish, { document, diffIds, lease }: LayersFetch): Promise<void> {
  const missing = new Map<string, () => Promise<void>>()
  const failed = new AbortController()
  const signal = AbortSignal.any([wish.signal, failed.signal])
  for (const [index, blob] of document.layers.entries()) {
    const diffId = diffIds[index] as Digest
    const id = digestHex(blob.digest).slice(0, 12)
    // Held before it is looked for: what is here now is still here when the image refers to it.
    lease.hold({ layer: diffId })
    const isHere = deps.images.layers.get(diffId) !== undefined
    if (missing.has(diffId)) continue
    wish.publish({ status: isHere ? 'Already exists' : 'Pulling fs layer', progressDetail: {}, id })
    if (!isHere)
      missing.set(diffId, () =>
        deps.layers.fetch({ blob, diffId, sources: wish.sources, lease, publish: wish.publish, signal }),
      )
  }
  const results = await Promise.allSettled(
    [...missing.values()].map((fetch) =>
      fetch().catch((error: unknown) => {
        failed.abort(error)
        throw error
      }),
    ),
  )
  wish.signal.throwIfAborted()
  if (failed.signal.aborted) throw failed.signal.reason
  const rejected = results.find((result) => result.status === 'rejected')
  if (rejected !== undefined) throw rejected.reason
}

function firstOf(sources: readonly Repository[]): Repository {
  const [first] = sources
  if (first === undefined) throw new GantryError('IMAGE_NO_SOURCE', 'unavailable', 'no registry to pull from')
  return first
}
