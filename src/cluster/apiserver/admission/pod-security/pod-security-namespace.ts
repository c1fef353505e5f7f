/**
 * PodSecurity for namespaces: labels that cannot be read are refused where they are set, and who enforces more than before is
 * told which pods are already there that could not be created any more.
 */
import { type ApiObject, equalJson, objectAt } from '../../api-object.ts'
import { invalid } from '../../status-errors.ts'
import type { AdmissionRequest } from '../admission.ts'
import { violationsOf } from './pod-security-checks.ts'
import { type LevelVersion, printLevel, securityPolicyOf, strictness } from './pod-security-policy.ts'

/** Pods of a namespace that are looked at, as upstream bounds them. */
const podsMax = 3000

/** Checks a namespace that is written. @throws 422 for labels that cannot be read and were not there before. */
export function checkNamespace(request: AdmissionRequest): void {
  const { object, old, name, view } = request
  const policy = securityPolicyOf(object?.metadata.labels ?? {})
  const before = old === undefined ? undefined : securityPolicyOf(old.metadata.labels ?? {})
  if (policy.causes.length > 0 && !equalJson(policy.causes, before?.causes))
    throw invalid({ group: '', resource: 'Namespace', name }, policy.causes)
  if (before === undefined || !isStricter(policy.enforce, before.enforce)) return
  for (const text of podWarnings(name, policy.enforce, view.list('/pods', name))) request.warn(text)
}

function isStricter(now: LevelVersion, before: LevelVersion): boolean {
  if (now.level === 'privileged') return false
  return now.version !== before.version || strictness(now) > strictness(before)
}

/** What to tell of the pods of a namespace that enforces a level from now on; pods that violate the same are told together. */
export function podWarnings(namespace: string, enforce: LevelVersion, pods: readonly ApiObject[]): readonly string[] {
  const checked = pods.slice(0, podsMax)
  const violating = checked.flatMap((pod) => {
    const found = violationsOf(enforce, { annotations: pod.metadata.annotations ?? {}, spec: objectAt(pod, 'spec') })
    return found.length === 0
      ? []
      : [{ name: pod.metadata.name ?? '', why: found.map(({ reason }) => reason).join(', ') }]
  })
  const lines = [...Map.groupBy(violating, ({ why }) => why)].map(([why, group]) => {
    const [first = ''] = group.map(({ name }) => name).toSorted()
    return `${first}${others(group.length - 1)}: ${why}`
  })
  return [
    ...(checked.length < pods.length
      ? [
          `new PodSecurity enforce level only checked against the first ${checked.length} of ${pods.length} existing pods`,
        ]
      : []),
    ...(lines.length === 0
      ? []
      : [
          `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(printLevel(enforce))}`,
        ]),
    ...lines.toSorted(),
  ]
}

function others(count: number): string {
  if (count === 0) return ''
  return count === 1 ? ' (and 1 other pod)' : ` (and ${count} other pods)`
}
