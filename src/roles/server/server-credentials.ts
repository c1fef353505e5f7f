/** Whom a server believes beside its own certificates and tokens, as its flags say: issuers, a token webhook, front proxies. */
import type { ApiServerConfig } from '#cluster/apiserver/api-server-config.ts'
import type { ApiServerDeps } from '#cluster/apiserver/api-server.ts'
import {
  type AuthenticationConfig,
  compileIssuers,
  parseAuthenticationConfig,
} from '#cluster/apiserver/authentication/authentication-config.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { CompiledIssuer } from '#cluster/apiserver/authentication/compile-issuer.ts'
import { IssuerSet } from '#cluster/apiserver/authentication/issuer-set.ts'
import { createJwtAuthenticator, type FetchDocument } from '#cluster/apiserver/authentication/jwt-issuer.ts'
import { defaultRequestHeaders, type RequestHeaderConfig } from '#cluster/apiserver/authentication/request-header.ts'
import { createTokenWebhook } from '#cluster/apiserver/authentication/token-webhook.ts'
import { parseGoDurationMs } from '#base/data/duration.ts'
import { createHttpClient, type HttpClient } from '#kit/http/client.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { World } from '#world/ports/world.ts'
import { openKubeconfigWebhook } from './kubeconfig-webhook.ts'
import { noOidc, type OidcFlags, oidcHelp, oidcIssuer } from './oidc-flags.ts'

type Lists = Omit<RequestHeaderConfig, 'clientAuthorities'>

/** Paths are absolute. */
export interface CredentialFlags {
  readonly authenticationFile: string | undefined
  readonly oidc: OidcFlags
  readonly tokenWebhookFile: string | undefined
  readonly tokenWebhookVersion: 'v1' | 'v1beta1'
  readonly tokenWebhookKeepMs: number
  /** Authorities of front proxies beside the server's own. */
  readonly proxyAuthorityFile: string | undefined
  readonly proxy: Lists
}

export const defaultCredentials: CredentialFlags = {
  authenticationFile: undefined,
  oidc: noOidc,
  tokenWebhookFile: undefined,
  tokenWebhookVersion: 'v1beta1',
  tokenWebhookKeepMs: 120_000,
  proxyAuthorityFile: undefined,
  proxy: defaultRequestHeaders,
}

export const credentialsHelp: string = `      --authentication-config FILE
                            Issuers of tokens and paths for nobody (AuthenticationConfiguration, apiserver.config.k8s.io/v1)
${oidcHelp}      --authentication-token-webhook-config-file FILE
                            Ask the server of this kubeconfig about tokens that nobody else knows
      --authentication-token-webhook-version V      v1 or v1beta1 (default v1beta1)
      --authentication-token-webhook-cache-ttl T    Remember its answers (default 2m)
      --requestheader-client-ca-file FILE           Believe front proxies with certificates of these authorities too
      --requestheader-allowed-names NAMES           Common names of front proxies (default front-proxy-client; '' any)
      --requestheader-username-headers, --requestheader-uid-headers, --requestheader-group-headers,
      --requestheader-extra-headers-prefix NAMES    Where they say who asks
`

const listOf = (value: string): readonly string[] =>
  value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

type Read = (value: string, so: CredentialFlags, absolute: (path: string) => string) => CredentialFlags | undefined

const proxyList =
  (member: keyof Lists): Read =>
  (value, so) => ({ ...so, proxy: { ...so.proxy, [member]: listOf(value) } })

/** What each flag's value changes; undefined for a value that it cannot have. */
export const credentialReaders: Readonly<Record<string, Read>> = {
  '--authentication-config': (value, so, absolute) => ({ ...so, authenticationFile: absolute(value) }),
  '--authentication-token-webhook-config-file': (value, so, absolute) => ({ ...so, tokenWebhookFile: absolute(value) }),
  '--authentication-token-webhook-version': (value, so) =>
    value === 'v1' || value === 'v1beta1' ? { ...so, tokenWebhookVersion: value } : undefined,
  '--authentication-token-webhook-cache-ttl': (value, so) => {
    const keepMs = durationMs(value)
    return keepMs === undefined || keepMs < 0 ? undefined : { ...so, tokenWebhookKeepMs: keepMs }
  },
  '--requestheader-client-ca-file': (value, so, absolute) => ({ ...so, proxyAuthorityFile: absolute(value) }),
  '--requestheader-allowed-names': proxyList('allowedNames'),
  '--requestheader-username-headers': proxyList('usernameHeaders'),
  '--requestheader-uid-headers': proxyList('uidHeaders'),
  '--requestheader-group-headers': proxyList('groupHeaders'),
  '--requestheader-extra-headers-prefix': proxyList('extraHeaderPrefixes'),
}

