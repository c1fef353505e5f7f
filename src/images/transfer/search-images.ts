/** `docker search`: what the user typed, and which rows pass the filters. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { SearchResult } from '#clients/registry/search-hub.ts'

type Filters = Readonly<Record<string, readonly string[]>>

const knownFilters = ['is-automated', 'is-official', 'stars']

/** Host and term of what the user typed: `host:port/term`, or a term for Docker Hub. */
export function splitSearchTerm(text: string): { readonly host: string; readonly term: string } {
  const slash = text.indexOf('/')
  const head = slash < 0 ? '' : text.slice(0, slash)
  const isHost = head.includes('.') || head.includes(':') || head === 'localhost'
  return isHost ? { host: head, term: text.slice(slash + 1) } : { host: 'docker.io', term: text }
}

/** The filters as a test of rows. @throws GantryError in Docker's words for a filter that does not exist or makes no sense. */
export function compileSearchFilters(filters: Filters): (row: SearchResult) => boolean {
  const unknown = Object.keys(filters).find((key) => !knownFilters.includes(key))
  if (unknown !== undefined) throw invalidFilter(`Invalid filter '${unknown}'`)
  const stars = (filters['stars'] ?? []).map((text) => {
    if (!/^\d+$/.test(text)) throw invalidFilter(`Invalid filter 'stars=${text}'`)
    return Number(text)
  })
  const official = readFlag(filters, 'is-official')
  const automated = readFlag(filters, 'is-automated')
  return (row) =>
    row.star_count >= Math.max(0, ...stars) &&
    (official === undefined || row.is_official === official) &&
    (automated === undefined || row.is_automated === automated)
}

function readFlag(filters: Filters, key: string): boolean | undefined {
  const [value] = filters[key] ?? []
  if (value === undefined) return undefined
  if (/^(?:1|true)$/i.test(value)) return true
  if (/^(?:0|false)$/i.test(value)) return false
  throw invalidFilter(`Invalid filter '${key}=[${value}]'`)
}

function invalidFilter(message: string): GantryError {
  return new GantryError('IMAGE_SEARCH_FILTER', 'invalid', message, {
    remedy: 'Filters are is-official, is-automated and stars.',
  })
}
