/** The registry that a cache stands in front of, reached with the typed client. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { RegistryClient } from '#clients/registry/registry-client.ts'
import type { Repository } from '#clients/registry/repository.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import type { UpstreamRegistry } from './pull-through.ts'

export interface ClientUpstreamOptions {
  /** Host as in references: `docker.io`, `registry.example:5000`. */
  readonly host: string
  /** What the cache logs in with; its own clients never see it. */
  readonly credentials?: RegistryAuth
}

/** Makes an upstream of a registry host. */
export function createClientUpstream(registries: RegistryClient, options: ClientUpstreamOptions): UpstreamRegistry {
  const open = async (path: string, signal: AbortSignal): Promise<Repository> => {
    const found = await registries.forPull({ host: options.host, path, credentials: options.credentials ?? {}, signal })
    const repository = found[0]
    if (repository === undefined)
      throw new GantryError('REGISTRY_UPSTREAM', 'unavailable', `no endpoint of ${options.host} answers`, {
        remedy: 'Check that the upstream registry runs.',
      })
    return repository
  }
  return {
    async fetchManifest(path, reference, signal) {
      const { digest, mediaType, content } = await (await open(path, signal)).manifest(reference, signal)
      return { digest, mediaType: mediaType ?? '', content }
    },
    resolveTag: async (path, tag, signal) => (await open(path, signal)).resolve(tag, signal),
    async *fetchBlob(path, digest, signal) {
      const repository = await open(path, signal)
      const sizeBytes = await repository.statBlob(digest, signal)
      if (sizeBytes === undefined)
        throw new GantryError('REGISTRY_UPSTREAM_BLOB', 'not-found', `the upstream does not have ${digest}`, {
          remedy: 'Pull the tag again; the image may have been replaced.',
        })
      yield* repository.blob({ digest, sizeBytes, signal })
    },
  }
}
