/**
 * The Docker Engine API as one HTTP handler: versions, headers, errors, and the tables of routes behind them.
 * Every route is served bare and under `/vN.N`; unknown paths and wrong methods are 404 "page not found", as Docker's.
 */
import { errnoOf, GantryError, httpStatusOf, messageOf } from '#base/errors/gantry-error.ts'
import type { EncodedError, HttpHandler } from '#kit/http/exchange.ts'
import { createRouter } from '#kit/http/routes.ts'
import type { ApiHandler, ApiRoute } from './api-route.ts'
import { apiVersionMax, splitVersion } from './api-version.ts'

/** Headers on every reply (contract T3). */
export const engineHeaders: Readonly<Record<string, string>> = {
  Server: 'Docker/28.2.2 (linux)',
  'Api-Version': apiVersionMax,
  Ostype: 'linux',
  'Docker-Experimental': 'false',
}

const pageNotFound = new GantryError('ENGINE_NO_ROUTE', 'not-found', 'page not found', {
  remedy: 'The API reference lists the paths.',
})

/** An error as Docker's JSON, with the status of its kind. System errors that nobody named are 500. */
export function encodeEngineError(error: unknown, request: { readonly path: string }): EncodedError {
  const status = httpStatusOf(error)
  if (status === 304) return { status, body: '' }
  const message = error instanceof GantryError ? error.message : describe(error)
  // Clients before 1.24 read plain text.
  const old = /^\/v1\.(\d+)\//.exec(request.path)
  if (old !== null && Number(old[1]) < 24) {
    return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: `${message}\n` }
  }
  return {
    status: status === 499 ? 400 : status,
    headers: { 'Content-Type': 'application/json' },
    body: `${JSON.stringify({ message })}\n`,
  }
}

function describe(error: unknown): string {
  if (errnoOf(error) === 'ENOSPC') return `no space left on device: ${messageOf(error)}`
  return messageOf(error)
}

/** True for requests whose connection may be taken out of HTTP. */
export function mayHijackEngine(method: string, target: string): boolean {
  return method === 'POST' &&
    /^(\/v\d[\d.]*)?\/(containers\/[^/]+\/attach|exec\/[^/]+\/start|session|grpc)(\?|$)/.test(target)
    ? true
    : method === 'GET' && /^(\/v\d[\d.]*)?\/containers\/[^/]+\/attach\/ws(\?|$)/.test(target)
}

/** Builds the handler from the tables. */
export function createEngineApi(routes: readonly ApiRoute[]): HttpHandler {
  const router = createRouter<ApiRoute>(routes)
  return async (request, response) => {
    if (request.method === 'OPTIONS') return response.send(200)
    const { version, rest } = splitVersion(request.path)
    const match = router.match(request.method, rest) ?? router.match(request.method, rest.replace(/(.)\/$/, '$1'))
    if (match === undefined) throw pageNotFound
    request.params = match.params
    const handler: ApiHandler = match.route.handler
    return handler({ request, response, version })
  }
}
