/** The typed client of the distribution API: finds a registry's endpoint, then talks to one repository of it. */
import { LruCache } from '#base/data/lru-cache.ts'
import type { RetryPolicy } from '#base/async/retry.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { createHttpClient } from '#kit/http/client.ts'
import type { ClientProxy, HttpClient } from '#kit/http/client.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Random } from '#world/ports/random.ts'
import { createConnection } from './connection.ts'
import type { CachedToken, Connection } from './connection.ts'
import { certificateFolders, loadCertificates } from './load-certificates.ts'
import { planEndpoints } from './plan-endpoints.ts'
import type { Endpoint, RegistrySettings } from './plan-endpoints.ts'
import { openRepository } from './repository.ts'
import type { Repository } from './repository.ts'
import { searchHub } from './search-hub.ts'
import type { SearchResult } from './search-hub.ts'

export interface RegistryClientDeps {
  readonly clock: Clock
  readonly random: Random
  readonly files: Files
}

export interface RegistryClientOptions extends RegistrySettings {
  readonly certificateFolders?: readonly string[]
  readonly proxy?: ClientProxy
  readonly userAgent?: string
  readonly retryPolicy?: RetryPolicy
}

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

const tokensMax = 1000
const endpointsMax = 256
const endpointKeptMs = 300_000
const hostConnectionsMax = 16

interface Reached {
  readonly connection: Connection
  readonly endpoint: Endpoint
}

export function createRegistryClient(deps: RegistryClientDeps, options: RegistryClientOptions = {}): RegistryClient {
  const { clock } = deps
  const tokens = new LruCache<string, CachedToken>({ capacity: tokensMax })
  const common = {
    clock,
    connectionsMax: hostConnectionsMax,
    headers: { 'User-Agent': options.userAgent ?? 'gantry/0.1' },
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
  }
  const other = createHttpClient(common)
  const clients = new LruCache<string, HttpClient>({ capacity: endpointsMax, onEvict: (client) => client.close() })
  const working = new LruCache<string, { readonly baseUrl: string; readonly untilMs: number }>({
    capacity: endpointsMax,
  })

  const clientFor = async ({ baseUrl, insecure }: Endpoint): Promise<HttpClient> => {
    const key = `${baseUrl} ${insecure}`
    const known = clients.get(key)
    if (known !== undefined) return known
    const tls = await loadCertificates(
      deps.files,
      options.certificateFolders ?? certificateFolders,
      new URL(baseUrl).host,
    )
    const client = createHttpClient({ ...common, tls: { ...tls, ...(insecure ? { insecure } : {}) } })
    clients.set(key, client)
    return client
  }
  const connect = async (endpoint: Endpoint, credentials: RegistryAuth): Promise<Connection> =>
    createConnection({
      clock,
      random: deps.random,
      own: await clientFor(endpoint),
      other,
      endpoint,
      tokens,
      // A mirror is another registry: it gets nothing that was meant for the first.
      credentials: endpoint.isMirror ? {} : credentials,
      ...(options.retryPolicy === undefined ? {} : { retryPolicy: options.retryPolicy }),
    })
  /** The first endpoint of a list of alternatives that answers; the last failure when none does. */
  const reach = async (
    endpoints: readonly Endpoint[],
    credentials: RegistryAuth,
    signal: AbortSignal | undefined,
  ): Promise<Reached> => {
    let failure: unknown = new GantryError('REGISTRY_ENDPOINTS', 'invalid', 'no endpoint of the registry can be used')
    for (const endpoint of endpoints) {
      const connection = await connect(endpoint, credentials)
      try {
        await connection.ping(signal)
        return { connection, endpoint }
      } catch (error) {
        signal?.throwIfAborted()
        failure = error
      }
    }
    throw failure
  }
  const reachHost = async (
    host: string,
    credentials: RegistryAuth,
    signal: AbortSignal | undefined,
  ): Promise<Connection> => {
    const endpoints = planEndpoints(options, host, 'push')
    const last = working.get(host)
    const preferred =
      last !== undefined && last.untilMs > clock.monotonicMs()
        ? endpoints.filter(({ baseUrl }) => baseUrl === last.baseUrl)
        : []
    const { connection, endpoint } = await reach(
      preferred.length > 0 ? preferred : endpoints,
      credentials,
      signal,
    ).catch((error: unknown) => {
      working.delete(host)
      throw error
    })
    working.set(host, { baseUrl: endpoint.baseUrl, untilMs: clock.monotonicMs() + endpointKeptMs })
    return connection
  }
  return {
    async forPull(wish) {
      const found: Repository[] = []
      const open = (connection: Connection): void => {
        found.push(
          openRepository(
            { clock, random: deps.random, connection, retryPolicy: options.retryPolicy },
            { path: wish.path, actions: ['pull'] },
          ),
        )
      }
      for (const endpoint of planEndpoints(options, wish.host, 'pull').filter(({ isMirror }) => isMirror)) {
        const mirror = await reach([endpoint], {}, wish.signal).catch(() => undefined)
        wish.signal?.throwIfAborted()
        if (mirror !== undefined) open(mirror.connection)
      }
      const own = await reachHost(wish.host, wish.credentials ?? {}, wish.signal).catch((error: unknown) => {
        if (found.length === 0) throw error
        return undefined
      })
      if (own !== undefined) open(own)
      return found
    },
    async forPush(wish) {
      const connection = await reachHost(wish.host, wish.credentials ?? {}, wish.signal)
      return openRepository(
        { clock, random: deps.random, connection, retryPolicy: options.retryPolicy },
        { path: wish.path, actions: ['pull', 'push'], mountFrom: wish.mountFrom ?? [] },
      )
    },
    async login(host, credentials, signal) {
      // The connection proves nothing yet; which endpoint answers is found without credentials.
      const connection = await reachHost(host, credentials, signal)
      return connection.login(signal)
    },
    search: (request) => searchHub({ settings: options, clientFor, ...request }),
    [Symbol.asyncDispose]() {
      clients.clear()
      other.close()
      return Promise.resolve()
    },
  }
}
