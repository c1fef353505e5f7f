/** Nobody grants more than he has: roles and bindings are refused unless the writer holds their rules, `escalate` or `bind`. */
import type { Access, PolicyRule, Authorizer } from '../authorization/access.ts'
import { breakDown, rulesCover } from '../authorization/match-rule.ts'
import { type ApiObject, equalJson, listAt, textAt } from '../api-object.ts'
import { forbidden, notFound } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'

const group = 'rbac.authorization.k8s.io'

/** Reads the rules of a role as it is now. */
export interface RoleRules {
  rulesOfRole(kind: string, namespace: string, name: string): readonly PolicyRule[] | undefined
}

/** The step, with the authoriser whose rules count. */
export function rbacEscalation(authorizer: Authorizer, roles: RoleRules): AdmissionStep {
  return {
    name: 'RbacEscalation',
    applies: (resource, operation) => resource.group === group && (operation === 'CREATE' || operation === 'UPDATE'),
    // It changes nothing, but upstream refuses before it looks whether the object is valid.
    mutate: (request, object) => {
      const { old, user } = request
      if (user.groups.includes('system:masters')) return object
      if (request.resource.resource.endsWith('bindings'))
        return checkBinding({ authorizer, roles }, request, object).then(() => object)
      const isChanged = old === undefined || !equalJson(old['rules'], object['rules'])
      return isChanged ? checkRole(authorizer, request, object).then(() => object) : object
    },
  }
}

async function may(
  authorizer: Authorizer,
  request: AdmissionRequest,
  access: Pick<Access, 'verb' | 'resource' | 'name'>,
): Promise<boolean> {
  const { user, namespace } = request
  const question = { user, isResource: true, group, subresource: '', namespace, path: '', ...access }
  return (await authorizer.decide(question)).allowed
}

async function checkRole(authorizer: Authorizer, request: AdmissionRequest, role: ApiObject): Promise<void> {
  const { resource, name } = request
  if (await may(authorizer, request, { verb: 'escalate', resource: resource.resource, name })) return
  refuseMissing(authorizer, request, listAt(role, 'rules') as unknown as readonly PolicyRule[])
}

interface Parts {
  readonly authorizer: Authorizer
  readonly roles: RoleRules
}

async function checkBinding(
  { authorizer, roles }: Parts,
  request: AdmissionRequest,
  binding: ApiObject,
): Promise<void> {
  const { old, namespace } = request
  if (
    old !== undefined &&
    equalJson(old['roleRef'], binding['roleRef']) &&
    equalJson(old['subjects'], binding['subjects'])
  )
    return
  const kind = textAt(binding, 'roleRef', 'kind')
  const name = textAt(binding, 'roleRef', 'name')
  const resource = kind === 'ClusterRole' ? 'clusterroles' : 'roles'
  if (await may(authorizer, request, { verb: 'bind', resource, name })) return
  const rules = roles.rulesOfRole(kind, namespace, name)
  // Upstream names the role as if it were a binding.
  if (rules === undefined) throw notFound({ group, resource: request.resource.resource, name })
  refuseMissing(authorizer, request, rules)
}

function refuseMissing(authorizer: Authorizer, request: AdmissionRequest, wanted: readonly PolicyRule[]): void {
  const { user, namespace, resource, name } = request
  const owned = authorizer.rulesOf(user, namespace)
  const all = [...owned.resourceRules, ...owned.nonResourceRules]
  const missing = wanted.flatMap(breakDown).filter((rule) => !rulesCover(all, rule))
  if (missing.length === 0) return
  const groups = user.groups.map((one) => JSON.stringify(one)).join(' ')
  const lines = [...new Set(compact(missing).map(printRule))].toSorted()
  const unresolved = owned.error === undefined ? '' : `; resolution errors: [${owned.error}]`
  const why = `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${unresolved}`
  throw forbidden({ group, resource: resource.resource, name }, why)
}

/** Parts that differ only in their verbs, put together again. */
function compact(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const byRest = Map.groupBy(rules, (rule) => JSON.stringify({ ...rule, verbs: [] }))
  return [...byRest.values()].map((same) => ({ ...(same[0] as PolicyRule), verbs: same.flatMap((rule) => rule.verbs) }))
}

function printRule(rule: PolicyRule): string {
  const list = (name: string, values: readonly string[] | undefined): readonly string[] =>
    values === undefined || values.length === 0
      ? []
      : [`${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`]
  const parts = [
    ...list('APIGroups', rule.apiGroups),
    ...list('Resources', rule.resources),
    ...list('NonResourceURLs', rule.nonResourceURLs),
    ...list('ResourceNames', rule.resourceNames),
    ...list('Verbs', rule.verbs),
  ]
  return `{${parts.join(', ')}}`
}
