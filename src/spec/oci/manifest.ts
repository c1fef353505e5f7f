/** Manifests and indexes (OCI image spec, manifest.md and image-index.md; Docker schema 2) as types and checked parsers. */
import { isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { isIndexType, mediaTypes } from './media-types.ts'
import type { Platform } from './platform.ts'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly urls?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly data?: string
  readonly artifactType?: string
  readonly platform?: Platform
}

export interface ImageManifest {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

export interface ImageIndex {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  readonly manifests: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

export type ManifestDocument = { readonly kind: 'manifest'; readonly manifest: ImageManifest } | { readonly kind: 'index'; readonly index: ImageIndex }

/** Largest manifest accepted, as registries limit them (distribution spec: at least 4 MiB). */
export const manifestBytesMax: number = 4 * 1024 * 1024

/**
 * Reads a manifest or an index, told apart by its media type or, without one, by its fields.
 * Throws `invalid` for anything else, schema 1 included.
 */
export function parseManifest(bytes: Uint8Array, mediaType?: string): ManifestDocument {
  if (bytes.byteLength > manifestBytesMax) throw invalidManifest(`larger than ${manifestBytesMax} bytes`)
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (error) {
    throw invalidManifest('not JSON', error)
  }
  if (!isObject(value)) throw invalidManifest('not a JSON object')
  if (value['schemaVersion'] !== 2) throw invalidManifest(`unsupported schemaVersion ${JSON.stringify(value['schemaVersion'])}`)
  const declared = typeof value['mediaType'] === 'string' ? value['mediaType'] : mediaType
  const index = declared === undefined ? Array.isArray(value['manifests']) : isIndexType(declared)
  if (index) {
    if (value['layers'] !== undefined || value['config'] !== undefined) throw invalidManifest('an index with layers')
    return { kind: 'index', index: { ...(value as unknown as ImageIndex), manifests: descriptorList(value['manifests'], 'manifests') } }
  }
  if (value['manifests'] !== undefined) throw invalidManifest('a manifest with manifests')
  return {
    kind: 'manifest',
    manifest: { ...(value as unknown as ImageManifest), config: descriptor(value['config'], 'config'), layers: descriptorList(value['layers'], 'layers') },
  }
}

/** True for the manifest of an attestation that buildx puts beside an image (platform unknown/unknown). */
export function isAttestation(entry: Descriptor): boolean {
  return entry.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest'
}

/** An OCI manifest for a config and layers. */
export function ociManifest(config: Descriptor, layers: readonly Descriptor[], annotations?: Readonly<Record<string, string>>): ImageManifest {
  return { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers, ...(annotations === undefined ? {} : { annotations }) }
}

function descriptorList(value: unknown, where: string): Descriptor[] {
  if (!Array.isArray(value)) throw invalidManifest(`${where} is not a list`)
  return value.map((entry: unknown, position) => descriptor(entry, `${where}[${position}]`))
}

function descriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) throw invalidManifest(`${where} is not a descriptor`)
  const { mediaType, digest, size } = value
  if (typeof mediaType !== 'string') throw invalidManifest(`${where}.mediaType is not a string`)
  if (typeof digest !== 'string' || !isDigest(digest)) throw invalidManifest(`${where}.digest is not a digest`)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw invalidManifest(`${where}.size is not a size`)
  if (value['annotations'] !== undefined && value['annotations'] !== null && !isObject(value['annotations'])) throw invalidManifest(`${where}.annotations is not an object`)
  return value as unknown as Descriptor
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalidManifest(why: string, cause?: unknown): GantryError {
  return new GantryError('IMAGE_MANIFEST_INVALID', 'invalid', `invalid manifest: ${why}`, { cause, remedy: 'The image is damaged where it comes from; push or save it again.' })
}
