/** Registries, as the Engine API and the builder want them. */
import type { ObtainOptions } from '#builder/ports.ts'
import { repositoryScope } from '#clients/registry/auth-challenge.ts'
import type { ImageTransfer } from '#engine/api/transfer-routes.ts'
import { openBlobIndex } from '#images/transfer/blob-index.ts'
import { pullImage } from '#images/transfer/pull-image.ts'
import { pushImage } from '#images/transfer/push-image.ts'
import { openRegistry, openRegistryOf } from '#images/transfer/registries.ts'
import type { RegistriesDeps } from '#images/transfer/registries.ts'
import { searchImages, splitSearchTerm } from '#images/transfer/search-images.ts'
import type { Images } from '#images/images.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { parseManifest } from '#spec/oci/manifest-document.ts'
import { parseReference, registryHostOf } from '#spec/oci/reference.ts'
import type { EngineEvent } from '#engine/containers/engine-parts.ts'
import type { World } from '#world/ports/world.ts'

export interface ImageTransferDeps {
  readonly world: World
  readonly images: Images
  readonly root: string
  readonly emit: (event: EngineEvent) => void
}

/** Docker Hub's own name for itself in credentials. */
const hubAddresses = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io']

/** The registry host of a login's server address. Pure. */
function loginHost(address: string): string {
  if (address === '' || hubAddresses.includes(address)) return 'registry-1.docker.io'
  return address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

/** Composes pull, push, inspect, search and login. */
export async function createImageTransfer(deps: ImageTransferDeps): Promise<ImageTransfer> {
  const { world, images } = deps
  const blobs = await openBlobIndex(world.files, `${deps.root}/registry-blobs.json`)
  const registries: RegistriesDeps = {
    clock: world.clock,
    files: world.files,
    certificateFolders: ['/etc/gantry/certs.d', '/etc/docker/certs.d'],
    insecure: [],
  }
  const platform = `${world.machine.os}/${world.machine.ociArchitecture}`
  return {
    pull: async ({ reference: text, ...wish }) => {
      const reference = parseReference(text)
      await using client = await openRegistryOf(registries, reference, wish.auth)
      await pullImage({ images, clock: world.clock, processes: world.processes, blobs, platform }, client, {
        ...wish,
        reference,
      })
      await blobs.flush()
      deps.emit({ type: 'image', action: 'pull', id: text, attributes: { name: text } })
    },
    push: async ({ reference: text, ...wish }) => {
      const reference = parseReference(text)
      await using client = await openRegistryOf(registries, reference, wish.auth)
      await pushImage({ images, clock: world.clock, blobs }, client, { ...wish, reference })
      deps.emit({ type: 'image', action: 'push', id: text, attributes: { name: text } })
    },
    inspect: async (text, auth, signal) => {
      const reference = parseReference(text)
      await using client = await openRegistryOf(registries, reference, auth)
      const manifest = await client.getManifest(
        reference.path,
        reference.digest ?? reference.tag ?? 'latest',
        repositoryScope(reference.path, 'pull'),
        signal,
      )
      const document = parseManifest(manifest.bytes, manifest.mediaType)
      const platforms = document.kind === 'index' ? document.manifests.flatMap((entry) => entry.platform ?? []) : []
      return {
        Descriptor: { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.byteLength },
        Platforms: platforms,
      }
    },
    search: async ({ auth, ...request }) => {
      const { host, term } = splitSearchTerm(request.term)
      await using client = await openRegistry(registries, host, auth)
      return searchImages(client, { ...request, term })
    },
    login: async (auth, signal) => {
      signal.throwIfAborted()
      await using client = await openRegistry(registries, loginHost(auth.serveraddress ?? ''), auth)
      await client.ping()
      return { Status: 'Login Succeeded', IdentityToken: '' }
    },
  }
}

/** The pull of a build's base image: credentials are chosen by the registry's host. */
export async function pullForBuild(transfer: ImageTransfer, reference: string, options: ObtainOptions): Promise<void> {
  const host = registryHostOf(parseReference(reference))
  const auth: RegistryAuth = options.credentials[host] ?? options.credentials['https://index.docker.io/v1/'] ?? {}
  await transfer.pull({
    reference,
    allTags: false,
    platform: options.platform,
    auth,
    emit: options.onProgress,
    signal: options.signal,
  })
}
