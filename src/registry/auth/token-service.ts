/**
 * Bearer tokens (Docker token authentication specification, with OAuth2 POST): the service that issues them from
 * names and passwords under access rules, and the check that the API makes of them. JWT, ES256.
 */
import { CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose'
import type { CryptoKey, JWK } from 'jose'
import { asRecord } from '#spec/oci/strict-json.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import { RegistryError } from '../errors.ts'
import type { PasswordFile } from './htpasswd.ts'
import { defaultRules, formatScopes, isAllowed, parseScope } from './principal.ts'
import type { AccessRule, AccessScope, AuthenticationRequest, Authenticator, Principal } from './principal.ts'

export interface TokenOptions {
  /** Who the tokens are for; the name of this registry. */
  readonly service: string
  readonly issuer: string
  readonly rules?: readonly AccessRule[]
  /** Where clients get tokens; default `/token` at the address they used. */
  readonly realm?: string
  readonly lifetimeMs?: number
  /** Life of identity tokens (`docker login`). */
  readonly refreshLifetimeMs?: number
}

export interface TokenDeps {
  readonly clock: Clock
  readonly random: Random
  readonly passwords: PasswordFile
  readonly key: TokenKey
}

/** What a client asks the token service for. */
export interface TokenRequest {
  readonly account?: string
  readonly password?: string
  readonly refreshToken?: string
  readonly scopes: readonly string[]
  readonly service: string | undefined
  /** Also a token to get further ones with. */
  readonly offline: boolean
}

export interface TokenService extends Authenticator {
  /** The reply's body. Throws UNAUTHORIZED for wrong credentials. */
  issue(request: TokenRequest): Promise<object>
}

const lifetimeMsDefault = 300_000
const refreshLifetimeMsDefault = 90 * 24 * 3_600_000
const leewaySeconds = 60
const scopesMax = 32

export interface TokenKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly id: string
}

/** The signing key at a path, made at first use; tokens stay good across restarts. */
export async function openTokenKey(
  deps: { readonly files: Files; readonly random: Random },
  path: string,
): Promise<TokenKey> {
  if (!(await deps.files.exists(path))) {
    const pair = await generateKeyPair('ES256', { extractable: true })
    const jwk = { ...(await exportJWK(pair.privateKey)), kid: randomHex(deps.random, 8), alg: 'ES256' }
    await deps.files.replace(path, JSON.stringify(jwk), { mode: 0o600, durable: true })
  }
  const jwk = JSON.parse(await deps.files.readText(path, { maxBytes: 65_536 })) as JWK
  const { d: _secret, ...open } = jwk
  const [privateKey, publicKey] = await Promise.all([importJWK(jwk, 'ES256'), importJWK(open, 'ES256')])
  return { privateKey: privateKey as CryptoKey, publicKey: publicKey as CryptoKey, id: jwk.kid ?? '' }
}

interface Claims {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly use: 'access' | 'refresh'
  readonly access: readonly AccessScope[]
}

export function createTokenService(deps: TokenDeps, options: TokenOptions): TokenService {
  const { clock, random, key } = deps
  const rules = options.rules ?? defaultRules
  const lifetimeMs = options.lifetimeMs ?? lifetimeMsDefault
  const sign = (claims: Pick<Claims, 'sub' | 'use' | 'access'>, lifeMs: number): Promise<string> => {
    const nowSeconds = Math.floor(clock.now() / 1000)
    const payload = {
      iss: options.issuer,
      aud: options.service,
      ...claims,
      jti: randomHex(random, 12),
      iat: nowSeconds,
      nbf: nowSeconds - 10,
      exp: nowSeconds + Math.floor(lifeMs / 1000),
    }
    return new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: key.id })
      .sign(key.privateKey)
  }
  const verify = (token: string, use: Claims['use']): Promise<Claims | undefined> =>
    verifyToken(deps, options, { token, use })
  const accountOf = async (request: TokenRequest): Promise<string> => {
    if (request.refreshToken !== undefined) {
      const claims = await verify(request.refreshToken, 'refresh')
      if (claims === undefined) throw new RegistryError('UNAUTHORIZED', { message: 'invalid refresh token' })
      return claims.sub
    }
    if (request.account === undefined) return ''
    if (await deps.passwords.verify(request.account, request.password ?? '')) return request.account
    throw new RegistryError('UNAUTHORIZED', { message: 'incorrect username or password' })
  }
  return {
    async issue(request) {
      const account = await accountOf(request)
      const wanted = request.scopes
        .flatMap((text) => text.split(' '))
        .slice(0, scopesMax)
        .flatMap((text) => parseScope(text) ?? [])
      const access = wanted.map((scope) => grant(rules, account, scope)).filter((scope) => scope.actions.length > 0)
      const token = await sign({ sub: account, use: 'access', access }, lifetimeMs)
      const refresh =
        request.offline && account !== ''
          ? await sign(
              { sub: account, use: 'refresh', access: [] },
              options.refreshLifetimeMs ?? refreshLifetimeMsDefault,
            )
          : undefined
      return {
        token,
        access_token: token,
        expires_in: Math.floor(lifetimeMs / 1000),
        scope: formatScopes(access),
        token_type: 'Bearer',
        ...(refresh === undefined ? {} : { refresh_token: refresh }),
      }
    },
    authenticate: (request) => authenticate(verify, options, request),
  }
}

