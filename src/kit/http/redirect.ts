/** Where a redirect leads and what goes along (RFC 9110, section 15.4). Pure. */
import type { OutgoingHttpHeaders } from 'node:http'
import { GantryError } from '#base/errors/gantry-error.ts'

export interface Hop {
  readonly method: string
  readonly url: string
  readonly headers: OutgoingHttpHeaders
  /** False when the next request goes without the body. */
  readonly keepsBody: boolean
}

const redirectStatuses = new Set([301, 302, 303, 307, 308])

/** Headers that name the user to one host only. */
const credentialHeaders = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-registry-auth',
  'x-registry-config',
])

/**
 * The next request after an answer, or undefined when it is no redirect. Credentials do not follow to another
 * origin; a safe connection never leads to an unsafe one with them.
 * @throws GantryError HTTP_REDIRECT_INVALID for a location that is no http(s) URL.
 */
export function redirectOf(
  from: { readonly method: string; readonly url: string; readonly headers: OutgoingHttpHeaders },
  answer: { readonly status: number; readonly location: string | undefined },
): Hop | undefined {
  if (!redirectStatuses.has(answer.status) || answer.location === undefined) return undefined
  const base = new URL(from.url)
  const next = resolveLocation(base, answer.location)
  const method = methodAfter(from.method, answer.status)
  const keepsBody = method === from.method
  const isAway = next.origin !== base.origin
  const headers: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(from.headers)) {
    if (follows(name.toLowerCase(), { isAway, keepsBody })) headers[name] = value
  }
  return { method, url: next.href, headers, keepsBody }
}

function resolveLocation(base: URL, location: string): URL {
  const next = URL.canParse(location, base) ? new URL(location, base) : undefined
  if (next !== undefined && (next.protocol === 'http:' || next.protocol === 'https:')) return next
  throw new GantryError(
    'HTTP_REDIRECT_INVALID',
    'invalid',
    `${base.host} redirects to an unusable address: ${location}`,
    {
      remedy: 'Report it to the operator of that server.',
    },
  )
}

/** 303 turns everything but GET and HEAD into GET; 301 and 302 do so to POST, as every client does. */
function methodAfter(method: string, status: number): string {
  if (status === 303) return method === 'HEAD' ? 'HEAD' : 'GET'
  return (status === 301 || status === 302) && method === 'POST' ? 'GET' : method
}

function follows(header: string, hop: { readonly isAway: boolean; readonly keepsBody: boolean }): boolean {
  if (header === 'host') return false
  if (hop.isAway && credentialHeaders.has(header)) return false
  return hop.keepsBody || !header.startsWith('content-')
}
