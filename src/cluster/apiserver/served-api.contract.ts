/** An API server on a TLS port of this machine, with authorities and callers, for tests of what only a wire shows. */
import { createHttpClient, type ClientRequestOptions, type HttpClient } from '#kit/http/client.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import type { HttpLimits } from '#kit/http/limits.ts'
import { createHttpServer } from '#kit/http/server.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import {
  createAuthority,
  type CertificateRequest,
  type IssuedCertificate,
  issueCertificate,
} from '#kit/tls/issue-certificate.ts'
import { createSigningKey } from '#kit/tls/signing-key.ts'
import type { Clock } from '#world/ports/clock.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { type ApiServer, type ApiServerDeps, createApiServer } from './api-server.ts'
import { type ApiServerConfig, defaultApiServerConfig } from './api-server-config.ts'
import { defaultRequestHeaders } from './authentication/request-header.ts'
import { createTokenKeys } from './authentication/token-keys.ts'
import type { User } from './user.ts'
import { mayLeaveHttp } from './may-leave-http.ts'

export interface ServedApi extends AsyncDisposable {
  readonly api: ApiServer
  readonly admin: KubeClient
  readonly url: string
  readonly port: number
  /** Signs users, proxies and servers. */
  readonly authorities: Readonly<Record<'users' | 'proxies', IssuedCertificate>>
  /** A client with a certificate of an authority; without `who` it has none. */
  clientAs(by?: 'users' | 'proxies', who?: CertificateRequest): HttpClient
  /** One request with a token or without credentials. */
  call(path: string, options?: Omit<ClientRequestOptions, 'path'> & { readonly token?: string }): Promise<HttpReply>
}

export interface ServedApiOptions {
  readonly deps?: Partial<ApiServerDeps>
  readonly config?: Partial<ApiServerConfig>
  readonly limits?: Partial<HttpLimits>
  /** What the HTTP server measures its limits with. */
  readonly httpClock?: Clock
}

const parts = { clock: createClock(), random: createRandom() }

/** Starts the server. `admin-token` is the administrator's, `user-token` that of a user without rights. */
export async function serveApi({ deps, config, limits, httpClock }: ServedApiOptions = {}): Promise<ServedApi> {
  await using scope = new AsyncDisposableStack()
  const { clock, random } = parts
  const authorities = { users: createAuthority(parts, 'users'), proxies: createAuthority(parts, 'proxies') }
  const tokenKeys = await createTokenKeys({
    clock,
    issuer: defaultApiServerConfig.issuer,
    ...(await createSigningKey()),
  })
  const staticTokens = new Map<string, User>([
    ['admin-token', { name: 'admin', groups: ['system:masters'] }],
    ['user-token', { name: 'user', groups: [] }],
  ])
  const store = scope.use(createMemoryStore({ clock }))
  const api = scope.use(
    await createApiServer(
      { clock, random, store, log: silentLog, staticTokens, tokenKeys, ...deps },
      {
        certificateAuthority: authorities.users.certificate,
        requestHeader: { ...defaultRequestHeaders, clientAuthorities: authorities.proxies.certificate },
        ...config,
      },
    ),
  )
  const clientAuthorities = [authorities.users.certificate, authorities.proxies.certificate]
  const serving = issueCertificate(parts, authorities.users, { commonName: 'server', addresses: ['127.0.0.1'] })
  const server = scope.use(
    await createHttpServer({
      clock: httpClock ?? clock,
      listeners: [{ host: '127.0.0.1', port: 0, tls: { ...serving, clientAuthorities, clientCertificate: 'ask' } }],
      handler: api.handler,
      encodeError: api.encodeError,
      mayHijack: mayLeaveHttp,
      ...(limits === undefined ? {} : { limits }),
    }),
  )
  const [address] = server.addresses
  const port = address !== undefined && 'port' in address ? address.port : 0
  const url = `https://127.0.0.1:${port}`
  const trust = { authorities: authorities.users.certificate }
  const plain = scope.use(createHttpClient({ clock, target: { url }, tls: trust }))
  const owned = scope.move()
  return {
    api,
    admin: api.clientFor({ name: 'admin', groups: ['system:masters'] }),
    url,
    port,
    authorities,
    clientAs: (by = 'users', who) => {
      const own = who === undefined ? {} : issueCertificate(parts, authorities[by], who)
      return owned.use(createHttpClient({ clock, target: { url }, tls: { ...trust, ...own } }))
    },
    call: (path, { token, ...options } = {}) =>
      plain.request({
        ...options,
        path,
        headers: { ...options.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
