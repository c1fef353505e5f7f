/** The labels that stand for "pods like this one": those its services and its owner select together. */
import { type Requirement, selectorFromObject } from '#base/data/label-selector.ts'
import type { ClusterObjects } from '../cluster-objects.ts'
import type { PodRecord } from '../pod-record.ts'

/** Requirements of all services that select the pod, and of its controller; none when nothing selects it. */
export function defaultSelector(pod: PodRecord, objects: ClusterObjects): readonly Requirement[] {
  const requirements: Requirement[] = []
  for (const service of objects.services(pod.namespace)) {
    const selector = Object.entries(service.spec.selector ?? {})
    if (selector.length === 0 || !selector.every(([key, value]) => pod.labels?.[key] === value)) continue
    requirements.push(...selector.map(([key, value]) => ({ key, operator: 'in' as const, values: [value] })))
  }
  const owner = pod.pod.metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (owner === undefined) return requirements
  if (owner.kind === 'ReplicationController') {
    const selector = objects.replicationController(pod.namespace, owner.name)?.spec?.selector
    if (selector !== undefined) requirements.push(...selectorFromObject({ matchLabels: selector }))
    return requirements
  }
  const selector =
    owner.kind === 'ReplicaSet'
      ? objects.replicaSet(pod.namespace, owner.name)?.spec?.selector
      : owner.kind === 'StatefulSet'
        ? objects.statefulSet(pod.namespace, owner.name)?.spec?.selector
        : undefined
  if (selector !== undefined) requirements.push(...selectorFromObject(selector))
  return requirements
}
