/** `docker search`: the search API that only Docker Hub still has (registry v1, `/v1/search`). */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HttpClient } from '#kit/http/client.ts'
import type { HttpReply } from '#kit/http/client-reply.ts'
import type { RegistryAuth } from '#spec/docker/auth-header.ts'
import { asRecord } from '#spec/oci/strict-json.ts'
import { basicHeader } from './fetch-token.ts'
import { isInsecureHost } from './plan-endpoints.ts'
import type { Endpoint, RegistrySettings } from './plan-endpoints.ts'
import { wordRequestFailure } from './word-errors.ts'

/** One row, with the field names of the Engine API. */
export interface SearchResult {
  readonly name: string
  readonly description: string
  readonly star_count: number
  readonly is_official: boolean
  readonly is_automated: boolean
}

export interface SearchRequest {
  readonly settings: RegistrySettings
  readonly clientFor: (endpoint: Endpoint) => Promise<HttpClient>
  readonly host: string
  readonly term: string
  readonly limit: number
  readonly credentials?: RegistryAuth
  readonly signal?: AbortSignal
}

const replyBytesMax = 4 << 20
const redirectsMax = 3

/** @throws GantryError in dockerd's words when the host has no search. */
export async function searchHub(request: SearchRequest): Promise<SearchResult[]> {
  const reply = await ask(request)
  if (reply.status !== 200) {
    await reply.discard()
    throw new GantryError('REGISTRY_SEARCH', 'internal', `Unexpected status code ${reply.status}`, {
      remedy: 'Only Docker Hub offers search.',
    })
  }
  const list: unknown = asRecord(await reply.json(replyBytesMax))?.['results']
  return (Array.isArray(list) ? list : [])
    .flatMap((row: unknown) => readRow(asRecord(row)) ?? [])
    .slice(0, request.limit)
}

async function ask({ settings, clientFor, host, term, limit, credentials, signal }: SearchRequest): Promise<HttpReply> {
  const insecure = isInsecureHost(settings, host)
  const name = host === 'docker.io' ? 'index.docker.io' : host
  const bases = insecure ? [`https://${name}`, `http://${name}`] : [`https://${name}`]
  let failure: unknown
  for (const baseUrl of bases) {
    const url = `${baseUrl}/v1/search?${new URLSearchParams({ q: term, n: String(limit) }).toString()}`
    const client = await clientFor({ baseUrl, insecure, isMirror: false })
    const { username, password } = credentials ?? {}
    const headers =
      username === undefined || username === '' ? {} : { authorization: basicHeader(username, password ?? '') }
    try {
      return await client.request({
        url,
        headers,
        redirectsMax,
        idleTimeoutMs: 30_000,
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      signal?.throwIfAborted()
      failure = wordRequestFailure('GET', url, error)
    }
  }
  throw failure
}

function readRow(row: Readonly<Record<string, unknown>> | undefined): SearchResult | undefined {
  const name = row?.['name']
  if (row === undefined || typeof name !== 'string') return undefined
  const { description, star_count: stars } = row
  return {
    name,
    description: typeof description === 'string' ? description : '',
    star_count: typeof stars === 'number' ? stars : 0,
    is_official: row['is_official'] === true,
    is_automated: row['is_automated'] === true,
  }
}
