/**
 * The control plane of one cluster: everything under one folder (database, certificates, keys), the API over TLS, the
 * controllers, the scheduler, and a kubeconfig for its administrator.
 */
import { join } from 'node:path'
import { type ApiServer, createApiServer } from '#cluster/apiserver/api-server.ts'
import { createTokenKeys } from '#cluster/apiserver/authentication/token-keys.ts'
import { defaultRequestHeaders } from '#cluster/apiserver/authentication/request-header.ts'
import { defaultApiServerConfig } from '#cluster/apiserver/api-server-config.ts'
import { addressRange, addressText } from '#cluster/apiserver/strategies/allocations.ts'
import { createHttpServer, type HttpServer } from '#kit/http/server.ts'
import type { Log } from '#kit/telemetry/log.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import { createAuthority, type IssuedCertificate, issueCertificate } from '#kit/tls/issue-certificate.ts'
import { createSigningKey, type SigningKeyPair } from '#kit/tls/signing-key.ts'
import type { World } from '#world/ports/world.ts'
import { startControlLoops } from './control-loops.ts'
import { hostPathsUnder } from './host-paths.ts'
import { kubeconfigText } from './kubeconfig-text.ts'
import type { EtcdFlags } from './server-flags.ts'
import { openServerStore } from './server-store.ts'

export interface ServerOptions {
  /** Holds everything that the cluster is; made when missing. */
  readonly root: string
  readonly host: string
  /** 0 chooses a free one. */
  readonly port: number
  /** Nodes that pretend to run pods; none unless told. */
  readonly simulatedNodes?: number
  /** Keeps the objects there instead of in a file under `root`. */
  readonly etcd?: EtcdFlags | undefined
}

/** A running control plane. */
export interface Server extends AsyncDisposable {
  readonly api: ApiServer
  /** `https://HOST:PORT`. */
  readonly url: string
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
}

type ServerWorld = Pick<World, 'clock' | 'random' | 'files'>

/**
 * Starts a control plane; it answers when the promise resolves.
 * @throws GantryError for a folder in use, an address that is taken, a damaged store.
 */
export async function startServer(world: ServerWorld, log: Log, options: ServerOptions): Promise<Server> {
  const { clock, random, files } = world
  await using scope = new AsyncDisposableStack()
  const certificates = join(options.root, 'certificates')
  await files.makeDirectory(certificates, { recursive: true })
  const authority = await kept(world, join(certificates, 'authority'), () => createAuthority(world, 'gantry'))
  const proxyAuthority = await kept(world, join(certificates, 'front-proxy-authority'), () =>
    createAuthority(world, 'front-proxy-ca'),
  )
  const signing = await keptKeys(world, join(certificates, 'service-accounts'))
  const store = scope.use(await openServerStore(world, { root: options.root, etcd: options.etcd }))
  const issuer = defaultApiServerConfig.issuer
  const tokenKeys = await createTokenKeys({ clock, issuer, ...signing })
  const listening = Promise.withResolvers<ApiServer>()
  const serving = issueCertificate(world, authority, servingNames(options.host))
  // The port is known only once it is bound, and the API tells it to clients: requests wait for that moment.
  const http = scope.use(
    await createHttpServer({
      clock,
      files,
      listeners: [
        {
          host: options.host,
          port: options.port,
          tls: {
            ...serving,
            clientAuthorities: [authority.certificate, proxyAuthority.certificate],
            clientCertificate: 'ask',
          },
        },
      ],
      handler: async (request, response) => (await listening.promise).handler(request, response),
      encodeError: (error) => ({ status: 500, body: String(error) }),
      onFault: (error, where) => log.warn('a request failed', { error, where }),
    }),
  )
  const port = portOf(http)
  const metrics = createMetrics()
  const api = scope.use(
    await createApiServer(
      { clock, random, store, log, tokenKeys, metrics },
      {
        advertiseAddress: options.host,
        advertisePort: port,
        certificateAuthority: authority.certificate,
        requestHeader: { ...defaultRequestHeaders, clientAuthorities: proxyAuthority.certificate },
      },
    ),
  )
  listening.resolve(api)
  const loops = {
    rootCertificatePem: authority.certificate,
    signingAuthority: () => authority,
    simulatedNodes: options.simulatedNodes ?? 0,
    hostPaths: hostPathsUnder(files, join(options.root, 'volumes')),
    metrics,
  }
  scope.use(startControlLoops(world, { api, log }, loops))
  const url = `https://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`
  const kubeconfig = join(options.root, 'admin.kubeconfig')
  const admin = issueCertificate(world, authority, {
    commonName: 'admin',
    organizations: ['system:masters'],
  })
  const text = kubeconfigText({ url, authority: authority.certificate, user: 'admin', ...admin })
  await files.write(kubeconfig, text, { mode: 0o600 })
  const running = scope.move()
  return { api, url, kubeconfig, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

function portOf(http: HttpServer): number {
  const [address] = http.addresses
  return address !== undefined && 'port' in address ? address.port : 0
}

function servingNames(host: string): Parameters<typeof issueCertificate>[2] {
  const service = addressText(addressRange(defaultApiServerConfig.serviceCidr)[0])
  const isAddress = /^[\d.]+$|:/.test(host)
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']
  return {
    commonName: 'kube-apiserver',
    dnsNames: ['localhost', ...names, ...(isAddress ? [] : [host])],
    addresses: [...new Set(['127.0.0.1', service, ...(isAddress ? [host] : [])])],
  }
}

/** A certificate from the folder, made and stored the first time. */
async function kept({ files }: ServerWorld, path: string, make: () => IssuedCertificate): Promise<IssuedCertificate> {
  if (await files.exists(`${path}.key`)) {
    const [certificate, key] = await Promise.all([files.readText(`${path}.crt`), files.readText(`${path}.key`)])
    return { certificate, key }
  }
  const made = make()
  // The key comes last: what is half-written counts as missing.
  await files.write(`${path}.crt`, made.certificate, { mode: 0o644 })
  await files.write(`${path}.key`, made.key, { mode: 0o600 })
  return made
}

async function keptKeys({ files }: ServerWorld, path: string): Promise<SigningKeyPair> {
  if (await files.exists(`${path}.key`)) {
    const [publicKey, privateKey] = await Promise.all([files.readText(`${path}.pub`), files.readText(`${path}.key`)])
    return { publicKey, privateKey }
  }
  const made = await createSigningKey()
  await files.write(`${path}.pub`, made.publicKey, { mode: 0o644 })
  await files.write(`${path}.key`, made.privateKey, { mode: 0o600 })
  return made
}
