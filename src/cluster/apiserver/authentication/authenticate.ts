/** Who asks: client certificates, bearer tokens (static, bootstrap, service accounts), and nobody (anonymous). */
import { userOfCertificate } from './certificate-subject.ts'
import { objectAt, textAt } from '../api-object.ts'
import type { User } from '../api-request.ts'
import type { ClusterView } from '../cluster-view.ts'
import { unauthorized } from '../status-errors.ts'
import type { TokenKeys } from './token-keys.ts'
import { userOfToken } from './service-account-token.ts'
import { userOfBootstrapToken } from './bootstrap-token.ts'

/** What a connection and its headers say about the caller. */
export interface Credentials {
  /** DER of a client certificate that the cluster's authority signed. */
  readonly certificate: Uint8Array | undefined
  readonly authorization: string | undefined
}

export interface AuthenticationParts {
  readonly view: ClusterView
  readonly tokenKeys: TokenKeys | undefined
  /** Fixed tokens by their text. */
  readonly staticTokens: ReadonlyMap<string, User>
}

export const anonymousUser: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** The user with the group that everybody has who said who he is. */
export function authenticated(user: User): User {
  return user.groups.includes('system:authenticated') || user.name === anonymousUser.name
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] }
}

/** The caller. @throws 401 for credentials that are wrong, and for none where anonymous requests are refused. */
export async function authenticate(parts: AuthenticationParts, credentials: Credentials): Promise<User> {
  const token = bearerToken(credentials.authorization)
  if (token !== undefined) {
    const user = await userOf(parts, token)
    if (user === undefined) throw unauthorized()
    return authenticated(user)
  }
  if (credentials.certificate !== undefined) {
    const user = userOfCertificate(credentials.certificate)
    if (user !== undefined) return authenticated(user)
  }
  if (!parts.view.config.anonymous) throw unauthorized()
  return anonymousUser
}

function bearerToken(header: string | undefined): string | undefined {
  const match = header === undefined ? null : /^Bearer +(\S+)\s*$/i.exec(header)
  return match?.[1]
}

/** The user behind a token, undefined when it is nobody's. */
export async function userOf(parts: AuthenticationParts, token: string): Promise<User | undefined> {
  const known = parts.staticTokens.get(token)
  if (known !== undefined) return known
  const bootstrap = userOfBootstrapToken(parts.view, token)
  if (bootstrap !== undefined) return bootstrap
  return parts.tokenKeys === undefined ? undefined : userOfToken(parts.view, parts.tokenKeys, token)
}

/** True when a secret of that name holds a token of that service account, for tokens kept in secrets. */
export function isTokenSecret(view: ClusterView, namespace: string, name: string): boolean {
  const secret = view.find('/secrets', namespace, name)
  return (
    textAt(secret, 'type') === 'kubernetes.io/service-account-token' && objectAt(secret, 'data')['token'] !== undefined
  )
}
