/**
 * Manifests as registries keep them: Docker schema 2 and its list, OCI image manifest and index, OCI artifact.
 * One reader for server and client; it trusts nothing (distribution spec v1.1, "Pushing Manifests").
 */
import { isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import {
  dockerManifest,
  dockerManifestList,
  ociArtifact,
  ociIndex,
  ociManifest,
  schema1Types,
} from './registry-media-types.ts'
import { asRecord, parseStrictJson, StrictJsonError } from './strict-json.ts'

export interface ManifestPlatform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  readonly osVersion?: string
}

/** A content descriptor (OCI image spec, descriptor.md). */
export interface ManifestDescriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly sizeBytes: number
  readonly urls?: readonly string[]
  readonly platform?: ManifestPlatform
  readonly annotations?: Readonly<Record<string, string>>
  readonly artifactType?: string
}

interface DocumentCommon {
  readonly mediaType: string
  readonly subject?: ManifestDescriptor
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

export interface ImageDocument extends DocumentCommon {
  readonly kind: 'image'
  readonly config: ManifestDescriptor
  readonly layers: readonly ManifestDescriptor[]
}

export interface IndexDocument extends DocumentCommon {
  readonly kind: 'index'
  readonly manifests: readonly ManifestDescriptor[]
}

export interface ArtifactDocument extends DocumentCommon {
  readonly kind: 'artifact'
  readonly blobs: readonly ManifestDescriptor[]
}

export type ManifestDocument = ImageDocument | IndexDocument | ArtifactDocument

/** Why bytes are no manifest we take; `reason` is `schema1` for Docker's removed first format. */
export class ManifestError extends Error {
  readonly reason: 'malformed' | 'media-type' | 'schema1'

