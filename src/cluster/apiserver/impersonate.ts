/** `Impersonate-*` headers: acting as somebody else, with the right to do so checked value by value. */
import type { HttpRequest } from '#kit/http/exchange.ts'
import type { User } from './api-request.ts'
import { authenticated } from './authentication/authenticate.ts'
import { serviceAccountUser } from './authentication/service-account-token.ts'
import { type Access, type Authorizer, refusalOf } from './authorization/access.ts'
import { badRequest, forbidden } from './status-errors.ts'

const extraPrefix = 'impersonate-extra-'

interface Wanted {
  readonly access: Pick<Access, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>
}

function all(header: string | string[] | undefined): readonly string[] {
  if (header === undefined) return []
  return Array.isArray(header) ? header : header.split(',').map((text) => text.trim())
}

/** The user that the request acts as. @throws 400, 403. */
// oxlint-disable-next-line complexity -- independent checks, one after the other
export function impersonated(headers: HttpRequest['headers'], user: User, authorizer: Authorizer): User {
  const name = headers['impersonate-user']
  const groups = all(headers['impersonate-group'])
  const uid = headers['impersonate-uid']
  const extras = Object.entries(headers).filter(([key]) => key.startsWith(extraPrefix))
  if (name === undefined || name === '') {
    if (groups.length > 0 || extras.length > 0 || uid !== undefined)
      throw badRequest('requested impersonation without impersonating a user')
    return user
  }
  const wantedName = String(name)
  check(wantsOf(wantedName, groups, extras), user, authorizer)
  const extra = Object.fromEntries(
    extras.map(([key, value]) => [decodeURIComponent(key.slice(extraPrefix.length)), all(value)]),
  )
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(wantedName)
  const own = account === null ? [] : serviceAccountUser(account[1] ?? '', account[2] ?? '').groups
  const asked = groups.length === 0 ? own : groups
  const isAnonymous = wantedName === 'system:anonymous'
  const result: User = {
    name: wantedName,
    groups: isAnonymous ? [...asked, 'system:unauthenticated'] : asked,
    ...(uid === undefined ? {} : { uid: String(uid) }),
    ...(extras.length === 0 ? {} : { extra }),
  }
  return isAnonymous ? result : authenticated(result)
}

function wantsOf(
  name: string,
  groups: readonly string[],
  extras: readonly (readonly [string, string | string[] | undefined])[],
): readonly Wanted[] {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name)
  const plain = { group: '', subresource: '', namespace: '' }
  const whom =
    account === null
      ? { ...plain, resource: 'users', name }
      : { ...plain, resource: 'serviceaccounts', namespace: account[1] ?? '', name: account[2] ?? '' }
  return [
    { access: whom },
    ...groups.map((group) => ({ access: { ...plain, resource: 'groups', name: group } })),
    ...extras.flatMap(([key, value]) =>
      all(value).map((one) => ({
        access: {
          group: 'authentication.k8s.io',
          resource: 'userextras',
          subresource: decodeURIComponent(key.slice(extraPrefix.length)),
          namespace: '',
          name: one,
        },
      })),
    ),
  ]
}

function check(wants: readonly Wanted[], user: User, authorizer: Authorizer): void {
  for (const { access } of wants) {
    const question: Access = { ...access, user, verb: 'impersonate', isResource: true, path: '' }
    if (!authorizer.decide(question).allowed) throw forbidden(access, refusalOf(question))
  }
}
