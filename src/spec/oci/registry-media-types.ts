/** Media types of images in registries: Docker's schema 2 family and OCI's. */

export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json'
export const dockerManifestList = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const dockerConfig = 'application/vnd.docker.container.image.v1+json'
export const dockerLayerGzip = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
export const ociConfig = 'application/vnd.oci.image.config.v1+json'
export const ociEmpty = 'application/vnd.oci.empty.v1+json'
/** The artifact manifest of OCI 1.1's release candidates; still pushed by older tools. */
export const ociArtifact = 'application/vnd.oci.artifact.manifest.v1+json'
/** Docker's first manifest format, removed from dockerd; recognised only to refuse it by name. */
export const schema1Types: readonly string[] = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]

/** What a client that takes every kept format sends as Accept. */
export const manifestTypes: readonly string[] = [dockerManifest, dockerManifestList, ociManifest, ociIndex]

/** How a layer of this media type is compressed; undefined for a type that is no layer we know. */
export function layerCompression(mediaType: string): 'none' | 'gzip' | 'zstd' | undefined {
  if (
    !/^application\/vnd\.(?:docker\.image\.rootfs\.(?:foreign\.)?diff|oci\.image\.layer\.(?:nondistributable\.)?v1)\.tar(?:[.+](?:gzip|zstd))?$/.test(
      mediaType,
    )
  )
    return undefined
  if (mediaType.endsWith('gzip')) return 'gzip'
  return mediaType.endsWith('zstd') ? 'zstd' : 'none'
}

/** True for layers that may only be fetched from their own URLs and are not pushed (Windows base layers). */
export function isForeignLayer(mediaType: string): boolean {
  return mediaType.includes('.foreign.') || mediaType.includes('.nondistributable.')
}
