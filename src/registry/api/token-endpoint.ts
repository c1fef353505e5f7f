/** The token service over HTTP: GET with Basic (Docker token specification) and POST (OAuth2, RFC 6749 sections 4.3 and 6). */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { readBody } from '#kit/http/read-body.ts'
import { parseQuery } from '#kit/http/query.ts'
import { parseBasic } from '../auth/htpasswd.ts'
import type { TokenRequest, TokenService } from '../auth/token-service.ts'
import { RegistryError } from '../errors.ts'
import { headerOf } from './exchange.ts'

const formBytesMax = 64 * 1024

/** Answers a request for a token. */
export async function serveToken(service: TokenService, request: HttpRequest, response: HttpResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'POST') throw new RegistryError('UNSUPPORTED')
  const wish = request.method === 'GET' ? fromQuery(request) : await fromForm(request)
  response.json(200, await service.issue(wish), { 'cache-control': 'no-store' })
}

function fromQuery(request: HttpRequest): TokenRequest {
  const { query } = request
  const authorization = headerOf(request, 'authorization')
  const basic = parseBasic(authorization)
  if (authorization !== undefined && basic === undefined)
    throw new RegistryError('UNAUTHORIZED', { message: 'malformed credentials' })
  return {
    scopes: query.all('scope'),
    service: query.get('service'),
    offline: query.flag('offline_token'),
    ...(basic === undefined ? {} : basic),
  }
}

async function fromForm(request: HttpRequest): Promise<TokenRequest> {
  const form = parseQuery(`?${(await readBody(request, { bytesMax: formBytesMax })).toString('utf8')}`)
  const common = {
    scopes: form.all('scope'),
    service: form.get('service'),
    offline: form.get('access_type') === 'offline',
  }
  const grantType = form.get('grant_type')
  if (grantType === 'password')
    return { ...common, account: form.get('username') ?? '', password: form.get('password') ?? '' }
  if (grantType === 'refresh_token') return { ...common, refreshToken: form.get('refresh_token') ?? '' }
  throw new RegistryError('UNSUPPORTED', { status: 400, message: 'grant_type must be password or refresh_token' })
}
