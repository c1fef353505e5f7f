/**
 * Role-based access control: who is bound to which rules, worked out from the roles and bindings in the cache and kept
 * until one of them changes.
 */
import { listAt, objectAt, textAt } from '../api-object.ts'
import type { ApiObject } from '../api-object.ts'
import type { User } from '../user.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import {
  type Access,
  type Authorizer,
  type Decision,
  joinedProblems,
  type PolicyRule,
  type UserRules,
} from './access.ts'
import { ruleCovers } from './match-rule.ts'

const group = 'rbac.authorization.k8s.io'
const storages = {
  roles: `${group}/roles`,
  roleBindings: `${group}/rolebindings`,
  clusterRoles: `${group}/clusterroles`,
  clusterRoleBindings: `${group}/clusterrolebindings`,
} as const

/** One binding of one subject. */
interface Grant {
  /** `''` for the whole cluster. */
  readonly namespace: string
  readonly rules: readonly PolicyRule[]
  /** Set where the role of the binding is not there. */
  readonly missing: string | undefined
  /** `ClusterRoleBinding "a" of ClusterRole "b" to Group "c"`. */
  readonly description: string
}

interface Index {
  readonly stamp: string
  /** Grants by `user:NAME` and `group:NAME`. */
  readonly grants: ReadonlyMap<string, readonly Grant[]>
}

const serviceAccountPrefix = 'system:serviceaccount:'

/** The RBAC authorizer of a server. */
export class Rbac implements Authorizer {
  readonly #cache: ObjectCache
  #index: Index | undefined

  constructor(cache: ObjectCache) {
    this.#cache = cache
  }

  decide(access: Access): Decision {
    for (const grant of this.#grantsOf(access.user, access.namespace)) {
      if (grant.rules.some((rule) => ruleCovers(rule, access)))
        return { allowed: true, reason: `RBAC: allowed by ${grant.description}` }
    }
    return { allowed: false, reason: this.#whyNot(access) }
  }

  /** Roles that bindings of the user name and that are not there: with them the answer might be another. */
  #whyNot({ user, namespace }: Access): string {
    const missing = Array.from(this.#grantsOf(user, namespace)).flatMap((grant) => grant.missing ?? [])
    return missing.length === 0 ? '' : `RBAC: ${joinedProblems(missing)}`
  }

  rulesOf(user: User, namespace: string): UserRules {
    const grants = [...this.#grantsOf(user, namespace)]
    const rules = grants.flatMap((grant) => grant.rules)
    const missing = grants.flatMap((grant) => grant.missing ?? [])
    return {
      resourceRules: rules.filter((rule) => (rule.resources ?? []).length > 0),
      nonResourceRules: rules.filter((rule) => (rule.nonResourceURLs ?? []).length > 0),
      ...(missing.length === 0 ? {} : { error: joinedProblems(missing) }),
    }
  }

  /** The rules of a role as they are now; undefined for a role that is not there. */
  rulesOfRole(kind: string, namespace: string, name: string): readonly PolicyRule[] | undefined {
    const role = this.#role(kind, namespace, name)
    return role === undefined ? undefined : (listAt(role, 'rules') as unknown as readonly PolicyRule[])
  }

  #role(kind: string, namespace: string, name: string): ApiObject | undefined {
    const isCluster = kind === 'ClusterRole'
    const collection = this.#cache.collection(isCluster ? storages.clusterRoles : storages.roles)
    return collection.get(isCluster ? name : `${namespace}/${name}`)?.value
  }

  *#grantsOf(user: User, namespace: string): Generator<Grant, void, undefined> {
    const { grants } = this.#current()
    for (const subject of [`user:${user.name}`, ...user.groups.map((name) => `group:${name}`)]) {
      for (const grant of grants.get(subject) ?? [])
        if (grant.namespace === '' || grant.namespace === namespace) yield grant
    }
  }

  #current(): Index {
    const stamp = Object.values(storages)
      .map((storage) => this.#cache.collection(storage).lastChange)
      .join()
    if (this.#index?.stamp !== stamp) this.#index = { stamp, grants: this.#build() }
    return this.#index
  }

  #build(): ReadonlyMap<string, readonly Grant[]> {
    const grants = new Map<string, Grant[]>()
    for (const storage of [storages.clusterRoleBindings, storages.roleBindings])
      for (const { value } of this.#cache.collection(storage).range()) this.#add(grants, value)
    return grants
  }

  #add(grants: Map<string, Grant[]>, binding: ApiObject): void {
    const role = objectAt(binding, 'roleRef')
    const namespace = binding.metadata.namespace ?? ''
    const kind = textAt(role, 'kind')
    const roleName = textAt(role, 'name')
    const found = this.#role(kind, namespace, roleName)
    const rules = listAt(found, 'rules') as unknown as readonly PolicyRule[]
    const missing =
      found === undefined ? `${kind.toLowerCase()}.${group} ${JSON.stringify(roleName)} not found` : undefined
    if (rules.length === 0 && missing === undefined) return
    const where = namespace === '' ? binding.metadata.name : `${binding.metadata.name ?? ''}/${namespace}`
    for (const subject of listAt(binding, 'subjects')) {
      const key = subjectKey(subject)
      const name = textAt(subject, 'name')
      const shown = textAt(subject, 'kind') === 'ServiceAccount' ? `${name}/${textAt(subject, 'namespace')}` : name
      const description = `${binding.kind} ${JSON.stringify(where ?? '')} of ${kind} ${JSON.stringify(roleName)} to ${textAt(subject, 'kind')} ${JSON.stringify(shown)}`
      const list = grants.get(key)
      const grant = { namespace, rules, missing, description }
      if (list === undefined) grants.set(key, [grant])
      else list.push(grant)
    }
  }
}

function subjectKey(subject: unknown): string {
  const kind = textAt(subject, 'kind')
  const name = textAt(subject, 'name')
  if (kind === 'Group') return `group:${name}`
  if (kind === 'ServiceAccount') return `user:${serviceAccountPrefix}${textAt(subject, 'namespace')}:${name}`
  return `user:${name}`
}
