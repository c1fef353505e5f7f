/** Rules of aggregated cluster roles: the union of the rules of the roles that they select. */
import { matchesSelector, type LabelSelectorObject, selectorFromObject } from '#base/data/label-selector.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { equalJson, listAt, objectAt } from '../api-object.ts'

/** The objects, aggregated roles with their rules filled in (also where one aggregate selects another). */
export function withAggregatedRules(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  let now = objects
  // Aggregates of aggregates need as many rounds as they are deep: admin takes in edit, which takes in view.
  for (let round = 0; round < 3; round++) now = now.map((object) => filled(object, now))
  return now
}

function filled(role: KubernetesObject, all: readonly KubernetesObject[]): KubernetesObject {
  const selectors = listAt(role, 'aggregationRule', 'clusterRoleSelectors')
  if (role.kind !== 'ClusterRole' || selectors.length === 0) return role
  const others = all.filter((other) => other !== role && other.kind === 'ClusterRole')
  const rules: unknown[] = []
  for (const selector of selectors) {
    const requirements = selectorFromObject(selector as LabelSelectorObject)
    const selected = others.filter(({ metadata }) => matchesSelector(requirements, metadata.labels))
    for (const rule of selected.flatMap((other) => listAt(objectAt(other), 'rules')))
      if (!rules.some((one) => equalJson(one, rule))) rules.push(rule)
  }
  return { ...role, rules } as KubernetesObject
}
