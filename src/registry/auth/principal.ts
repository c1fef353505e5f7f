/** Who is asking, what they may do, and the rules that say so (Docker token specification, "Resource scopes"). */

export type RepositoryAction = 'pull' | 'push' | 'delete'

/** One resource and what is wanted of it: `repository:app:pull,push`, `registry:catalog:*`. */
export interface AccessScope {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

/** A row of the access rules; every row that fits adds to what an account may do. */
export interface AccessRule {
  /** Account name, `*` for anyone who is logged in, '' for everyone, logged in or not. */
  readonly account: string
  /** Repository name; `*` stands for any characters, slashes included. */
  readonly repository: string
  readonly actions: readonly (RepositoryAction | '*')[]
}

/** A client that was let in. */
export interface Principal {
  /** '' for nobody in particular. */
  readonly account: string
  may(type: string, name: string, action: string): boolean
}

export interface AuthenticationRequest {
  /** The Authorization header. */
  readonly authorization: string | undefined
  /** What the request is going to need; part of the challenge. */
  readonly scopes: readonly AccessScope[]
  /** `http(s)://host` as the client knows us. */
  readonly baseUrl: string
}

/** Tells who a request comes from. */
export interface Authenticator {
  /**
   * @throws RegistryError UNAUTHORIZED with the challenge when the client must say who it is (or has not enough in its
   * token), DENIED when it said so and may not.
   */
  authenticate(request: AuthenticationRequest): Promise<Principal>
}

/** Lets everyone do everything: the registry is protected by where it listens. */
export const openToAll: Authenticator = { authenticate: () => Promise.resolve({ account: '', may: () => true }) }

/** Everything for everyone who is logged in. */
export const defaultRules: readonly AccessRule[] = [{ account: '*', repository: '*', actions: ['*'] }]

/** What `account` ('' when not logged in) may do under the rules. The catalog is for accounts with a rule for every repository. */
export function isAllowed(
  rules: readonly AccessRule[],
  account: string,
  scope: { readonly type: string; readonly name: string; readonly action: string },
): boolean {
  const own = rules.filter(
    (rule) => rule.account === '' || (account !== '' && (rule.account === '*' || rule.account === account)),
  )
  if (scope.type === 'registry') return own.some((rule) => rule.repository === '*')
  if (scope.type !== 'repository') return false
  return own.some(
    (rule) =>
      matchesPattern(rule.repository, scope.name) &&
      rule.actions.some((action) => action === '*' || action === scope.action),
  )
}

/** Reads `type:name:action,action`; a name may hold colons (`host:port/path`). Undefined when malformed. */
export function parseScope(text: string): AccessScope | undefined {
  const first = text.indexOf(':')
  const last = text.lastIndexOf(':')
  if (first <= 0 || last === first) return undefined
  return {
    type: text.slice(0, first).replace(/\(.*\)$/, ''),
    name: text.slice(first + 1, last),
    actions: text
      .slice(last + 1)
      .split(',')
      .filter(Boolean),
  }
}

/** The text form of scopes, separated by spaces. */
export function formatScopes(scopes: readonly AccessScope[]): string {
  return scopes.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ')
}

/** `*` matches any run of characters; the greedy walk is linear in practice and never exponential. */
function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split('*')
  const [head = '', ...rest] = parts
  if (rest.length === 0) return pattern === name
  const tail = rest.pop() ?? ''
  if (!name.startsWith(head) || !name.endsWith(tail) || name.length < head.length + tail.length) return false
  let at = head.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > name.length - tail.length) return false
    at = found + part.length
  }
  return true
}
