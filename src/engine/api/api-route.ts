/** What a route of the Engine API is, and what its handler is given. */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { readJson } from '#kit/http/read-body.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseFilters } from '#spec/docker/filters.ts'
import type { Filters } from '#engine/containers/list-containers.ts'
import type { ApiVersion } from './api-version.ts'

export interface ApiCall {
  readonly request: HttpRequest
  readonly response: HttpResponse
  readonly version: ApiVersion
}

export type ApiHandler = (call: ApiCall) => Promise<void> | void

export interface ApiRoute {
  readonly method: string
  readonly path: string
  readonly handler: ApiHandler
}

/** A placeholder's value; the table guarantees that it is there. */
export function param(call: ApiCall, name: string): string {
  return call.request.params[name] ?? ''
}

/** A body is JSON and says so; without one nothing needs to be said (moby `CheckForJSON`). */
function checkJsonType({ headers }: HttpRequest): void {
  const given = headers['content-type'] ?? ''
  const empty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
  if (given === '' && empty) return
  if (/^\s*application\/json\s*(?:;|$)/i.test(given)) return
  throw new GantryError(
    'ENGINE_CONTENT_TYPE',
    'invalid',
    `Content-Type specified (${given}) must be 'application/json'`,
    { remedy: 'Send Content-Type: application/json.' },
  )
}

/** The body as an object; an empty one is `{}`. @throws GantryError invalid when it is something else. */
export async function readBodyObject<T extends object>(call: ApiCall): Promise<T> {
  checkJsonType(call.request)
  const value = (await readJson(call.request, { empty: {} })) ?? {}
  if (typeof value === 'object' && !Array.isArray(value)) return value as T
  throw new GantryError(
    'ENGINE_BODY',
    'invalid',
    `json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type object`,
    { remedy: 'Send one JSON object.' },
  )
}

/** The `filters` parameter of a list or prune. */
export function readFilters(call: ApiCall): Filters {
  return parseFilters(call.request.query.get('filters') ?? '')
}

/** A reply without content. */
export function noContent(call: ApiCall): void {
  call.response.send(204)
}
