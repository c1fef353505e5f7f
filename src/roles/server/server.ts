/**
 * The control plane of one cluster: everything under one folder (database, certificates, keys), the API over TLS, the
 * controllers, the scheduler, and a kubeconfig for its administrator.
 */
import { join } from 'node:path'
import { type ApiServer, createApiServer } from '#cluster/apiserver/api-server.ts'
import { createTokenKeys, type TokenKeys } from '#cluster/apiserver/authentication/token-keys.ts'
import { type ApiServerConfig, defaultApiServerConfig } from '#cluster/apiserver/api-server-config.ts'
import { mayLeaveHttp } from '#cluster/apiserver/may-leave-http.ts'
import { firstAddress } from '#cluster/apiserver/strategies/services/address-blocks.ts'
import { withExtenderFiles } from '#cluster/scheduler/configuration/extender-settings.ts'
import { readSchedulerConfiguration } from '#cluster/scheduler/configuration/read-scheduler-configuration.ts'
import { createTokenUse, type TokenUse } from '#cluster/controllers/accounts/token-use.ts'
import type { ListenAddress } from '#kit/http/listen-address.ts'
import { createHttpServer, type HttpServer } from '#kit/http/server.ts'
import type { Log } from '#kit/telemetry/log.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import { createAuthority, type IssuedCertificate, issueCertificate } from '#kit/tls/issue-certificate.ts'
import type { Files } from '#world/ports/files.ts'
import type { World } from '#world/ports/world.ts'
import type { ControlLoopsConfig } from './control-loops.ts'
import {
  createMemoryKeeper,
  type MemoryKeeper,
  releaseOnceGrown,
  type ReleasePolicy,
  touching,
} from '#roles/keep-memory-small.ts'
import { type AuthorizationFlags, defaultAuthorization } from './authorization-flags.ts'
import { followConfigurations } from './follow-configurations.ts'
import { hostPathsUnder } from './host-paths.ts'
import { keptCertificate, keptSigningKeys } from './kept-keys.ts'
import { kubeconfigText } from './kubeconfig-text.ts'
import { startServerLoops } from './lead-control-loops.ts'
import type { EtcdFlags } from './server-flags.ts'
import {
  type CredentialFlags,
  defaultCredentials,
  openServerCredentials,
  type ServerCredentials,
} from './server-credentials.ts'
import type { NetworkFlags } from './server-network.ts'
import { defaultSecurity, openServerSecurity, type SecurityFlags } from './server-security.ts'
import { openServerAuthorization } from './server-authorization.ts'
import { openServerStore } from './server-store.ts'
import { openServerStreaming } from './server-streaming.ts'
import { createWebhookCaller } from './webhook-caller.ts'
import { readTypeWords } from './read-type-words.ts'

export interface ServerOptions {
  /** Holds everything that the cluster is; made when missing. */
  readonly root: string
  readonly host: string
  /** 0 chooses a free one. */
  readonly port: number
  /** Nodes that pretend to run pods; none unless told. */
  readonly simulatedNodes?: number
  /** Names of controllers that run; all unless told. */
  readonly controllers?: readonly string[]
  /** Path of a KubeSchedulerConfiguration. */
  readonly schedulerFile?: string | undefined
  /** Keeps the objects there instead of in a file under `root`. */
  readonly etcd?: EtcdFlags | undefined
  readonly security?: SecurityFlags
  readonly network?: NetworkFlags
  readonly credentials?: CredentialFlags
  readonly authorization?: AuthorizationFlags
}

/** A running control plane. */
export interface Server extends AsyncDisposable {
  readonly api: ApiServer
  /** `https://HOST:PORT`. */
  readonly url: string
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
}

/** As many events as a collection remembers anyway. */
const resumeRevisions = 4096

type ServerWorld = Pick<World, 'clock' | 'random' | 'files'> & { readonly kernel?: Pick<World['kernel'], 'memory'> }

/** At ten thousand pods a release takes about a tenth of a second. */
/** Requests that come soon again find compiled what serves them. */
const laterQuietMs = 10_000
const releasePolicy: ReleasePolicy = {
  grownBytesMin: 32 << 20,
  heapBytesMax: 256 << 20,
  programBytesKept: 28 << 20,
}

/**
 * Starts a control plane; it answers when the promise resolves.
 * @throws GantryError for a folder in use, an address that is taken, a damaged store.
 */
