/** Getting bearer tokens: GET with Basic (Docker token specification) and POST (OAuth2) where there is an identity token. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { asRecord } from '#spec/oci/strict-json.ts'
import type { Challenge } from './parse-challenge.ts'
import { requestName, wordRefusal, wordRequestFailure } from './word-errors.ts'

export interface TokenWish {
  readonly challenge: Challenge
  readonly credentials: RegistryAuth
  readonly scopes: readonly string[]
  /** Also ask for an identity token (login). */
  readonly offline: boolean
  readonly signal: AbortSignal | undefined
}

export interface GrantedToken {
  readonly token: string
  readonly expiresInMs: number
  readonly identityToken?: string
}

/** Sends a request outside the registry's own connection. */
export type SendElsewhere = (request: {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
}) => Promise<HttpReply>

const replyBytesMax = 1 << 20
const lifetimeMsDefault = 60_000
const clientId = 'docker'

/**
 * Asks the realm of a challenge for a token.
 * @throws GantryError in dockerd's words when the realm refuses or is no usable address.
 */
export async function fetchToken(send: SendElsewhere, wish: TokenWish): Promise<GrantedToken> {
  const realm = wish.challenge.parameters['realm'] ?? ''
  if (!URL.canParse(realm) || !/^https?:$/.test(new URL(realm).protocol)) {
    throw new GantryError(
      'REGISTRY_CHALLENGE',
      'invalid',
      `invalid realm in the registry's challenge: ${JSON.stringify(realm)}`,
      { remedy: 'Report it to the operator of the registry.' },
    )
  }
  const { identitytoken } = wish.credentials
  if (identitytoken !== undefined && identitytoken !== '') {
    const granted = await byRefreshToken(send, wish, { realm, refreshToken: identitytoken })
    if (granted !== undefined) return granted
  }
  return byBasic(send, wish, realm)
}

async function byRefreshToken(
  send: SendElsewhere,
  wish: TokenWish,
  { realm, refreshToken }: { readonly realm: string; readonly refreshToken: string },
): Promise<GrantedToken | undefined> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    service: wish.challenge.parameters['service'] ?? '',
    client_id: clientId,
    scope: wish.scopes.join(' '),
  })
  const reply = await ask(send, wish, {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
  // An older token server knows GET only.
  if (reply.status === 404 || reply.status === 405) {
    await reply.discard()
    return undefined
  }
  return readGrant(reply, 'POST', realm)
}

async function byBasic(send: SendElsewhere, wish: TokenWish, realm: string): Promise<GrantedToken> {
  const url = new URL(realm)
  const service = wish.challenge.parameters['service']
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of wish.scopes) url.searchParams.append('scope', scope)
  const { username, password } = wish.credentials
  const isNamed = username !== undefined && username !== '' && password !== undefined
  if (isNamed) url.searchParams.set('account', username)
  if (wish.offline && isNamed) {
    url.searchParams.set('offline_token', 'true')
    url.searchParams.set('client_id', clientId)
  }
  const headers = isNamed ? { authorization: basicHeader(username, password) } : {}
  return readGrant(await ask(send, wish, { method: 'GET', url: url.href, headers }), 'GET', url.href)
}

/** `Basic …` of a name and password. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

async function ask(
  send: SendElsewhere,
  wish: TokenWish,
  request: Omit<Parameters<SendElsewhere>[0], 'signal'>,
): Promise<HttpReply> {
  try {
    return await send({ ...request, ...(wish.signal === undefined ? {} : { signal: wish.signal }) })
  } catch (error) {
    wish.signal?.throwIfAborted()
    throw wordRequestFailure(request.method, request.url, error)
  }
}

async function readGrant(reply: HttpReply, method: string, url: string): Promise<GrantedToken> {
  const body = await reply.text(replyBytesMax)
  if (reply.status !== 200) {
    const refused = wordRefusal(reply.status, reply.reason, { body, challenge: undefined })
    throw new GantryError('REGISTRY_TOKEN', refused.kind, `${requestName(method, url)}: ${refused.message}`, {
      cause: refused,
      details: refused.details,
      remedy: 'Check name and password, or log in again.',
    })
  }
  return readToken(asRecord(JSON.parse(body)) ?? {})
}

function readToken(record: Readonly<Record<string, unknown>>): GrantedToken {
  const token = record['token'] ?? record['access_token']
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new GantryError(
      'REGISTRY_TOKEN',
      'unavailable',
      'authorization server did not include a token in the response',
      { remedy: 'Report it to the operator of the registry.' },
    )
  }
  const { expires_in: expires, refresh_token: identityToken } = record
  return {
    token,
    expiresInMs: typeof expires === 'number' && expires > 0 ? expires * 1000 : lifetimeMsDefault,
    ...(typeof identityToken === 'string' && identityToken !== '' ? { identityToken } : {}),
  }
}