  constructor(reason: ManifestError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** More entries than any real image has; a bound on what one manifest can make us do. */
const entriesMax = 4096

/**
 * Reads a manifest.
 * @param content the bytes as hashed.
 * @param contentType the Content-Type they came with, parameters allowed; undefined: told from the document.
 * @throws ManifestError
 */
export function parseManifest(content: Uint8Array, contentType?: string): ManifestDocument {
  const record = readRecord(content)
  const mediaType = mediaTypeOf(record, contentType)
  const common = readCommon(record, mediaType)
  if (mediaType === dockerManifest || mediaType === ociManifest) {
    forbid(record, mediaType, 'manifests')
    return {
      ...common,
      kind: 'image',
      config: readDescriptor(record['config'], 'config'),
      layers: readList(record['layers'], 'layers'),
    }
  }
  if (mediaType === ociArtifact) return { ...common, kind: 'artifact', blobs: readList(record['blobs'] ?? [], 'blobs') }
  forbid(record, mediaType, 'layers')
  forbid(record, mediaType, 'config')
  return { ...common, kind: 'index', manifests: readList(record['manifests'], 'manifests') }
}

/** Blobs that a manifest needs in its repository before it may be stored; foreign layers are not among them. */
export function blobsOf(document: ManifestDocument): readonly ManifestDescriptor[] {
  if (document.kind === 'image') return [document.config, ...document.layers]
  return document.kind === 'artifact' ? document.blobs : []
}

function readRecord(content: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const record = asRecord(parseStrictJson(content))
    if (record === undefined) throw new ManifestError('malformed', 'manifest is not a JSON object')
    return record
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw new ManifestError('malformed', `manifest is not valid JSON: ${error.message}`, { cause: error })
  }
}

const knownTypes: readonly string[] = [dockerManifest, dockerManifestList, ociManifest, ociIndex, ociArtifact]

/** Content types that say nothing about the kind of manifest. */
const genericTypes: readonly string[] = ['', 'application/json', 'application/octet-stream', 'text/plain']

function mediaTypeOf(record: Readonly<Record<string, unknown>>, contentType: string | undefined): string {
  const given = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (record['schemaVersion'] === 1 || schema1Types.includes(given))
    throw new ManifestError('schema1', 'manifest schema version 1 is not supported')
  const chosen =
    chooseType(record['mediaType'], genericTypes.includes(given) ? undefined : given) ?? guess(record) ?? 'none given'
  if (!knownTypes.includes(chosen)) throw new ManifestError('media-type', `unsupported manifest media type: ${chosen}`)
  if (record['schemaVersion'] !== 2 && chosen !== ociArtifact)
    throw new ManifestError('malformed', 'schemaVersion must be 2')
  return chosen
}

/** The type that the document and the request agree on. */
function chooseType(own: unknown, given: string | undefined): string | undefined {
  if (own !== undefined && typeof own !== 'string') throw new ManifestError('malformed', 'mediaType must be a string')
  if (given !== undefined && own !== undefined && own !== given)
    throw new ManifestError('media-type', `mediaType in manifest should be '${given}' not '${own}'`)
  return own ?? given
}

function guess(record: Readonly<Record<string, unknown>>): string | undefined {
  if (Array.isArray(record['manifests'])) return ociIndex
  return record['config'] === undefined ? undefined : ociManifest
}

// A document that reads as image and as index means different things to different readers (OCI image spec 1.0.1 advisory).
function forbid(record: Readonly<Record<string, unknown>>, mediaType: string, key: string): void {
  if (record[key] !== undefined) throw new ManifestError('malformed', `${mediaType} must not have the field ${key}`)
}

function readCommon(record: Readonly<Record<string, unknown>>, mediaType: string): DocumentCommon {
  const artifactType = optionalText(record['artifactType'], 'artifactType')
  const annotations = readAnnotations(record['annotations'])
  return {
    mediaType,
    ...(record['subject'] === undefined || record['subject'] === null
      ? {}
      : { subject: readDescriptor(record['subject'], 'subject') }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}

function readList(value: unknown, field: string): ManifestDescriptor[] {
  if (value === null) return []
  if (!Array.isArray(value)) throw new ManifestError('malformed', `${field} must be a list`)
  if (value.length > entriesMax) throw new ManifestError('malformed', `${field} has more than ${entriesMax} entries`)
  return value.map((entry: unknown, index) => readDescriptor(entry, `${field}[${index}]`))
}

function readSize(size: unknown, field: string): number {
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw new ManifestError('malformed', `${field} has no valid size`)
  return size
}

function readDescriptor(value: unknown, field: string): ManifestDescriptor {
  const record = asRecord(value)
  if (record === undefined) throw new ManifestError('malformed', `${field} must be a descriptor`)
  const { mediaType, digest } = record
  if (typeof mediaType !== 'string') throw new ManifestError('malformed', `${field} has no mediaType`)
  if (typeof digest !== 'string' || !isDigest(digest))
    throw new ManifestError('malformed', `${field} has no valid digest`)
  const size = readSize(record['size'], field)
  const annotations = readAnnotations(record['annotations'])
  const artifactType = optionalText(record['artifactType'], `${field}.artifactType`)
  const platform = readPlatform(record['platform'])
  const urls = Array.isArray(record['urls']) ? record['urls'].filter((url) => typeof url === 'string') : undefined
  return {
    mediaType,
    digest,
    sizeBytes: size,
    ...(annotations === undefined ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform }),
    ...(urls === undefined ? {} : { urls }),
  }
}

function readPlatform(value: unknown): ManifestPlatform | undefined {
  const record = asRecord(value)
  if (record === undefined) return undefined
  const { os, architecture, variant } = record
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined
  const osVersion = record['os.version']
  return {
    os,
    architecture,
    ...(typeof variant === 'string' && variant !== '' ? { variant } : {}),
    ...(typeof osVersion === 'string' ? { osVersion } : {}),
  }
}

function readAnnotations(value: unknown): Readonly<Record<string, string>> | undefined {
  const record = asRecord(value)
  if (record === undefined) return undefined
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function optionalText(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw new ManifestError('malformed', `${field} must be a string`)
  return value
}
