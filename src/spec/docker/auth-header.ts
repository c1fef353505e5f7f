/** Registry credentials in headers (contract T18): base64 JSON in any alphabet; what does not parse counts as absent. Pure. */

/** `X-Registry-Auth` decoded. */
export interface RegistryAuth {
  readonly username?: string
  readonly password?: string
  readonly serveraddress?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
}

const headerBytesMax = 64 * 1024

function decode(header: string | readonly string[] | undefined): object | undefined {
  const text = typeof header === 'string' ? header : header?.[0]
  if (text === undefined || text === '' || text.length > headerBytesMax) return undefined
  try {
    const value: unknown = JSON.parse(
      Buffer.from(text.replaceAll('-', '+').replaceAll('_', '/'), 'base64').toString('utf8'),
    )
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The credentials of one registry; empty when there are none. */
export function decodeAuth(header: string | readonly string[] | undefined): RegistryAuth {
  return decode(header) ?? {}
}

/** `X-Registry-Config`: credentials by registry host. */
export function decodeAuthMap(header: string | readonly string[] | undefined): Readonly<Record<string, object>> {
  const rows = Object.entries(decode(header) ?? {}).filter(([, value]) => typeof value === 'object' && value !== null)
  return Object.fromEntries(rows)
}
