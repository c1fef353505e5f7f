/** From a request to its handler: route, who is asking, what they may do; and from a failure to the error body. */
import { GantryError, httpStatusOf } from '#base/errors/gantry-error.ts'
import type { EncodedError, HttpHandler, HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { createRouter } from '#kit/http/routes.ts'
import type { AccessScope, Authenticator, Principal } from '../auth/principal.ts'
import type { TokenService } from '../auth/token-service.ts'
import { RegistryError } from '../errors.ts'
import type { RegistryErrorCode } from '../errors.ts'
import { checkName } from './names.ts'
import { headerOf } from './exchange.ts'
import type { RegistryContext } from './exchange.ts'
import { registryRoutes } from './routes.ts'
import type { RegistryRoute } from './routes.ts'
import { serveToken } from './token-endpoint.ts'

export interface ServeOptions {
  readonly context: RegistryContext
  readonly authenticator: Authenticator
  readonly tokens: TokenService | undefined
  /** The address that clients use, where it is not the one that they send as Host. */
  readonly externalUrl: string | undefined
  readonly renderMetrics: () => string
  /** `status` is 'ok' or that of the refusal. */
  readonly onAnswered: (route: string, method: string, status: number | 'ok') => void
}

/** Makes the handler of the whole server. */
export function createRegistryHandler(options: ServeOptions): HttpHandler {
  const router = createRouter(registryRoutes)
  return async (request, response) => {
    if (await serveOwn(options, request, response)) return
    const match = router.match(request.method, request.path)
    if (match === undefined) throw unknownRoute(router.methodsAt(request.path))
    request.params = match.params
    const { route } = match
    const principal = await authenticate(options, request, scopesOf(route, request))
    let status: number | 'ok' = 500
    try {
      await route.handler({
        ...options.context,
        request,
        response,
        mayPull: (repository) => principal.may('repository', repository, 'pull'),
      })
      status = 'ok'
    } catch (error) {
      status = statusOf(error)
      throw error
    } finally {
      options.onAnswered(route.name, request.method, status)
    }
  }
}

/** Paths outside the distribution API: health for anyone, metrics for who is let in, tokens. False when it is none of them. */
async function serveOwn(options: ServeOptions, request: HttpRequest, response: HttpResponse): Promise<boolean> {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (isRead && (request.path === '/healthz' || request.path === '/'))
    response.send(200, 'ok\n', { 'content-type': 'text/plain' })
  else if (isRead && request.path === '/metrics') {
    await authenticate(options, request, [])
    response.send(200, options.renderMetrics(), { 'content-type': 'text/plain; version=0.0.4' })
  } else if (request.path === '/token' && options.tokens !== undefined)
    await serveToken(options.tokens, request, response)
  else return false
  return true
}

function authenticate(options: ServeOptions, request: HttpRequest, scopes: readonly AccessScope[]): Promise<Principal> {
  return options.authenticator.authenticate({
    authorization: headerOf(request, 'authorization'),
    scopes,
    baseUrl: options.externalUrl ?? baseUrlOf(request),
  })
}

function unknownRoute(methods: readonly string[]): RegistryError {
  return methods.length === 0
    ? new RegistryError('NOT_FOUND')
    : new RegistryError('UNSUPPORTED', { headers: { allow: methods.join(', ') } })
}

/** The error body of the distribution spec: `{"errors":[{code,message,detail}]}`. */
export function encodeRegistryError(error: unknown, request: HttpRequest): EncodedError {
  const known = error instanceof RegistryError ? error : translate(error)
  const body = JSON.stringify({ errors: [{ code: known.code, message: known.message, detail: known.detail }] })
  return {
    status: known.status,
    headers: { 'content-type': 'application/json', ...known.headers },
    body: request.method === 'HEAD' ? '' : `${body}\n`,
  }
}

function statusOf(error: unknown): number {
  return error instanceof RegistryError ? error.status : httpStatusOf(error)
}

const codesByKind: Readonly<Partial<Record<GantryError['kind'], RegistryErrorCode>>> = {
  'too-large': 'TOO_LARGE',
  invalid: 'SIZE_INVALID',
  cancelled: 'BLOB_UPLOAD_INVALID',
  deadline: 'BLOB_UPLOAD_INVALID',
  unavailable: 'UNAVAILABLE',
  unauthorized: 'UNAUTHORIZED',
  forbidden: 'DENIED',
}

function translate(error: unknown): RegistryError {
  if (!(error instanceof GantryError)) return new RegistryError('UNKNOWN', { cause: error })
  return new RegistryError(codesByKind[error.kind] ?? 'UNKNOWN', {
    status: httpStatusOf(error),
    message: error.message,
    cause: error,
  })
}

function scopesOf(route: RegistryRoute, request: HttpRequest): AccessScope[] {
  if (route.access === 'base') return []
  if (route.access === 'catalog') return [{ type: 'registry', name: 'catalog', actions: ['*'] }]
  const name = checkName(request.params['name'])
  return [{ type: 'repository', name, actions: route.access === 'push' ? ['pull', 'push'] : [route.access] }]
}

function baseUrlOf(request: HttpRequest): string {
  const host = headerOf(request, 'host') ?? headerOf(request, ':authority') ?? 'localhost'
  return `${request.secure ? 'https' : 'http'}://${host.replaceAll(/[^A-Za-z0-9.:[\]-]/g, '')}`
}
