/** Decides which image a reference means: reads manifests, picks the platform of an index, refuses what cannot run. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { ManifestError, parseManifest } from '#spec/oci/manifest-document.ts'
import type { ImageDocument, IndexDocument, ManifestDescriptor, ManifestDocument } from '#spec/oci/manifest-document.ts'
import { formatPlatform, normalizePlatform, platformMatches } from '#spec/oci/platform.ts'
import type { Platform } from '#spec/oci/platform.ts'
import { layerCompression } from '#spec/oci/registry-media-types.ts'

/** A manifest's bytes as a document. `name` is the reference as users read it. */
export function readManifest(content: Uint8Array, mediaType: string | undefined, name: string): ManifestDocument {
  try {
    return parseManifest(content, mediaType)
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error
    if (error.reason === 'schema1') {
      throw new GantryError(
        'IMAGE_SCHEMA1',
        'invalid',
        `Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed: ${name} cannot be pulled`,
        {
          cause: error,
          remedy: 'Push the image again with a tool of this decade.',
        },
      )
    }
    throw new GantryError('IMAGE_MANIFEST_INVALID', 'invalid', error.message, {
      cause: error,
      remedy: 'Have the image pushed again.',
    })
  }
}

/**
 * The entry of an index for a platform: the exact variant, else the newest older one (arm), else any that matches.
 * Attestations (platform unknown/unknown) never count.
 */
export function choosePlatform(index: IndexDocument, wanted: Platform): ManifestDescriptor {
  const target = normalizePlatform(wanted)
  const fitting = index.manifests.filter(({ platform }) => platform !== undefined && platformMatches(target, platform))
  const variantOf = (entry: ManifestDescriptor): string =>
    entry.platform === undefined ? '' : (normalizePlatform(entry.platform).variant ?? '')
  const [best] = fitting.toSorted((a, b) => {
    const exact = Number(variantOf(b) === (target.variant ?? '')) - Number(variantOf(a) === (target.variant ?? ''))
    return exact === 0 ? variantOf(b).localeCompare(variantOf(a)) : exact
  })
  // Some lists of one image say no platform at all.
  const chosen = best ?? index.manifests.find(({ platform }) => platform === undefined)
  if (chosen !== undefined) return chosen
  throw new GantryError(
    'IMAGE_PLATFORM_MISSING',
    'not-found',
    `no matching manifest for ${formatPlatform(target)} in the manifest list entries`,
    { remedy: 'Ask for another platform, or have the image built for this one.' },
  )
}

/** An image document that can be unpacked; artifacts of other kinds are refused by name. */
export function assertImage(document: ManifestDocument, name: string): ImageDocument {
  if (document.kind === 'index')
    throw new GantryError(
      'IMAGE_MANIFEST_INVALID',
      'invalid',
      `${name}: a manifest list that names another manifest list`,
      { remedy: 'Have the image pushed again.' },
    )
  const odd =
    document.kind === 'artifact'
      ? document.mediaType
      : document.layers.find(({ mediaType }) => layerCompression(mediaType) === undefined)?.mediaType
  if (document.kind === 'image' && odd === undefined) return document
  const what =
    document.kind === 'image' && document.config.mediaType.includes('config') ? odd : (document.artifactType ?? odd)
  throw new GantryError(
    'IMAGE_NOT_AN_IMAGE',
    'invalid',
    `Encountered remote ${JSON.stringify(what)}(unknown) when fetching: ${name} is not a container image`,
    { remedy: 'Fetch artifacts with a tool made for them.' },
  )
}