export async function startServer(world: ServerWorld, log: Log, options: ServerOptions): Promise<Server> {
  const { clock, random, files } = world
  await using scope = new AsyncDisposableStack()
  const certificates = join(options.root, 'certificates')
  const { authority, proxyAuthority } = await openAuthorities(world, certificates)
  const store = scope.use(await openServerStore(world, { root: options.root, etcd: options.etcd, log }))
  const { tokenKeys, tokenUse } = await openTokens(world, join(certificates, 'service-accounts'))
  const credentials = await openServerCredentials(
    { world, log, ownProxyAuthority: proxyAuthority.certificate, issuer: defaultApiServerConfig.issuer },
    options.credentials ?? defaultCredentials,
    scope,
  )
  const listening = Promise.withResolvers<ApiServer>()
  const listener = listenerFor(world, options, { authority, proxyAuthorities: credentials.proxyAuthorities })
  const keeper = scope.use(keepMemory(world))
  const http = scope.use(await listen(world, log, { listener, api: listening.promise, keeper }))
  const port = portOf(http)
  const metrics = createMetrics()
  let areLoopsRunning = false
  const guards = await openServerSecurity({ world, log, metrics }, securityOf(options), scope)
  const authorization = scope.use(
    await openServerAuthorization({ world, log, metrics }, options.authorization ?? defaultAuthorization),
  )
  const webhooks = scope.use(createWebhookCaller(clock))
  const api = scope.use(
    await createApiServer(
      {
        clock,
        random,
        store,
        log,
        tokenKeys,
        metrics,
        callWebhook: webhooks.call,
        frontProxy: issueCertificate(world, proxyAuthority, { commonName: 'front-proxy-client' }),
        streaming: openServerStreaming(world, authority, { scope }),
        components: loopComponents(() => areLoopsRunning),
        readTypeWords: () => readTypeWords(files),
        tokenAuthenticators: credentials.tokenAuthenticators ?? [],
        authorizers: authorization.links,
        ...guards,
      },
      apiSettings(options, { credentials, authorityPem: authority.certificate, port }),
    ),
  )
  listening.resolve(api)
  await followConfigurations(
    { world, log, metrics, serverId: options.root, scope },
    { api, security: securityOf(options), authorization, credentials },
  )
  const loops = {
    rootCertificatePem: authority.certificate,
    signingAuthority: () => authority,
    accountTokens: { sign: tokenKeys.sign, authorityPem: authority.certificate },
    tokenUse,
    simulatedNodes: options.simulatedNodes ?? 0,
    controllers: options.controllers ?? ['*'],
    ...podCidrOf(options.network),
    ...(await schedulerFrom(files, options.schedulerFile)),
    hostPaths: hostPathsUnder(files, join(options.root, 'volumes')),
    metrics,
  }
  const url = `https://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`
  scope.use(await startServerLoops(world, { api, log, url, isReplicated: options.etcd !== undefined }, loops))
  areLoopsRunning = true
  const kubeconfig = await writeKubeconfig(world, options.root, { url, authority })
  keeper.touch()
  const running = scope.move()
  return { api, url, kubeconfig, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

const securityOf = ({ security }: ServerOptions): SecurityFlags => security ?? defaultSecurity

interface Known {
  readonly credentials: ServerCredentials
  readonly authorityPem: string
  readonly port: number
}

/** The API server's settings as the options have them. */
function apiSettings(options: ServerOptions, { credentials, authorityPem, port }: Known): Partial<ApiServerConfig> {
  return {
    serviceCidrs: serviceCidrsOf(options.network),
    advertiseAddress: options.host,
    advertisePort: port,
    resumeRevisions,
    certificateAuthority: authorityPem,
    anonymous: credentials.anonymous ?? securityOf(options).anonymous,
    requestHeader: credentials.requestHeader,
  }
}

function serviceCidrsOf(network: NetworkFlags | undefined): readonly string[] {
  return network?.serviceCidrs ?? defaultApiServerConfig.serviceCidrs
}

function podCidrOf(network: NetworkFlags | undefined): Pick<ControlLoopsConfig, 'clusterCidr'> {
  return network?.podCidrs === undefined ? {} : { clusterCidr: network.podCidrs.join(',') }
}

interface Authorities {
  /** Signs what serves and who asks. */
  readonly authority: IssuedCertificate
  /** Signs what stands before other servers, and nothing else. */
  readonly proxyAuthority: IssuedCertificate
}

async function openAuthorities(world: ServerWorld, folder: string): Promise<Authorities> {
  const { files } = world
  await files.makeDirectory(folder, { recursive: true })
  return {
    authority: await keptCertificate(files, join(folder, 'authority'), () => createAuthority(world, 'gantry')),
    proxyAuthority: await keptCertificate(files, join(folder, 'front-proxy-authority'), () =>
      createAuthority(world, 'front-proxy-ca'),
    ),
  }
}

function listenerFor(
  world: ServerWorld,
  { host, port, network }: ServerOptions,
  { authority, proxyAuthorities }: { readonly authority: IssuedCertificate; readonly proxyAuthorities: string },
): ListenAddress {
  const serving = issueCertificate(world, authority, servingNames(host, serviceCidrsOf(network)))
  const clientAuthorities = [authority.certificate, proxyAuthorities]
  return { host, port, tls: { ...serving, clientAuthorities, clientCertificate: 'ask' } }
}

async function writeKubeconfig(
  world: ServerWorld,
  root: string,
  { url, authority }: { readonly url: string; readonly authority: IssuedCertificate },
): Promise<string> {
  const path = join(root, 'admin.kubeconfig')
  const admin = issueCertificate(world, authority, { commonName: 'admin', organizations: ['system:masters'] })
  const text = kubeconfigText({ url, authority: authority.certificate, user: 'admin', ...admin })
  await world.files.write(path, text, { mode: 0o600 })
  return path
}

/** The key that signs service account tokens, and word of which tokens are used. */
async function openTokens(world: ServerWorld, path: string): Promise<{ tokenKeys: TokenKeys; tokenUse: TokenUse }> {
  const tokenUse = createTokenUse()
  const { issuer } = defaultApiServerConfig
  const keys = await createTokenKeys({ clock: world.clock, issuer, ...(await keptSigningKeys(world.files, path)) })
  return { tokenKeys: { ...keys, noteSecretUse: tokenUse.note }, tokenUse }
}

/** @throws GantryError for a file that is missing or malformed. */
async function schedulerFrom(files: Files, path: string | undefined): Promise<Pick<ControlLoopsConfig, 'scheduler'>> {
  if (path === undefined) return {}
  const config = readSchedulerConfiguration(await files.readText(path))
  return { scheduler: await withExtenderFiles(config, (file) => files.readText(file)) }
}

/** Gives memory back when the server rests, where the machine's memory is at hand. */
function keepMemory({ clock, kernel }: ServerWorld): MemoryKeeper {
  return createMemoryKeeper(
    clock,
    kernel === undefined ? () => undefined : releaseOnceGrown(kernel.memory, releasePolicy),
    laterQuietMs,
  )
}

interface Listening {
  readonly listener: ListenAddress
  /** The port is known only once it is bound, and the API tells it to clients: requests wait for that moment. */
  readonly api: Promise<ApiServer>
  readonly keeper: MemoryKeeper
}

function listen({ clock, files }: ServerWorld, log: Log, { listener, api, keeper }: Listening): Promise<HttpServer> {
  return createHttpServer({
    clock,
    files,
    listeners: [listener],
    mayHijack: mayLeaveHttp,
    handler: touching(keeper, async (request, response) => (await api).handler(request, response)),
    encodeError: (error) => ({ status: 500, body: String(error) }),
    onFault: (error, where) => log.warn('a request failed', { error, where }),
  })
}

/** The components that run beside the API, all of them or none. */
function loopComponents(isHealthy: () => boolean): readonly { readonly name: string; isHealthy(): boolean }[] {
  return ['controller-manager', 'scheduler'].map((name) => ({ name, isHealthy }))
}

function portOf(http: HttpServer): number {
  const [address] = http.addresses
  return address !== undefined && 'port' in address ? address.port : 0
}

function servingNames(host: string, serviceCidrs: readonly string[]): Parameters<typeof issueCertificate>[2] {
  const service = firstAddress(serviceCidrs[0] ?? '')
  const isAddress = /^[\d.]+$|:/.test(host)
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']
  return {
    commonName: 'kube-apiserver',
    dnsNames: ['localhost', ...names, ...(isAddress ? [] : [host])],
    addresses: [...new Set(['127.0.0.1', service, ...(isAddress ? [host] : [])])],
  }
}
