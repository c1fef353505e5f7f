/** Lists in pages: `n` results after `last`, and the link to the next page (distribution spec v1.1, "Listing Tags"; RFC 5988). */
import { RegistryError } from '../errors.ts'

export interface Page {
  readonly items: readonly string[]
  /** Value of the Link header, when there is more. */
  readonly link?: string
}

export interface PageRequest {
  readonly n: string | undefined
  readonly last: string | undefined
  /** Path for the link. */
  readonly path: string
  /** Results without `n`, and at most. */
  readonly sizeMax: number
}

/**
 * @param sorted all names, in lexical order.
 * @throws RegistryError PAGINATION_NUMBER_INVALID
 */
export function paginate(sorted: readonly string[], request: PageRequest): Page {
  if (request.n !== undefined && !/^\d{1,9}$/.test(request.n))
    throw new RegistryError('PAGINATION_NUMBER_INVALID', { detail: { n: request.n } })
  const size = request.n === undefined ? request.sizeMax : Math.min(Number(request.n), request.sizeMax)
  const { last } = request
  const from = last === undefined || last === '' ? 0 : firstAfter(sorted, last)
  const items = sorted.slice(from, from + size)
  const final = items.at(-1)
  if (final === undefined || from + size >= sorted.length) return { items }
  return { items, link: `<${request.path}?last=${encodeURIComponent(final)}&n=${size}>; rel="next"` }
}

function firstAfter(sorted: readonly string[], last: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') <= last) low = middle + 1
    else high = middle
  }
  return low
}
