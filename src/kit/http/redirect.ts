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
  const next = URL.canParse(answer.location, base) ? new URL(answer.location, base) : undefined
  if (next === undefined || (next.protocol !== 'http:' && next.protocol !== 'https:')) {
    throw new GantryError(
      'HTTP_REDIRECT_INVALID',
      'invalid',
      `${base.host} redirects to an unusable address: ${answer.location}`,
      {
        remedy: 'Report it to the operator of that server.',
      },
    )
  }
  const toGet = answer.status === 303 || ((answer.status === 301 || answer.status === 302) && from.method === 'POST')
  const isSafe = from.method === 'GET' || from.method === 'HEAD'
  const method = toGet && !isSafe ? 'GET' : from.method
  const keepsBody = method === from.method
  const crossesOrigin = next.origin !== base.origin
  const headers: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(from.headers)) {
    const key = name.toLowerCase()
    if (key === 'host' || (crossesOrigin && credentialHeaders.has(key))) continue
    if (!keepsBody && key.startsWith('content-')) continue
    headers[name] = value
  }
  return { method, url: next.href, headers, keepsBody }
}
