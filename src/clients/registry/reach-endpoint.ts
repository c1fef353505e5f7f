/** Finds the endpoint of a registry that answers, and keeps what is worth keeping of it: connections, tokens, the scheme it speaks. */
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

export interface Reacher {
  /** The HTTP client that trusts what an endpoint's host is trusted with. */
  clientFor(endpoint: Endpoint): Promise<HttpClient>
  /** A connection to the first of several alternatives that answers; throws the last failure when none does. */
  reach(endpoints: readonly Endpoint[], credentials: RegistryAuth, signal: AbortSignal | undefined): Promise<Connection>
  /** The same for a registry itself, mirrors left out; the scheme that worked is asked first for a while. */
  reachHost(host: string, credentials: RegistryAuth, signal: AbortSignal | undefined): Promise<Connection>
  close(): void
}

const tokensMax = 1000
const endpointsMax = 256
const endpointKeptMs = 300_000
const hostConnectionsMax = 16

export function createReacher(deps: RegistryClientDeps, options: RegistryClientOptions): Reacher {
  const { clock, random } = deps
  const tokens = new LruCache<string, CachedToken>({ capacity: tokensMax })
  const { clientFor, other, close } = createHostClients(deps, options)
  const working = new LruCache<string, { readonly baseUrl: string; readonly untilMs: number }>({
    capacity: endpointsMax,
  })
  const connect = async (endpoint: Endpoint, credentials: RegistryAuth): Promise<Connection> =>
    createConnection({
      clock,
      random,
      other,
      endpoint,
      tokens,
      own: await clientFor(endpoint),
      // A mirror is another registry: it gets nothing that was meant for the first.
      credentials: endpoint.isMirror ? {} : credentials,
      ...(options.retryPolicy === undefined ? {} : { retryPolicy: options.retryPolicy }),
    })
  const reach: Reacher['reach'] = async (endpoints, credentials, signal) => {
    let failure: unknown = new GantryError('REGISTRY_ENDPOINTS', 'invalid', 'no endpoint of the registry can be used', {
      remedy: 'Check the address of the registry.',
    })
    for (const endpoint of endpoints) {
      const connection = await connect(endpoint, credentials)
      try {
        await connection.ping(signal)
        return connection
      } catch (error) {
        signal?.throwIfAborted()
        failure = error
      }
    }
    throw failure
  }
  const reachHost: Reacher['reachHost'] = async (host, credentials, signal) => {
    const endpoints = planEndpoints(options, host, 'push')
    const last = working.get(host)
    const isFresh = last !== undefined && last.untilMs > clock.monotonicMs()
    const preferred = isFresh ? endpoints.filter(({ baseUrl }) => baseUrl === last.baseUrl) : endpoints
    try {
      const connection = await reach(preferred, credentials, signal)
      working.set(host, { baseUrl: connection.baseUrl, untilMs: clock.monotonicMs() + endpointKeptMs })
      return connection
    } catch (error) {
      working.delete(host)
      throw error
    }
  }
  return { clientFor, reach, reachHost, close }
}

interface HostClients {
  readonly clientFor: Reacher['clientFor']
  /** For hosts that a registry sends us to: system trust only. */
  readonly other: HttpClient
  readonly close: () => void
}

function createHostClients(deps: RegistryClientDeps, options: RegistryClientOptions): HostClients {
  const common = {
    clock: deps.clock,
    connectionsMax: hostConnectionsMax,
    headers: { 'User-Agent': options.userAgent ?? 'gantry/0.1' },
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
  }
  const other = createHttpClient(common)
  const open = new Map<string, HttpClient>()
  const folders = options.certificateFolders ?? certificateFolders
  return {
    other,
    async clientFor({ baseUrl, insecure }) {
      const key = `${baseUrl} ${insecure}`
      const tls = open.has(key) ? undefined : await loadCertificates(deps.files, folders, new URL(baseUrl).host)
      let client = open.get(key)
      if (client === undefined) {
        // The oldest goes; requests on it are cut, so the bound is far above what one machine talks to.
        const [oldest] = open
        if (open.size >= endpointsMax && oldest !== undefined) {
          oldest[1].close()
          open.delete(oldest[0])
        }
        client = createHttpClient({ ...common, tls: { ...tls, ...(insecure ? { insecure } : {}) } })
        open.set(key, client)
      }
      return client
    },
    close() {
      for (const client of open.values()) client.close()
      open.clear()
      other.close()
    },
  }
}