function durationMs(value: string): number | undefined {
  try {
    return parseGoDurationMs(value)
  } catch {
    return undefined
  }
}

/** What the API server takes of it. */
export interface ServerCredentials extends Pick<ApiServerDeps, 'tokenAuthenticators'> {
  /** PEM of all authorities of front proxies, the server's own first. */
  readonly proxyAuthorities: string
  readonly requestHeader: RequestHeaderConfig
  /** Where nobody may ask, where a file says so. */
  readonly anonymous: ApiServerConfig['anonymous'] | undefined
  /** The file that names issuers, what it said, and how another text of it is taken over; undefined without one. */
  readonly issuers: Followable | undefined
}

interface Followable {
  readonly path: string
  readonly text: string
  /** @throws GantryError for a text that is malformed, or says another thing of anonymous requests. */
  readonly takeOver: (text: string) => void
}

interface Parts {
  readonly world: Pick<World, 'clock' | 'files'>
  readonly log: Log
  /** PEM of the server's own authority of front proxies. */
  readonly ownProxyAuthority: string
  /** Issuer of the server's own tokens. */
  readonly issuer: string
}

/** Opens what the flags name; clients are added to `scope`. @throws for files that are missing or malformed. */
export async function openServerCredentials(
  { world, log, ownProxyAuthority, issuer }: Parts,
  flags: CredentialFlags,
  scope: AsyncDisposableStack,
): Promise<ServerCredentials> {
  const { clock, files } = world
  const { authenticationFile, tokenWebhookFile, proxyAuthorityFile } = flags
  const text = authenticationFile === undefined ? undefined : await files.readText(authenticationFile)
  const config: AuthenticationConfig =
    text === undefined
      ? { issuers: await issuerOfFlags(files, flags.oidc, issuer), anonymous: undefined }
      : parseAuthenticationConfig(text, [issuer])
  const fetchDocument = documentFetcher(clock, scope)
  const jwt = new IssuerSet((one) => createJwtAuthenticator(one, { clock, log, fetchDocument }), config.issuers)
  const takeOver = (next: string): void => {
    const { issuers, anonymous } = parseAuthenticationConfig(next, [issuer])
    if (JSON.stringify(anonymous) !== JSON.stringify(config.anonymous)) throw anonymousChanged()
    jwt.use(issuers)
  }
  const ask =
    tokenWebhookFile === undefined
      ? undefined
      : await openKubeconfigWebhook(world, { path: tokenWebhookFile, timeoutMs: answerMs }, scope)
  const settings = { version: flags.tokenWebhookVersion, keepMs: flags.tokenWebhookKeepMs, audiences: [issuer] }
  const webhook = ask === undefined ? [] : [createTokenWebhook({ clock, log, ask }, settings)]
  const others = proxyAuthorityFile === undefined ? '' : await files.readText(proxyAuthorityFile)
  const proxyAuthorities = `${ownProxyAuthority}${others}`
  return {
    tokenAuthenticators: [jwt, ...webhook],
    proxyAuthorities,
    requestHeader: { ...flags.proxy, clientAuthorities: proxyAuthorities },
    anonymous: config.anonymous,
    issuers:
      authenticationFile === undefined || text === undefined ? undefined : { path: authenticationFile, text, takeOver },
  }
}

function anonymousChanged(): GantryError {
  const message = 'invalid authentication configuration: anonymous: Forbidden: changed from initial configuration file'
  return new GantryError('APISERVER_AUTHENTICATION_CONFIG', 'invalid', message, {
    remedy: 'Start the server anew to change where nobody may ask.',
  })
}

async function issuerOfFlags(files: World['files'], oidc: OidcFlags, own: string): Promise<readonly CompiledIssuer[]> {
  const authorities = oidc.authorityFile === undefined ? '' : await files.readText(oidc.authorityFile)
  const issuer = oidcIssuer(oidc, authorities)
  return issuer === undefined ? [] : compileIssuers([issuer], [own])
}

const documentBytesMax = 1024 * 1024
const answerMs = 10_000

/** Fetches documents of issuers, with a client for each authority. */
function documentFetcher(clock: Clock, scope: AsyncDisposableStack): FetchDocument {
  const clients = new Map<string, HttpClient>()
  scope.defer(() => {
    for (const client of clients.values()) client.close()
  })
  return async (url, authorities) => {
    let client = clients.get(authorities)
    if (client === undefined) {
      client = createHttpClient({ clock, tls: authorities === '' ? {} : { authorities } })
      clients.set(authorities, client)
    }
    const headers = { accept: 'application/json' }
    const reply = await client.request({ url, headers, headersTimeoutMs: answerMs, idleTimeoutMs: answerMs })
    if (reply.status === 200) return reply.json(documentBytesMax)
    await reply.discard()
    throw new Error(`${url} answered ${reply.status}`)
  }
}
