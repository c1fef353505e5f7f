/** The OCI distribution server as one component: storage, authentication, API, background sweeps. */
import type { BoundAddress, ServerTls } from '#kit/http/listen-address.ts'
import { createHttpServer } from '#kit/http/server.ts'
import type { HttpServer } from '#kit/http/server.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import type { Random } from '#world/ports/random.ts'
import { join } from 'node:path'
import { createRegistryHandler, encodeRegistryError } from './api/serve-request.ts'
import { createBasicAuthenticator, openPasswordFile } from './auth/htpasswd.ts'
import { openToAll } from './auth/principal.ts'
import type { AccessRule, Authenticator } from './auth/principal.ts'
import { createTokenService, openTokenKey } from './auth/token-service.ts'
import type { TokenOptions, TokenService } from './auth/token-service.ts'
import { createRegistryMetrics } from './metrics.ts'
import type { RegistryMetrics } from './metrics.ts'
import { createPullThrough } from './proxy/pull-through.ts'
import type { UpstreamRegistry } from './proxy/pull-through.ts'
import type { GarbageResult } from './storage/collect-garbage.ts'
import { defaultStorageLimits, openRegistryStorage } from './storage/storage.ts'
import type { RegistryStorage, StorageLimits } from './storage/storage.ts'

export interface RegistryDeps {
  readonly clock: Clock
  readonly random: Random
  readonly files: Files
  readonly metrics?: Metrics
  /** Told of failures that are no client's. */
  readonly onFault?: (error: unknown, where: string) => void
  /** The registry that a pull-through cache stands in front of. */
  readonly upstream?: UpstreamRegistry
}

export type RegistryAuthConfig =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'htpasswd'
      readonly path: string
      readonly realm?: string
      readonly rules?: readonly AccessRule[]
    }
  | ({ readonly kind: 'token'; readonly passwordFile: string } & TokenOptions)

export interface RegistryConfig {
  /** Data directory, made when missing; one of Docker's registry is served as it is. */
  readonly root: string
  /** Default 127.0.0.1, a free port. */
  readonly listen?: { readonly host?: string; readonly port?: number; readonly tls?: ServerTls }
  readonly auth?: RegistryAuthConfig
  readonly limits?: Partial<StorageLimits>
  /** Default true. */
  readonly deleteEnabled?: boolean
  readonly readOnly?: boolean
  /** The URL by which clients know this registry, behind a proxy. */
  readonly externalUrl?: string
  /** Silence in an upload after which its request is cut off; the upload itself stays. Default two minutes. */
  readonly bodyIdleMs?: number
  /** Collection every so often; left out: only when asked. */
  readonly garbage?: { readonly everyMs: number; readonly removeUntagged?: boolean }
}

export interface Registry extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number }
  /** `http(s)://host:port`. */
  readonly url: string
  readonly metrics: Metrics
  /** Removes what no manifest needs, beside running pushes and pulls. */
  collectGarbage(options?: { readonly removeUntagged?: boolean; readonly signal?: AbortSignal }): Promise<GarbageResult>
  /** Drops abandoned uploads; also done by itself every ten minutes. */
  expireUploads(): Promise<number>
}

const expiryEveryMs = 600_000
const bodyIdleMsDefault = 120_000

/** Opens the data directory and starts serving. */
export async function createRegistry(deps: RegistryDeps, config: RegistryConfig): Promise<Registry> {
  const storage = await openRegistryStorage(deps, config.root, { ...defaultStorageLimits, ...config.limits })
  const metrics = deps.metrics ?? createMetrics()
  const own = createRegistryMetrics(metrics, storage)
  const server = await startServer({ deps, config, storage, metrics, own })
  const collectGarbage: Registry['collectGarbage'] = async (options = {}) => {
    const result = await storage.collectGarbage({ removeUntagged: false, ...options })
    own.garbage(result.bytesFreed)
    return result
  }
  const sweeps = startSweeps({ deps, config, storage, collectGarbage, stopping: server.stopping })
  const address = tcpAddress(server.addresses[0])
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  const scheme = config.listen?.tls === undefined ? 'http' : 'https'
  return {
    address,
    metrics,
    collectGarbage,
    url: `${scheme}://${host}:${address.port}`,
    expireUploads: () => storage.uploads.expire(),
    async [Symbol.asyncDispose]() {
      await server.close()
      await sweeps
    },
  }
}

