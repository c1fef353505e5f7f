/**
 * What an archive's documents ask for: images, their layers and names. Pure; nothing is created before all of it is
 * judged, so that a refused archive leaves nothing behind.
 */
import { digestOf } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseImageConfig } from '#spec/oci/image-config.ts'
import type { ImageConfig } from '#spec/oci/image-config.ts'
import { ManifestError, parseManifest } from '#spec/oci/manifest-document.ts'
import type { ManifestDescriptor, ManifestDocument } from '#spec/oci/manifest-document.ts'
import { platformMatches } from '#spec/oci/platform.ts'
import type { Platform } from '#spec/oci/platform.ts'
import { formatReference, parseReference } from '#spec/oci/reference.ts'
import { cleanPath } from './read-archive.ts'
import type { ArchiveContents } from './read-archive.ts'

export interface PlannedImage {
  readonly id: Digest
  readonly configBytes: Buffer
  readonly config: ImageConfig
  /** Complete references with tags. */
  readonly tags: readonly string[]
  /** Id of its parent among the planned images. */
  readonly parent?: Digest
}

export interface PlanContext {
  readonly contents: ArchiveContents
  /** True for a layer that the store has (from this archive or before). */
  readonly hasLayer: (diffId: Digest) => boolean
  /** The platform to choose from an index. */
  readonly platform: Platform
}

interface ManifestItem {
  readonly Config: string
  readonly RepoTags: readonly string[]
  readonly Layers: readonly string[]
  readonly Parent?: string
}

const imagesMax = 1000
const linksMax = 16
const nestingMax = 4

/** Plans a load. Throws `invalid` for anything missing, damaged or contradictory. */
export function planLoad(context: PlanContext): PlannedImage[] {
  const { contents } = context
  if (contents.documents.has('manifest.json') || isUnusable(contents, 'manifest.json')) return planDocker(context)
  if (contents.documents.has('index.json')) return planLayout(context)
  throw refuse('invalid archive: it has neither manifest.json nor index.json')
}

function planDocker(context: PlanContext): PlannedImage[] {
  const items = parseManifestItems(documentAt(context.contents, 'manifest.json'))
  const planned = items.map((item) => {
    const configBytes = documentAt(context.contents, item.Config)
    const config = parseImageConfig(configBytes)
    checkLayers(context, config, item.Layers)
    return {
      id: digestOf(configBytes),
      configBytes,
      config,
      tags: item.RepoTags.map(completeTag),
      parentText: item.Parent,
    }
  })
  const byId = new Map(planned.map((image) => [image.id, image]))
  return planned.map(({ parentText, ...image }) => {
    const parent = parentText === undefined ? undefined : byId.get(parentText as Digest)
    if (parent === undefined) return image
    if (!isParent(parent.config, image.config)) throw refuse('error validating parent of image: invalid parent')
    return { ...image, parent: parent.id }
  })
}

function planLayout(context: PlanContext): PlannedImage[] {
  const index = readManifest(documentAt(context.contents, 'index.json'))
  if (index.kind !== 'index') throw refuse('index.json is not an image index')
  if (index.manifests.length > imagesMax) throw refuse(`more than ${imagesMax} images`)
  const planned = new Map<Digest, PlannedImage>()
  for (const descriptor of index.manifests) {
    if (isAttestation(descriptor)) continue
    const image = planDescriptor(context, descriptor, 0)
    if (image === undefined) continue
    const tags = [...(planned.get(image.id)?.tags ?? []), ...nameOf(descriptor)]
    planned.set(image.id, { ...image, tags: [...new Set(tags)] })
  }
  if (planned.size === 0) throw refuse('no image of a matching platform in the archive')
  return [...planned.values()]
}

function planDescriptor(context: PlanContext, descriptor: ManifestDescriptor, depth: number): PlannedImage | undefined {
  if (depth > nestingMax) throw refuse('indexes nest too deep')
  const document = readManifest(blobAt(context.contents, descriptor.digest), descriptor.mediaType)
  if (document.kind === 'index') {
    const candidates = document.manifests.filter((entry) => !isAttestation(entry))
    const present = candidates.filter((entry) => context.contents.documents.has(blobPath(entry.digest)))
    const chosen =
      present.find((entry) => entry.platform !== undefined && platformMatches(context.platform, entry.platform)) ??
      (present.length === 1 ? present[0] : undefined)
    return chosen === undefined ? undefined : planDescriptor(context, chosen, depth + 1)
  }
  if (document.kind !== 'image') return undefined
  const configBytes = blobAt(context.contents, document.config.digest)
  const config = parseImageConfig(configBytes)
  checkLayers(
    context,
    config,
    document.layers.map(({ digest }) => blobPath(digest)),
  )
  return { id: digestOf(configBytes), configBytes, config, tags: [] }
}

