/**
 * Who asks, in upstream's order: what a front proxy says, a client certificate, a bearer token (static, bootstrap, service
 * account, of an issuer outside, known to a webhook), and nobody (anonymous).
 */
import type { HttpRequest } from '#kit/http/exchange.ts'
import type { User } from '../user.ts'
import type { ClusterView } from '../cluster-view.ts'
import { unauthorized } from '../status-errors.ts'
import { userOfBootstrapToken } from './bootstrap-token.ts'
import type { CertificateUsers } from './certificate-users.ts'
import { userOfRequestHeaders } from './request-header.ts'
import { userOfToken } from './service-account-token.ts'
import type { TokenAuthenticator } from './jwt-issuer.ts'
import type { TokenKeys } from './token-keys.ts'

export interface AuthenticationParts {
  readonly view: ClusterView
  readonly tokenKeys: TokenKeys | undefined
  /** Fixed tokens by their text. */
  readonly staticTokens: ReadonlyMap<string, User>
  readonly certificates: CertificateUsers
  /** Issuers and webhooks that know further tokens, asked in this order. */
  readonly tokenAuthenticators: readonly TokenAuthenticator[]
}

export const anonymousUser: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** The user with the group that everybody has who said who he is. */
export function authenticated(user: User): User {
  return user.groups.includes('system:authenticated') ||
    user.groups.includes('system:unauthenticated') ||
    user.name === anonymousUser.name
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] }
}

type Credentials = Pick<HttpRequest, 'headers' | 'headerValues' | 'path'> & {
  readonly peer: Pick<HttpRequest['peer'], 'certificate'>
}

/** The caller. @throws 401 for a token that is nobody's, and for no credentials where anonymous requests are refused. */
export async function authenticate(parts: AuthenticationParts, request: Credentials): Promise<User> {
  const holder = parts.certificates.holderOf(request.peer.certificate)
  const { requestHeader } = parts.view.config
  if (holder.isProxy && requestHeader !== undefined) {
    const user = userOfRequestHeaders(requestHeader, request)
    if (user !== undefined) return authenticated(user)
  }
  if (holder.user !== undefined) return authenticated(holder.user)
  const token = bearerToken(request.headers.authorization)
  if (token !== undefined) {
    const user = await userOf(parts, token)
    if (user === undefined) throw unauthorized()
    return authenticated(user)
  }
  if (!mayBeAnonymous(parts.view.config.anonymous, request.path)) throw unauthorized()
  return anonymousUser
}

/** True where nobody may ask: everywhere, nowhere, or at the listed paths only. */
function mayBeAnonymous(anonymous: boolean | readonly string[], path: string): boolean {
  return typeof anonymous === 'boolean' ? anonymous : anonymous.includes(path)
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
  const account = parts.tokenKeys === undefined ? undefined : await userOfToken(parts.view, parts.tokenKeys, token)
  return account ?? userElsewhere(parts, token)
}

/** The user that an issuer or a webhook outside knows by a token. */
export async function userElsewhere(parts: AuthenticationParts, token: string): Promise<User | undefined> {
  for (const authenticator of parts.tokenAuthenticators) {
    const user = await authenticator.userOf(token)
    if (user !== undefined) return user
  }
  return undefined
}
