/** Whom a server believes beside its own certificates and tokens, as its flags say: issuers, a token webhook, front proxies. */
import type { ApiServerConfig } from '#cluster/apiserver/api-server-config.ts'
import type { ApiServerDeps } from '#cluster/apiserver/api-server.ts'
import {
  type AuthenticationConfig,
  compileIssuers,
  parseAuthenticationConfig,
} from '#cluster/apiserver/authentication/authentication-config.ts'
import type { CompiledIssuer } from '#cluster/apiserver/authentication/compile-issuer.ts'
import { createJwtAuthenticator, type FetchDocument } from '#cluster/apiserver/authentication/jwt-issuer.ts'
import { defaultRequestHeaders, type RequestHeaderConfig } from '#cluster/apiserver/authentication/request-header.ts'
import { type AskWebhook, createTokenWebhook } from '#cluster/apiserver/authentication/token-webhook.ts'
import { parseGoDurationMs } from '#base/data/duration.ts'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import { createHttpClient, type HttpClient } from '#kit/http/client.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { World } from '#world/ports/world.ts'
import { noOidc, type OidcFlags, oidcHelp, oidcIssuer } from './oidc-flags.ts'
import { dirname, isAbsolute, join } from 'node:path'

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
  const config: AuthenticationConfig =
    authenticationFile === undefined
      ? { issuers: await issuerOfFlags(files, flags.oidc, issuer), anonymous: undefined }
      : parseAuthenticationConfig(await files.readText(authenticationFile), [issuer])
  const fetchDocument = documentFetcher(clock, scope)
  const jwt = config.issuers.map((one) => createJwtAuthenticator(one, { clock, log, fetchDocument }))
  const ask = tokenWebhookFile === undefined ? undefined : await openWebhook(world, tokenWebhookFile, scope)
  const settings = { version: flags.tokenWebhookVersion, keepMs: flags.tokenWebhookKeepMs, audiences: [issuer] }
  const webhook = ask === undefined ? [] : [createTokenWebhook({ clock, log, ask }, settings)]
  const others = proxyAuthorityFile === undefined ? '' : await files.readText(proxyAuthorityFile)
  const proxyAuthorities = `${ownProxyAuthority}${others}`
  return {
    tokenAuthenticators: [...jwt, ...webhook],
    proxyAuthorities,
    requestHeader: { ...flags.proxy, clientAuthorities: proxyAuthorities },
    anonymous: config.anonymous,
  }
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

/** A webhook that a kubeconfig points to: its server's URL is the webhook itself. */
async function openWebhook(
  { clock, files }: Parts['world'],
  path: string,
  scope: AsyncDisposableStack,
): Promise<AskWebhook> {
  const readFile = (name: string): Promise<string> =>
    files.readText(isAbsolute(name) ? name : join(dirname(path), name))
  const connection = await readKubeconfig(await files.readText(path), { readFile })
  const { url, authority, serverName, certificate, key, token } = connection
  const tls = {
    ...(authority === undefined ? {} : { authorities: authority }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
  }
  const client = scope.use(createHttpClient({ clock, tls }))
  const headers = { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  return async (review) => {
    const reply = await client.request({ method: 'POST', url, headers, json: review, headersTimeoutMs: answerMs })
    return { status: reply.status, body: await reply.text(documentBytesMax) }
  }
}
