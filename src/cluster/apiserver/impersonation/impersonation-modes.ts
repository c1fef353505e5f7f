/**
 * The ways of acting as somebody else (constrained impersonation, KEP 5284, on in v1.36), in the order in which they are
 * tried, and the questions that each puts: whether the caller may do this request while acting so, then whether he may
 * take on every value that is wanted. The oldest way asks nothing about the request.
 */
import { dnsLabel, dnsSubdomain } from '#spec/kubernetes/validation/formats.ts'
import { authenticated } from '../authentication/authenticate.ts'
import { serviceAccountUser } from '../authentication/service-account-token.ts'
import type { Access } from '../authorization/access.ts'
import type { User } from '../user.ts'
import { extraProblem } from './extra-problem.ts'
import { hasOnlyName, type WantedUser } from './wanted-user.ts'

export type ModeName = 'associated-node' | 'arbitrary-node' | 'serviceaccount' | 'user-info' | 'legacy'

/** One question; or one that is refused without being put. */
export interface Check {
  readonly access: Access
  /** Why it is refused, whatever rights the caller has. */
  readonly refusal?: string
  /** What is asked instead where this is not allowed. */
  readonly instead?: readonly Check[]
}

/** As whom the request goes on, and what has to be allowed for it. */
export interface ModePlan {
  readonly checks: readonly Check[]
  readonly user: User
  /** The verb that audit events tell; `''` for the oldest way. */
  readonly constraint: string
}

/** From so many values on the caller is asked first whether he may take on any. */
const manyValues = 4
const ownGroup = 'authentication.k8s.io'
const nodeNameKey = 'authentication.kubernetes.io/node-name'
const nodeKeysKey = 'authentication.kubernetes.io/associated-node-keys'

export const modeNames: readonly ModeName[] = [
  'associated-node',
  'arbitrary-node',
  'serviceaccount',
  'user-info',
  'legacy',
]

/** What a mode asks for `request` (the caller's own) to be made as `wanted`; undefined where it is not meant for such users. */
export function planMode(mode: ModeName, wanted: WantedUser, request: Access): ModePlan | undefined {
  if (mode === 'legacy') return legacyPlan(wanted, request)
  if (!fits(mode, wanted, request.user)) return undefined
  const asked = mode === 'associated-node' ? { ...request, user: withoutExtra(request.user) } : request
  const constraint = `impersonate:${mode}`
  const on: Check = { access: { ...asked, verb: `impersonate-on:${mode}:${request.verb}` } }
  const ask = askerOf(asked.user, constraint)
  return {
    checks: [
      on,
      nameCheck(mode, wanted, ask),
      ...uidChecks(wanted, ask),
      ...groupChecks(wanted, ask),
      ...extraChecks(wanted, ask),
    ],
    user: userOf(wanted, nodeOf(wanted.name) === undefined ? undefined : ['system:nodes']),
    constraint,
  }
}

type Ask = (of: Partial<Access>) => Check

function askerOf(user: User, verb: string): Ask {
  const blank = { group: ownGroup, version: 'v1', resource: '', subresource: '', namespace: '', name: '', path: '' }
  return (of) => ({ access: { ...blank, isResource: true, ...of, user, verb } })
}

function fits(mode: ModeName, wanted: WantedUser, caller: User): boolean {
  const node = nodeOf(wanted.name)
  const account = accountOf(wanted.name)
  if (mode === 'user-info') return node === undefined && account === undefined
  if (!hasOnlyName(wanted)) return false
  if (mode === 'serviceaccount') return account !== undefined
  return node !== undefined && (mode === 'arbitrary-node' || isOnNode(caller, node))
}

/** True for a service account whose token was made for a pod on the node. */
function isOnNode({ name, extra }: User, node: string): boolean {
  const own = extra?.[nodeNameKey] ?? []
  return accountOf(name) !== undefined && own.length === 1 && own[0] === node
}

