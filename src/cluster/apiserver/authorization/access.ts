/** Questions of authorisation and their answers. */
import type { User } from '../user.ts'

/** May this user do that? */
export interface Access {
  readonly user: User
  readonly verb: string
  /** False for paths that are no resource: then only `path` counts. */
  readonly isResource: boolean
  readonly group: string
  readonly version?: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly path: string
  /** What a list, a watch or a deletion of many is about, as the client wrote it. */
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

export interface Decision {
  readonly allowed: boolean
  /** True when somebody forbids it: whoever comes after is not asked. Otherwise nobody had anything against it. */
  readonly denied?: boolean
  /** Why, as access reviews show it; `''` when nobody had an opinion. */
  readonly reason: string
  /** What went wrong on the way; a request that is not allowed then fails with it. */
  readonly error?: string
}

/** What a user may do, for rules reviews. */
export interface UserRules {
  readonly resourceRules: readonly PolicyRule[]
  readonly nonResourceRules: readonly PolicyRule[]
  /** True where the user may do more than the rules tell. */
  readonly incomplete?: boolean
  /** Why the rules are not all. */
  readonly error?: string
}

/** One rule of a role. */
export interface PolicyRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export interface Authorizer {
  /** At once, or later where somebody outside has to be asked. */
  decide(access: Access): Decision | Promise<Decision>
  rulesOf(user: User, namespace: string): UserRules
}

/** Goes on with a decision: in the same moment where it is there already, so that it costs no promise. */
export function whenDecided<T>(
  decision: Decision | Promise<Decision>,
  go: (decision: Decision) => T | Promise<T>,
): T | Promise<T> {
  return decision instanceof Promise ? decision.then(go) : go(decision)
}

/** Problems in one sentence, as upstream puts them together. */
export function joinedProblems(problems: readonly string[]): string {
  const distinct = [...new Set(problems)]
  return distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`
}

/** The sentence of a 403, with why where somebody knows. */
export function refusalOf(access: Access, reason = ''): string {
  return reason === '' ? sentenceOf(access) : `${sentenceOf(access)}: ${reason}`
}

function sentenceOf(access: Access): string {
  const { user, verb, group, resource, subresource, namespace, path } = access
  if (!access.isResource) return `User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}`
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  return `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`
}
