/** One endpoint of a registry: requests with the right credentials, redirects that keep them at home, retries. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { retry } from '#base/async/retry.ts'
import type { RetryPolicy } from '#base/async/retry.ts'
import type { LruCache } from '#base/data/lru-cache.ts'
import type { ClientBody, HttpClient } from '#kit/http/client.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import { redirectOf } from '#kit/http/redirect.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { basicHeader, fetchToken } from './fetch-token.ts'
import type { GrantedToken } from './fetch-token.ts'
import { parseChallenges } from './parse-challenge.ts'
import type { Challenge } from './parse-challenge.ts'
import { isTransientFailure, requestName, wordRefusal, wordRequestFailure } from './word-errors.ts'
import type { Endpoint } from './plan-endpoints.ts'

export interface ConnectionDeps {
  readonly clock: Clock
  readonly random: Random
  /** The client that trusts what this endpoint's host is trusted with. */
  readonly own: HttpClient
  /** The client for every other host; only system trust. */
  readonly other: HttpClient
  readonly endpoint: Endpoint
  readonly credentials: RegistryAuth
  readonly retryPolicy?: RetryPolicy
  /** Tokens by scope, shared by the connections of one client. */
  readonly tokens: LruCache<string, CachedToken>
}

export interface CachedToken {
  readonly token: string
  readonly untilMs: number
}

export interface ConnectionRequest {
  readonly method: string
  /** Below the endpoint (`/v2/…`), or an absolute URL that the registry gave. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: ClientBody
  /** `repository:name:pull`. */
  readonly scopes: readonly string[]
  readonly signal?: AbortSignal
  /** Longest silence in the answer's body. */
  readonly idleTimeoutMs?: number
}

export interface Connection {
  readonly baseUrl: string
  readonly isMirror: boolean
  /**
   * An answer below 400. Challenges are met once; 5xx, 429 and lost connections are tried again when the body allows it.
   * @throws GantryError in dockerd's words.
   */
  request(request: ConnectionRequest): Promise<HttpReply>
  /** Asks `/v2/` once, without retries, and keeps the challenge. Throws when this is no registry. */
  ping(signal?: AbortSignal): Promise<void>
  /** Like ping, but proves the credentials; an identity token when the registry gives one. */
  login(signal?: AbortSignal): Promise<{ readonly identityToken: string }>
}

const redirectsMax = 10
const errorBodyBytesMax = 64 * 1024
const bodyIdleMs = 30_000
const headersTimeoutMs = 60_000
const defaultPolicy: RetryPolicy = {
  attemptsMax: 5,
  firstDelayMs: 300,
  factor: 2,
  delayMaxMs: 10_000,
  jitter: 0.3,
  budgetMs: 60_000,
}

/** What one connection has learnt. */
interface State {
  challenges: readonly Challenge[]
}

export function createConnection(deps: ConnectionDeps): Connection {
  const state: State = { challenges: [] }
  return {
    baseUrl: deps.endpoint.baseUrl,
    isMirror: deps.endpoint.isMirror,
    request: (request) =>
      retry({ clock: deps.clock, random: deps.random }, () => attempt(deps, state, request), {
        policy: deps.retryPolicy ?? defaultPolicy,
        isRetryable: (error) => isTransientFailure(error) && canRepeat(request.body),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      }),
    async ping(signal) {
      const reply = await ping(deps, state, signal)
      await reply.discard()
      if (reply.status === 200 || reply.status === 401) return
      throw wordRefusal(reply.status, reply.reason, { body: '', challenge: undefined })
    },
    login: (signal) => provideLogin(deps, state, signal),
  }
}

/** The Authorization header for scopes, as the registry asked for it; undefined when it asked for none. */
async function authorize(
  deps: ConnectionDeps,
  state: State,
  request: Pick<ConnectionRequest, 'scopes' | 'signal'>,
): Promise<string | undefined> {
  const { username, password, registrytoken } = deps.credentials
  if (registrytoken !== undefined && registrytoken !== '') return `Bearer ${registrytoken}`
  const bearer = state.challenges.find(({ scheme }) => scheme === 'bearer')
  if (bearer !== undefined)
    return `Bearer ${await cachedToken(deps, { challenge: bearer, scopes: request.scopes, signal: request.signal })}`
  if (!state.challenges.some(({ scheme }) => scheme === 'basic')) return undefined
  if (username !== undefined && username !== '' && password !== undefined) return basicHeader(username, password)
  // Not `unauthorized`: dockerd answers 500 here, and the stock CLI asks for a login in the middle of a script at 401.
  throw new GantryError('REGISTRY_NO_CREDENTIALS', 'internal', 'no basic auth credentials', {
    remedy: 'Log in to the registry.',
  })
}

