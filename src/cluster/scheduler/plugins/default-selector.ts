/** The labels that stand for "pods like this one": those its services and its owner select together. */
import { type Requirement, selectorFromObject } from '#base/data/label-selector.ts'
import type { LabelSelector } from '#spec/kubernetes/objects/meta-v1.generated.ts'
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
  requirements.push(...ownerSelector(pod, objects))
  return requirements
}

function ownerSelector({ pod, namespace }: PodRecord, objects: ClusterObjects): readonly Requirement[] {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)
  switch (owner?.kind) {
    case 'ReplicationController': {
      const matchLabels = objects.replicationController(namespace, owner.name)?.spec?.selector
      return matchLabels === undefined ? [] : selectorFromObject({ matchLabels })
    }
    case 'ReplicaSet':
      return requirementsOf(objects.replicaSet(namespace, owner.name)?.spec?.selector)
    case 'StatefulSet':
      return requirementsOf(objects.statefulSet(namespace, owner.name)?.spec?.selector)
    default:
      return []
  }
}

function requirementsOf(selector: LabelSelector | undefined): readonly Requirement[] {
  return selector === undefined ? [] : selectorFromObject(selector)
}
