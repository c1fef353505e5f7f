/** What a registry asks for in `WWW-Authenticate` (RFC 9110 section 11.6.1; distribution token authentication). Pure. */

export interface BearerChallenge {
  readonly scheme: 'bearer'
  readonly realm: string
  readonly service: string
  readonly scope: string
}

export type AuthChallenge = BearerChallenge | { readonly scheme: 'basic' }

const headerCharactersMax = 8192

/** Reads the first challenge that a client of ours can meet; undefined when there is none. */
export function parseChallenge(header: string | undefined): AuthChallenge | undefined {
  if (header === undefined || header.length > headerCharactersMax) return undefined
  const scheme = /^\s*(\w+)/.exec(header)?.[1]?.toLowerCase()
  if (scheme === 'basic') return { scheme: 'basic' }
  if (scheme !== 'bearer') return undefined
  const fields = new Map<string, string>()
  for (const [, key = '', quoted, bare] of header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g))
    fields.set(key.toLowerCase(), quoted ?? bare ?? '')
  const realm = fields.get('realm')
  if (realm === undefined || !/^https?:\/\//.test(realm)) return undefined
  return { scheme: 'bearer', realm, service: fields.get('service') ?? '', scope: fields.get('scope') ?? '' }
}

/** `repository:cw/app:pull,push`, as token servers read scopes. */
export function repositoryScope(path: string, actions: 'pull' | 'pull,push'): string {
  return `repository:${path}:${actions}`
}
