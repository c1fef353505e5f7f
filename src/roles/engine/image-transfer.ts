/** Registries, as the Engine API and the builder want them. */
import type { ObtainOptions } from '#builder/ports.ts'
import { createRegistryClient } from '#clients/registry/registry-client.ts'
import type { RegistryClientOptions } from '#clients/registry/registry-client.ts'
import type { EngineEvent } from '#engine/containers/engine-parts.ts'
import type { ImageTransfer } from '#engine/api/transfer-routes.ts'
import type { Images } from '#images/images.ts'
import { createTransfer } from '#images/transfer/transfer.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { parseReference, registryHostOf } from '#spec/oci/reference.ts'
import type { World } from '#world/ports/world.ts'

export interface ImageTransferDeps {
  readonly world: World
  readonly images: Images
  readonly root: string
  readonly emit: (event: EngineEvent) => void
  /** Mirrors, insecure registries, proxies; none unless told. */
  readonly registries?: RegistryClientOptions
}

/** Composes pull, push, inspect, search and login. */
export async function createImageTransfer(deps: ImageTransferDeps): Promise<ImageTransfer & AsyncDisposable> {
  const { world, images } = deps
  const registries = createRegistryClient(world, deps.registries)
  const transfer = await createTransfer(
    { ...world, images, registries },
    { blobIndex: `${deps.root}/registry-blobs.json` },
  )
  const told = (action: 'pull' | 'push', name: string): void =>
    deps.emit({ type: 'image', action, id: name, attributes: { name } })
  return {
    ...transfer,
    [Symbol.asyncDispose]: () => registries[Symbol.asyncDispose](),
    pull: async (wish) => {
      await transfer.pull(wish)
      told('pull', wish.reference)
    },
    push: async (wish) => {
      await transfer.push(wish)
      told('push', wish.reference)
    },
  }
}

/** The pull of a build's base image: credentials are chosen by the registry's host. */
export async function pullForBuild(transfer: ImageTransfer, reference: string, options: ObtainOptions): Promise<void> {
  const { domain } = parseReference(reference)
  const host = registryHostOf(parseReference(reference))
  const hub = domain === 'docker.io' ? options.credentials['https://index.docker.io/v1/'] : undefined
  const auth: RegistryAuth = options.credentials[domain] ?? options.credentials[host] ?? hub ?? {}
  await transfer.pull({
    reference,
    allTags: false,
    platform: options.platform,
    auth,
    emit: options.onProgress,
    signal: options.signal,
  })
}