/** The same right for every node that the account runs on: what names the node is left out of the question. */
function withoutExtra(user: User): User {
  return { ...user, extra: { [nodeKeysKey]: Object.keys(user.extra ?? {}).sort() } }
}

function nameCheck(mode: ModeName, { name }: WantedUser, ask: Ask): Check {
  const account = accountOf(name)
  if (account !== undefined) return ask({ resource: 'serviceaccounts', ...account })
  const node = nodeOf(name)
  if (node === undefined) return ask({ resource: 'users', name })
  return ask({ resource: 'nodes', name: mode === 'associated-node' ? '*' : node })
}

function uidChecks({ uid }: WantedUser, ask: Ask): readonly Check[] {
  return uid === '' ? [] : [ask({ resource: 'uids', name: uid })]
}

function groupChecks({ groups }: WantedUser, ask: Ask): readonly Check[] {
  const one = (name: string): Check => ask({ resource: 'groups', name })
  if (groups.includes('')) return [{ ...one(''), refusal: 'impersonating the empty string group is not allowed' }]
  if (groups.includes('system:masters')) {
    return [{ ...one('system:masters'), refusal: 'impersonating the system:masters group is not allowed' }]
  }
  const checks = groups.map(one)
  return groups.length < manyValues ? checks : [{ ...one('*'), instead: checks }]
}

function extraChecks({ extra }: WantedUser, ask: Ask): readonly Check[] {
  const resource = 'userextras'
  const problem = extraProblem(extra)
  if (problem !== undefined) return [{ ...ask({ resource }), refusal: problem }]
  const checks = valuesOf(extra).map(([subresource, name]) => ask({ resource, subresource, name }))
  const isLarge = checks.length >= manyValues
  return isLarge ? [{ ...ask({ resource, subresource: '*', name: '*' }), instead: checks }] : checks
}

function valuesOf(extra: WantedUser['extra']): readonly (readonly [key: string, value: string])[] {
  return Object.entries(extra).flatMap(([key, values]) => values.map((value) => [key, value] as const))
}

/** As ever since v1.3: users and groups are asked for in the core group, and nothing else is looked at. */
function legacyPlan(wanted: WantedUser, { user }: Access): ModePlan {
  const ask = askerOf(user, 'impersonate')
  const core = { group: '' }
  const account = accountOf(wanted.name)
  const whom =
    account === undefined ? { resource: 'users', name: wanted.name } : { resource: 'serviceaccounts', ...account }
  const groups = wanted.groups.map((name) => ask({ ...core, resource: 'groups', name }))
  const extra = valuesOf(wanted.extra).map(([subresource, name]) => ask({ resource: 'userextras', subresource, name }))
  return {
    checks: [
      ask({ ...(account === undefined ? core : {}), ...core, ...whom }),
      ...uidChecks(wanted, ask),
      ...groups,
      ...extra,
    ],
    user: userOf(wanted),
    constraint: '',
  }
}

/** The user whom the request then has, with the groups that he is in anyway. */
function userOf({ name, uid, groups, extra }: WantedUser, fixed?: readonly string[]): User {
  const account = accountOf(name)
  const own = account === undefined ? [] : serviceAccountUser(account.namespace, account.name).groups
  const asked = fixed ?? (groups.length === 0 ? own : groups)
  const rest = { ...(uid === '' ? {} : { uid }), ...(Object.keys(extra).length === 0 ? {} : { extra }) }
  if (name !== 'system:anonymous') return authenticated({ name, groups: asked, ...rest })
  return { name, groups: [...new Set([...asked, 'system:unauthenticated'])], ...rest }
}

function accountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user)
  const [, namespace = '', name = ''] = match ?? []
  const isAccount = match !== null && dnsLabel(namespace).length === 0 && dnsSubdomain(name).length === 0
  return isAccount ? { namespace, name } : undefined
}

function nodeOf(user: string): string | undefined {
  const prefix = 'system:node:'
  const name = user.slice(prefix.length)
  return user.startsWith(prefix) && dnsSubdomain(name).length === 0 ? name : undefined
}