/** Each layer is the one the config names, from this archive or already stored. */
function checkLayers(context: PlanContext, config: ImageConfig, paths: readonly string[]): void {
  const diffIds = config.rootfs.diff_ids
  if (diffIds.length !== paths.length)
    throw refuse(`invalid manifest, layers length mismatch: expected ${diffIds.length}, got ${paths.length}`)
  for (const [position, path] of paths.entries()) {
    const expected = diffIds[position] as Digest
    const found = layerAt(context.contents, path)
    if (found instanceof GantryError) throw found
    if (found === undefined && context.hasLayer(expected)) continue
    if (found === undefined) throw refuse(`layer ${JSON.stringify(path)} is not in the archive`)
    if (found !== expected)
      throw refuse(
        `invalid diffID for layer ${position}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`,
      )
  }
}

function parseManifestItems(bytes: Buffer): ManifestItem[] {
  const value = parseJson(bytes, 'manifest.json')
  if (!Array.isArray(value)) throw refuse('manifest.json is not a list')
  if (value.length > imagesMax) throw refuse(`more than ${imagesMax} images`)
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw refuse('manifest.json has an entry that is no object')
    const { Config, RepoTags, Layers, Parent } = item as Record<string, unknown>
    if (typeof Config !== 'string') throw refuse('manifest.json has an entry without Config')
    return {
      Config,
      RepoTags: stringList(RepoTags, 'RepoTags'),
      Layers: stringList(Layers, 'Layers'),
      ...(typeof Parent === 'string' && Parent !== '' ? { Parent } : {}),
    }
  })
}

function stringList(value: unknown, what: string): string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > 10_000 || !value.every((entry) => typeof entry === 'string'))
    throw refuse(`manifest.json: ${what} is not a list of strings`)
  return value as string[]
}

function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (error) {
    throw refuse(`${what} is not JSON`, error)
  }
}

function readManifest(bytes: Buffer, mediaType?: string): ManifestDocument {
  try {
    return parseManifest(bytes, mediaType)
  } catch (error) {
    if (error instanceof ManifestError) throw refuse(error.message, error)
    throw error
  }
}

function documentAt(contents: ArchiveContents, path: string): Buffer {
  const place = follow(contents, path)
  const bytes = place === undefined ? undefined : contents.documents.get(place)
  if (bytes === undefined)
    throw refuse(
      place !== undefined && contents.unusable.has(place)
        ? `${path} is not a usable file`
        : `open ${path}: no such file or directory`,
    )
  return bytes
}

function blobAt(contents: ArchiveContents, digest: Digest): Buffer {
  const bytes = documentAt(contents, blobPath(digest))
  if (digestOf(bytes) !== digest) throw refuse(`unexpected digest: expected ${digest}, got ${digestOf(bytes)}`)
  return bytes
}

function layerAt(contents: ArchiveContents, path: string): Digest | GantryError | undefined {
  const place = follow(contents, path)
  if (place !== undefined && contents.unusable.has(place)) return refuse(`${path} is not a usable file`)
  return place === undefined ? undefined : contents.layers.get(place)
}

function follow(contents: ArchiveContents, path: string): string | undefined {
  let place = cleanPath(path)
  for (let count = 0; place !== undefined && contents.links.has(place); count += 1) {
    if (count > linksMax) throw refuse(`too many levels of symbolic links: ${path}`)
    place = contents.links.get(place)
  }
  return place
}

function isUnusable(contents: ArchiveContents, path: string): boolean {
  return contents.unusable.has(path) || contents.links.has(path)
}

function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`
}

function isAttestation(descriptor: ManifestDescriptor): boolean {
  return descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest'
}

/** containerd's full name, or OCI's ref name where it is more than a bare tag. */
function nameOf(descriptor: ManifestDescriptor): string[] {
  const full = descriptor.annotations?.['io.containerd.image.name']
  const name = full ?? descriptor.annotations?.['org.opencontainers.image.ref.name']
  if (name === undefined || (full === undefined && !/[:/]/.test(name))) return []
  return [completeTag(name)]
}

function completeTag(text: string): string {
  const reference = parseReference(text)
  if (reference.tag === undefined || reference.digest !== undefined) throw refuse(`invalid tag ${JSON.stringify(text)}`)
  return formatReference(reference)
}

/** A parent has the beginning of the child's history and layers, and is shorter: so parents cannot go round. */
function isParent(parent: ImageConfig, child: ImageConfig): boolean {
  const [shorter, longer] = [parent.history ?? [], child.history ?? []]
  if (shorter.length >= longer.length) return false
  if (!shorter.every((entry, at) => JSON.stringify(entry) === JSON.stringify(longer[at]))) return false
  return parent.rootfs.diff_ids.every((diffId, at) => diffId === child.rootfs.diff_ids[at])
}

function refuse(message: string, cause?: unknown): GantryError {
  return new GantryError('IMAGE_ARCHIVE_INVALID', 'invalid', message, {
    cause,
    remedy: 'Save the image again, or check that the file is an image archive.',
  })
}