function urlOf({ endpoint }: ConnectionDeps, path: string): string {
  return path.startsWith('/v2/') ? `${endpoint.baseUrl}${path}` : new URL(path, `${endpoint.baseUrl}/`).href
}

/** One exchange, redirects followed. Credentials stay with the endpoint's own origin. */
async function send(
  deps: ConnectionDeps,
  request: ConnectionRequest,
  authorized: string | undefined,
): Promise<HttpReply> {
  const base = new URL(deps.endpoint.baseUrl)
  let hop = {
    method: request.method,
    url: urlOf(deps, request.path),
    headers: { ...request.headers } as OutgoingHeaders,
    body: request.body,
  }
  if (authorized !== undefined && new URL(hop.url).origin === base.origin) hop.headers['authorization'] = authorized
  for (let hops = 0; ; hops += 1) {
    const client = new URL(hop.url).host === base.host ? deps.own : deps.other
    const reply = await client.request({
      method: hop.method,
      url: hop.url,
      headers: hop.headers,
      headersTimeoutMs,
      idleTimeoutMs: request.idleTimeoutMs ?? bodyIdleMs,
      ...(hop.body === undefined ? {} : { body: hop.body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    const next = redirectOf(hop, { status: reply.status, location: reply.header('location') })
    if (next === undefined) return reply
    await reply.discard()
    if (hops >= redirectsMax)
      throw new GantryError('REGISTRY_REDIRECTS', 'invalid', `stopped after ${redirectsMax} redirects`, {
        remedy: 'Report it to the operator of the registry.',
      })
    hop = {
      method: next.method,
      url: next.url,
      headers: next.headers as OutgoingHeaders,
      body: next.keepsBody ? hop.body : undefined,
    }
  }
}

type OutgoingHeaders = Record<string, string>

/** What a failed exchange is called: our own refusals keep their words, lost connections get Go's. */
function wordFailure(deps: ConnectionDeps, request: ConnectionRequest, error: unknown): unknown {
  request.signal?.throwIfAborted()
  const url = urlOf(deps, request.path)
  if (!(error instanceof GantryError) || !error.code.startsWith('REGISTRY_'))
    return wordRequestFailure(request.method, url, error)
  return error.code === 'REGISTRY_NO_CREDENTIALS' ? named(error, requestName(request.method, url)) : error
}

async function exchange(deps: ConnectionDeps, state: State, request: ConnectionRequest): Promise<HttpReply> {
  try {
    return await send(deps, request, await authorize(deps, state, request))
  } catch (error) {
    throw wordFailure(deps, request, error)
  }
}

async function attempt(deps: ConnectionDeps, state: State, request: ConnectionRequest): Promise<HttpReply> {
  let reply = await exchange(deps, state, request)
  const fresh = reply.status === 401 && canRepeat(request.body) ? parseChallenges(reply.header('www-authenticate')) : []
  if (fresh.length > 0 && shouldMeet(fresh, state.challenges)) {
    state.challenges = fresh
    forgetToken(deps, request.scopes)
    await reply.discard()
    reply = await exchange(deps, state, request)
  }
  if (reply.status < 400) return reply
  throw await refusalOf(reply)
}

/** Asks `/v2/` without credentials and keeps the challenge. */
async function ping(deps: ConnectionDeps, state: State, signal: AbortSignal | undefined): Promise<HttpReply> {
  const request: ConnectionRequest = {
    method: 'GET',
    path: '/v2/',
    scopes: [],
    ...(signal === undefined ? {} : { signal }),
  }
  const reply = await send(deps, request, undefined).catch((error: unknown) => {
    throw wordFailure(deps, request, error)
  })
  state.challenges = reply.status === 401 ? parseChallenges(reply.header('www-authenticate')) : []
  return reply
}

async function provideLogin(
  deps: ConnectionDeps,
  state: State,
  signal: AbortSignal | undefined,
): Promise<{ readonly identityToken: string }> {
  const request: ConnectionRequest = {
    method: 'GET',
    path: '/v2/',
    scopes: [],
    ...(signal === undefined ? {} : { signal }),
  }
  const url = urlOf(deps, request.path)
  const first = await ping(deps, state, signal)
  await first.discard()
  const bearer = state.challenges.find(({ scheme }) => scheme === 'bearer')
  const { username, password } = deps.credentials
  const granted =
    bearer === undefined
      ? undefined
      : await grantToken(deps, { challenge: bearer, scopes: [], offline: true, signal }).catch((error: unknown) => {
          throw error instanceof GantryError ? named(error, requestName('GET', url)) : error
        })
  const basic = username === undefined ? undefined : basicHeader(username, password ?? '')
  const reply = await send(deps, request, granted === undefined ? basic : `Bearer ${granted.token}`)
  await reply.discard()
  if (reply.status === 200) return { identityToken: granted?.identityToken ?? '' }
  throw new GantryError(
    'REGISTRY_LOGIN',
    reply.status === 401 ? 'unauthorized' : 'unavailable',
    `login attempt to ${url} failed with status: ${reply.status} ${reply.reason}`,
    { remedy: 'Check name and password.' },
  )
}

interface TokenNeed {
  readonly challenge: Challenge
  readonly scopes: readonly string[]
  readonly signal: AbortSignal | undefined
  readonly offline?: boolean
}

function grantToken(deps: ConnectionDeps, need: TokenNeed): Promise<GrantedToken> {
  const ownHost = new URL(deps.endpoint.baseUrl).host
  return fetchToken(
    (request) =>
      (new URL(request.url).host === ownHost ? deps.own : deps.other).request({
        ...request,
        headersTimeoutMs,
        idleTimeoutMs: bodyIdleMs,
      }),
    {
      challenge: need.challenge,
      credentials: deps.credentials,
      scopes: need.scopes,
      offline: need.offline ?? false,
      signal: need.signal,
    },
  )
}

function tokenKey({ endpoint, credentials }: ConnectionDeps, scopes: readonly string[]): string {
  return JSON.stringify([
    endpoint.baseUrl,
    credentials.username,
    credentials.password,
    credentials.identitytoken,
    scopes,
  ])
}

async function cachedToken(deps: ConnectionDeps, need: TokenNeed): Promise<string> {
  const key = tokenKey(deps, need.scopes)
  const known = deps.tokens.get(key)
  if (known !== undefined && known.untilMs > deps.clock.monotonicMs()) return known.token
  const granted = await grantToken(deps, need)
  // A little early, so that it does not expire on the way.
  deps.tokens.set(key, { token: granted.token, untilMs: deps.clock.monotonicMs() + granted.expiresInMs * 0.9 })
  return granted.token
}

function forgetToken(deps: ConnectionDeps, scopes: readonly string[]): void {
  deps.tokens.delete(tokenKey(deps, scopes))
}

/** A challenge is met when it is the first, or says that the token is at fault; anything else was refused for good. */
function shouldMeet(fresh: readonly Challenge[], known: readonly Challenge[]): boolean {
  if (known.length === 0) return true
  const bearer = fresh.find(({ scheme }) => scheme === 'bearer')
  return bearer !== undefined && bearer.parameters['error'] !== 'insufficient_scope'
}

function canRepeat(body: ClientBody | undefined): boolean {
  return body === undefined || typeof body === 'string' || typeof body === 'function' || body instanceof Uint8Array
}

async function refusalOf(reply: HttpReply): Promise<GantryError> {
  const body = await reply.text(errorBodyBytesMax).catch(() => '')
  return wordRefusal(reply.status, reply.reason, { body, challenge: reply.header('www-authenticate') })
}

function named(error: GantryError, name: string): GantryError {
  return new GantryError(error.code, error.kind, `${name}: ${error.message}`, {
    cause: error,
    details: error.details,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  })
}
