/**
 * Users that a front proxy vouches for: it proves itself by a certificate of its own authority and names them in headers
 * (kube-apiserver's `--requestheader-*` flags).
 */
import type { HttpRequest } from '#kit/http/exchange.ts'
import type { User } from '../user.ts'

export interface RequestHeaderConfig {
  /** PEM: who signs the certificates of front proxies. */
  readonly clientAuthorities: string
  /** Common names that a front proxy may have; empty: any. */
  readonly allowedNames: readonly string[]
  /** Headers in the order in which they are looked at. */
  readonly usernameHeaders: readonly string[]
  readonly uidHeaders: readonly string[]
  readonly groupHeaders: readonly string[]
  readonly extraHeaderPrefixes: readonly string[]
}

/** The headers and the proxy's name that clusters use unless told. */
export const defaultRequestHeaders: Omit<RequestHeaderConfig, 'clientAuthorities'> = {
  allowedNames: ['front-proxy-client'],
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}

type Headers = Pick<HttpRequest, 'headers' | 'headerValues'>

/** The user that the headers name, undefined when they name none. */
export function userOfRequestHeaders(config: RequestHeaderConfig, request: Headers): User | undefined {
  const name = firstValue(request, config.usernameHeaders)
  if (name === '') return undefined
  const uid = firstValue(request, config.uidHeaders)
  const groups = config.groupHeaders.flatMap((header) =>
    request.headerValues(header.toLowerCase()).filter((value) => value !== ''),
  )
  const extra = extraOf(request, config.extraHeaderPrefixes)
  return {
    name,
    groups,
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

function firstValue(request: Headers, names: readonly string[]): string {
  for (const name of names) {
    const [value = ''] = request.headerValues(name.toLowerCase())
    if (value !== '') return value
  }
  return ''
}

/** Values by key of every header with one of the prefixes; keys are lower case and percent-decoded. */
export function extraOf(request: Headers, prefixes: readonly string[]): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {}
  for (const prefix of prefixes) {
    const start = prefix.toLowerCase()
    for (const header of Object.keys(request.headers)) {
      if (!header.startsWith(start)) continue
      const key = decodedKey(header.slice(start.length))
      extra[key] = [...(extra[key] ?? []), ...request.headerValues(header)]
    }
  }
  return extra
}

/** A key that is broken in its encoding counts as it is. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/** True for headers that say who asks: they stay with the server that read them. */
export function isIdentityHeader(name: string, config: RequestHeaderConfig | undefined): boolean {
  if (name === 'authorization' || name.startsWith('impersonate-') || name.startsWith('x-remote-')) return true
  if (config === undefined) return false
  const { usernameHeaders, uidHeaders, groupHeaders, extraHeaderPrefixes } = config
  return (
    [...usernameHeaders, ...uidHeaders, ...groupHeaders].some((header) => header.toLowerCase() === name) ||
    extraHeaderPrefixes.some((prefix) => name.startsWith(prefix.toLowerCase()))
  )
}
