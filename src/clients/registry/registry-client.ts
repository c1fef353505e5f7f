/** The typed client of the distribution API: finds a registry's endpoint, then talks to one repository of it. */
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import type { Connection } from './connection.ts'
import { planEndpoints } from './plan-endpoints.ts'
import { createReacher } from './reach-endpoint.ts'
import type { RegistryClientDeps, RegistryClientOptions } from './reach-endpoint.ts'
import { openRepository } from './repository.ts'
import type { Repository, RepositoryOptions } from './repository.ts'
import { searchHub } from './search-hub.ts'
import type { SearchResult } from './search-hub.ts'

export type { RegistryClientDeps, RegistryClientOptions } from './reach-endpoint.ts'

export interface RepositoryWish {
  /** Registry host as in references: `docker.io`, `localhost:5000`. */
  readonly host: string
  /** Repository path: `library/busybox`. */
  readonly path: string
  readonly credentials?: RegistryAuth
  readonly signal?: AbortSignal
}

export interface RegistryClient extends AsyncDisposable {
  /**
   * The places that a repository may be pulled from, in order: mirrors, then the registry. Each one answered `/v2/`.
   * @throws GantryError in dockerd's words when none answers.
   */
  forPull(wish: RepositoryWish): Promise<Repository[]>
  /** The repository for a push, with leave to read `mountFrom` for mounts. */
  forPush(wish: RepositoryWish & { readonly mountFrom?: readonly string[] }): Promise<Repository>
  /** Proves credentials. Throws `unauthorized` when the registry refuses them. */
  login(host: string, credentials: RegistryAuth, signal?: AbortSignal): Promise<{ readonly identityToken: string }>
  /** Docker Hub's search; other hosts are asked for the same API. */
  search(request: {
    readonly host: string
    readonly term: string
    readonly limit: number
    readonly credentials?: RegistryAuth
    readonly signal?: AbortSignal
  }): Promise<SearchResult[]>
}

export function createRegistryClient(deps: RegistryClientDeps, options: RegistryClientOptions = {}): RegistryClient {
  const reacher = createReacher(deps, options)
  const open = (connection: Connection, wish: RepositoryOptions): Repository =>
    openRepository({ clock: deps.clock, random: deps.random, connection, retryPolicy: options.retryPolicy }, wish)
  return {
    async forPull({ host, path, credentials = {}, signal }) {
      const found: Connection[] = []
      for (const endpoint of planEndpoints(options, host, 'pull').filter(({ isMirror }) => isMirror)) {
        const mirror = await reacher.reach([endpoint], {}, signal).catch(() => undefined)
        signal?.throwIfAborted()
        if (mirror !== undefined) found.push(mirror)
      }
      const own = await reacher.reachHost(host, credentials, signal).catch((error: unknown) => {
        if (found.length === 0) throw error
        return undefined
      })
      if (own !== undefined) found.push(own)
      return found.map((connection) => open(connection, { path, actions: ['pull'] }))
    },
    async forPush({ host, path, credentials = {}, mountFrom = [], signal }) {
      return open(await reacher.reachHost(host, credentials, signal), { path, actions: ['pull', 'push'], mountFrom })
    },
    async login(host, credentials, signal) {
      const connection = await reacher.reachHost(host, credentials, signal)
      return connection.login(signal)
    },
    search: (request) => searchHub({ settings: options, clientFor: reacher.clientFor, ...request }),
    [Symbol.asyncDispose]() {
      reacher.close()
      return Promise.resolve()
    },
  }
}
