/** The cluster role aggregation controller: roles with an aggregation rule hold the rules of all roles that they select. */
import { matchesSelector, selectorFromObject } from '#base/data/label-selector.ts'
import { clusterRoles } from '#clients/kubernetes/resources.table.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { ClusterRole, PolicyRule } from '#spec/kubernetes/objects/rbac-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'

const manager = 'clusterrole-aggregation-controller'

/** The rules that an aggregating role should hold: each once, selector by selector, role by role in order of their names. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] {
  const others = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const rules: PolicyRule[] = []
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const requirements = selectorFromObject(selector)
    const found = others.filter(({ metadata }) => matchesSelector(requirements, metadata.labels))
    for (const rule of found.flatMap((other) => other.rules ?? []))
      if (!rules.some((one) => equalValues(one, rule))) rules.push(rule)
  }
  return rules
}

/** Writes the rules where they are not as they should be. */
export function planAggregation(role: ClusterRole, all: readonly ClusterRole[]): Plan {
  if (role.aggregationRule === undefined) return nothingToDo
  const rules = aggregatedRules(role, all)
  if (equalValues(rules, role.rules ?? [])) return nothingToDo
  const patch = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: role.metadata.name },
    rules,
  } as unknown as JsonObject
  return {
    subject: role,
    actions: [
      { do: 'patch', resource: clusterRoles, object: role, type: 'apply', patch, fieldManager: manager, force: true },
    ],
  }
}

/** Starts the controller. */
export function startRoleAggregation(context: ControllerContext): Controller {
  const cache = context.informers.of(clusterRoles)
  return createController(context, {
    name: 'clusterrole-aggregation',
    // Which role selects which is not worth an index: there are few, and a change of one may concern any.
    watches: [
      watch(cache, () =>
        cache.list().flatMap((role) => (role.aggregationRule === undefined ? [] : [role.metadata.name])),
      ),
    ],
    reconcile: (name) => {
      const role = cache.get(name)
      return role === undefined ? nothingToDo : planAggregation(role, cache.list())
    },
  })
}