type Verify = (token: string, use: Claims['use']) => Promise<Claims | undefined>

async function authenticate(
  verify: Verify,
  options: TokenOptions,
  { authorization, scopes, baseUrl }: AuthenticationRequest,
): Promise<Principal> {
  const [, token] = /^bearer +([A-Za-z0-9._-]{1,16384})$/i.exec(authorization ?? '') ?? []
  const claims = token === undefined ? undefined : await verify(token, 'access')
  const may: Principal['may'] = (type, name, action) =>
    claims?.access.some(
      (scope) =>
        scope.type === type && scope.name === name && (scope.actions.includes(action) || scope.actions.includes('*')),
    ) ?? false
  const isEnough = scopes.every((scope) => scope.actions.every((action) => may(scope.type, scope.name, action)))
  if (claims !== undefined && isEnough) return { account: claims.sub, may }
  const problem = token === undefined ? undefined : claims === undefined ? 'invalid_token' : 'insufficient_scope'
  throw new RegistryError('UNAUTHORIZED', {
    detail: scopes,
    headers: { 'www-authenticate': challenge({ options, baseUrl, scopes, problem }) },
  })
}

function challenge({
  options,
  baseUrl,
  scopes,
  problem,
}: {
  readonly options: TokenOptions
  readonly baseUrl: string
  readonly scopes: readonly AccessScope[]
  readonly problem: string | undefined
}): string {
  const parts = [`realm="${options.realm ?? `${baseUrl}/token`}"`, `service="${options.service}"`]
  if (scopes.length > 0) parts.push(`scope="${formatScopes(scopes)}"`)
  if (problem !== undefined) parts.push(`error="${problem}"`)
  return `Bearer ${parts.join(',')}`
}

function grant(rules: readonly AccessRule[], account: string, scope: AccessScope): AccessScope {
  const actions =
    scope.type === 'repository' && scope.actions.includes('*') ? ['pull', 'push', 'delete'] : scope.actions
  return {
    ...scope,
    actions: [...new Set(actions)].filter((action) =>
      isAllowed(rules, account, { type: scope.type, name: scope.name, action }),
    ),
  }
}

async function verifyToken(
  deps: TokenDeps,
  options: TokenOptions,
  { token, use }: { readonly token: string; readonly use: Claims['use'] },
): Promise<Claims | undefined> {
  let payload: Uint8Array
  try {
    payload = (await compactVerify(token, deps.key.publicKey, { algorithms: ['ES256'] })).payload
  } catch {
    // Whatever is wrong with it, the client needs a new one.
    return undefined
  }
  const claims = asRecord(JSON.parse(Buffer.from(payload).toString('utf8')))
  const nowSeconds = deps.clock.now() / 1000
  if (
    claims === undefined ||
    claims['iss'] !== options.issuer ||
    claims['aud'] !== options.service ||
    claims['use'] !== use
  )
    return undefined
  if (typeof claims['exp'] !== 'number' || claims['exp'] + leewaySeconds < nowSeconds) return undefined
  if (typeof claims['nbf'] !== 'number' || claims['nbf'] - leewaySeconds > nowSeconds) return undefined
  return claims as unknown as Claims
}