interface ServerParts {
  readonly deps: RegistryDeps
  readonly config: RegistryConfig
  readonly storage: RegistryStorage
  readonly metrics: Metrics
  readonly own: RegistryMetrics
}

async function startServer({ deps, config, storage, metrics, own }: ServerParts): Promise<HttpServer> {
  const { clock, onFault } = deps
  const { authenticator, tokens } = await createAuth(deps, config)
  const upstream =
    deps.upstream === undefined ? undefined : createPullThrough({ clock, storage, upstream: deps.upstream })
  const { deleteEnabled = true, readOnly = false, listen = {} } = config
  return createHttpServer({
    clock,
    files: deps.files,
    listeners: [{ host: '127.0.0.1', port: 0, ...listen }],
    limits: { bodyIdleMs: config.bodyIdleMs ?? bodyIdleMsDefault },
    headers: { 'Docker-Distribution-Api-Version': 'registry/2.0', 'X-Content-Type-Options': 'nosniff' },
    handler: createRegistryHandler({
      context: { clock, storage, upstream, counters: own, deleteEnabled, readOnly },
      authenticator,
      tokens,
      externalUrl: config.externalUrl,
      renderMetrics: () => metrics.render(),
      onAnswered: own.request,
    }),
    encodeError: encodeRegistryError,
    ...(onFault === undefined ? {} : { onFault }),
  })
}

async function createAuth(
  deps: RegistryDeps,
  config: RegistryConfig,
): Promise<{ readonly authenticator: Authenticator; readonly tokens: TokenService | undefined }> {
  const auth = config.auth ?? { kind: 'none' }
  if (auth.kind === 'none') return { authenticator: openToAll, tokens: undefined }
  if (auth.kind === 'htpasswd') {
    const { realm = 'gantry registry', rules } = auth
    return {
      authenticator: createBasicAuthenticator(openPasswordFile(deps, auth.path), {
        realm,
        ...(rules === undefined ? {} : { rules }),
      }),
      tokens: undefined,
    }
  }
  await deps.files.makeDirectory(join(config.root, 'auth'), { recursive: true, mode: 0o700 })
  const key = await openTokenKey(deps, join(config.root, 'auth', 'token-key.json'))
  const tokens = createTokenService(
    { clock: deps.clock, random: deps.random, passwords: openPasswordFile(deps, auth.passwordFile), key },
    auth,
  )
  return { authenticator: tokens, tokens }
}

interface SweepParts {
  readonly deps: RegistryDeps
  readonly config: RegistryConfig
  readonly storage: RegistryStorage
  readonly collectGarbage: Registry['collectGarbage']
  readonly stopping: AbortSignal
}

/** Expiry of uploads and garbage collection until the server stops; a failure is reported and tried again next time. */
async function startSweeps({ deps, config, storage, collectGarbage, stopping }: SweepParts): Promise<void> {
  const every = async (ms: number, where: string, work: () => Promise<unknown>): Promise<void> => {
    while (await slept(deps.clock, ms, stopping)) await work().catch((error: unknown) => deps.onFault?.(error, where))
  }
  const { garbage } = config
  const loops = [every(expiryEveryMs, 'upload expiry', () => storage.uploads.expire())]
  if (garbage !== undefined)
    loops.push(
      every(garbage.everyMs, 'garbage collection', () =>
        collectGarbage({ removeUntagged: garbage.removeUntagged ?? false, signal: stopping }),
      ),
    )
  await Promise.all(loops)
}

function slept(clock: Clock, ms: number, stopping: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, stopping).then(
    () => !stopping.aborted,
    () => false,
  )
}

function tcpAddress(bound: BoundAddress | undefined): { readonly host: string; readonly port: number } {
  if (bound === undefined || !('port' in bound)) throw new TypeError('a registry listens on TCP')
  return bound
}
