/** `docker search`: Docker Hub's index, or the same API at another host. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { RegistryClient } from '#clients/registry/registry-client.ts'

interface SearchRow {
  readonly name: string
  readonly description: string
  readonly star_count: number
  readonly is_official: boolean
  readonly is_automated: boolean
}

export interface SearchRequest {
  readonly term: string
  readonly limit: number
  readonly filters: Readonly<Record<string, readonly string[]>>
  readonly signal: AbortSignal
}

const answerBytesMax = 4 * 1024 * 1024
const knownFilters = ['is-automated', 'is-official', 'stars']
const hubHost = 'index.docker.io'

/** Host and term of what the user typed: `host:port/term`, or a term for Docker Hub. Pure. */
export function splitSearchTerm(term: string): { readonly host: string; readonly term: string } {
  const slash = term.indexOf('/')
  const head = slash < 0 ? '' : term.slice(0, slash)
  const named = head.includes('.') || head.includes(':') || head === 'localhost'
  return named ? { host: head, term: term.slice(slash + 1) } : { host: hubHost, term }
}

/** The rows that pass the filters. @throws GantryError invalid for unknown filters, and for what the index answers. */
export async function searchImages(client: RegistryClient, request: SearchRequest): Promise<SearchRow[]> {
  const unknown = Object.keys(request.filters).find((key) => !knownFilters.includes(key))
  if (unknown !== undefined)
    throw new GantryError('IMAGE_SEARCH_FILTER', 'invalid', `invalid filter '${unknown}'`, {
      remedy: 'Filters are is-official, is-automated and stars.',
    })
  const path = `/v1/search?q=${encodeURIComponent(request.term)}&n=${request.limit}`
  const reply = await client.get(path, request.signal)
  if (reply.status !== 200) {
    await reply.discard()
    throw new GantryError('IMAGE_SEARCH_REFUSED', 'internal', `Unexpected status code ${reply.status}`)
  }
  const body = JSON.parse((await reply.bytes(answerBytesMax)).toString('utf8')) as {
    readonly results?: readonly SearchRow[]
  }
  const wanted = (key: string): boolean | undefined => {
    const [value] = request.filters[key] ?? []
    return value === undefined ? undefined : /^(1|true)$/i.test(value)
  }
  const stars = Math.max(0, ...(request.filters['stars'] ?? []).map(Number))
  const official = wanted('is-official')
  const automated = wanted('is-automated')
  return (body.results ?? []).filter(
    (row) =>
      row.star_count >= stars &&
      (official === undefined || row.is_official === official) &&
      (automated === undefined || row.is_automated === automated),
  )
}
