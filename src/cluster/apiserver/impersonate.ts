/** `Impersonate-*` headers: acting as somebody else, with the right to do so checked value by value. */
import type { HttpRequest } from '#kit/http/exchange.ts'
import type { User } from './user.ts'
import { authenticated } from './authentication/authenticate.ts'
import { extraOf } from './authentication/request-header.ts'
import { serviceAccountUser } from './authentication/service-account-token.ts'
import { type Access, type Authorizer, refusalOf, whenDecided } from './authorization/access.ts'
import { badRequest, forbidden } from './status-errors.ts'

const extraPrefix = 'Impersonate-Extra-'

type Wanted = Pick<Access, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>

interface Impersonation {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid: string
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** The user that the request acts as. @throws 400, 403. */
export function impersonated(
  request: Pick<HttpRequest, 'headers' | 'headerValues'>,
  user: User,
  authorizer: Authorizer,
): User | Promise<User> {
  const wanted = impersonationOf(request)
  if (wanted === undefined) return user
  const wants = wantsOf(wanted)
  if (wanted.name === '') throw badRequest(`requested ${described(wants)} without impersonating a user`)
  return checked({ authorizer, user }, wants, userOf(wanted))
}

/** The other user, once each of his values may be taken on, asked one after the other. @throws 403. */
function checked(
  asker: { readonly authorizer: Authorizer; readonly user: User },
  [first, ...rest]: readonly Wanted[],
  other: User,
): User | Promise<User> {
  if (first === undefined) return other
  const question: Access = { ...first, user: asker.user, verb: 'impersonate', isResource: true, path: '' }
  return whenDecided(asker.authorizer.decide(question), ({ allowed, reason }) => {
    if (!allowed) throw forbidden(subjectOf(first), refusalOf(question, reason))
    return checked(asker, rest, other)
  })
}

function impersonationOf(request: Pick<HttpRequest, 'headers' | 'headerValues'>): Impersonation | undefined {
  let isAsked = false
  for (const header in request.headers) isAsked ||= header.startsWith('impersonate-')
  if (!isAsked) return undefined
  const [name = ''] = request.headerValues('impersonate-user')
  const groups = request.headerValues('impersonate-group')
  const [uid = ''] = request.headerValues('impersonate-uid')
  const extra = extraOf(request, [extraPrefix])
  if (name === '' && groups.length === 0 && uid === '' && Object.keys(extra).length === 0) return undefined
  return { name, groups, uid, extra }
}

function userOf({ name, groups, uid, extra }: Impersonation): User {
  const account = accountOf(name)
  const own = account === undefined ? [] : serviceAccountUser(account.namespace, account.name).groups
  const asked = groups.length === 0 ? own : groups
  const rest = { ...(uid === '' ? {} : { uid }), ...(Object.keys(extra).length === 0 ? {} : { extra }) }
  if (name !== 'system:anonymous') return authenticated({ name, groups: asked, ...rest })
  return { name, groups: [...new Set([...asked, 'system:unauthenticated'])], ...rest }
}

function accountOf(name: string): { readonly namespace: string; readonly name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name)
  return match === null ? undefined : { namespace: match[1] ?? '', name: match[2] ?? '' }
}

function wantsOf({ name, groups, uid, extra }: Impersonation): readonly Wanted[] {
  const account = accountOf(name)
  const core = { group: '', subresource: '', namespace: '' }
  const own = { group: 'authentication.k8s.io', subresource: '', namespace: '' }
  const whom =
    account === undefined ? { ...core, resource: 'users', name } : { ...core, resource: 'serviceaccounts', ...account }
  return [
    ...(name === '' ? [] : [whom]),
    ...groups.map((group) => ({ ...core, resource: 'groups', name: group })),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({ ...own, resource: 'userextras', subresource: key, name: value })),
    ),
    ...(uid === '' ? [] : [{ ...own, resource: 'uids', name: uid }]),
  ]
}

/** The values as upstream's message lists them: object references in Go's notation. */
function described(wants: readonly Wanted[]): string {
  const one = ({ group, resource, subresource, name }: Wanted): string => {
    const kind = resource === 'groups' ? 'Group' : resource === 'uids' ? 'UID' : 'UserExtra'
    const version = group === '' ? '' : `${group}/v1`
    return `{${[kind, '', name, '', version, '', subresource].join(' ')}}`
  }
  return `[${wants.map(one).join(' ')}]`
}

function subjectOf(access: Wanted): Wanted {
  return access.subresource === '' ? access : { ...access, resource: `${access.resource}/${access.subresource}` }
}
