/** Scopes of quotas: which pods and claims a quota is about (pkg/quota/v1/evaluator/core, v1.36). */
import type {
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from '../objects/core-v1.generated.ts'

type Requirement = Pick<ScopedResourceSelectorRequirement, 'scopeName' | 'operator' | 'values'>

/** All scopes of a quota as requirements. */
export function scopesOf({ scopes, scopeSelector }: ResourceQuotaSpec): readonly Requirement[] {
  const plain = (scopes ?? []).map((scopeName): Requirement => ({ scopeName, operator: 'Exists' }))
  return [...plain, ...(scopeSelector?.matchExpressions ?? [])]
}

/** Whether a pod ends by itself. */
export function isTerminating({ spec }: Pod): boolean {
  return spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
}

/** Whether a pod is in a scope. */
export function podInScope(pod: Pod, requirement: Requirement): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(pod)
    case 'NotTerminating':
      return !isTerminating(pod)
    case 'BestEffort':
      return isBestEffort(pod)
    case 'NotBestEffort':
      return !isBestEffort(pod)
    case 'PriorityClass':
      return namesMatch([pod.spec.priorityClassName ?? ''], requirement)
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod)
    default:
      return false
  }
}

/** Whether a claim is in a scope. */
export function claimInScope({ spec, status }: PersistentVolumeClaim, requirement: Requirement): boolean {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false
  const names = [
    spec?.volumeAttributesClassName ?? '',
    status?.currentVolumeAttributesClassName ?? '',
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName ?? '',
  ]
  const given = [...new Set(names.filter((name) => name !== ''))]
  return given.length === 0 ? namesMatch([''], requirement) : given.some((name) => namesMatch([name], requirement))
}

function namesMatch([name = '']: readonly string[], { operator, values }: Requirement): boolean {
  switch (operator) {
    case 'Exists':
      return name !== ''
    case 'DoesNotExist':
      return name === ''
    case 'In':
      return name !== '' && values?.includes(name) === true
    default:
      return values?.includes(name) !== true
  }
}

const computing = ['cpu', 'memory'] as const

function isBestEffort({ spec }: Pod): boolean {
  const holders = [spec, ...spec.containers, ...(spec.initContainers ?? [])]
  return holders.every(({ resources }) =>
    [resources?.requests, resources?.limits].every((list) => computing.every((name) => isNothing(list?.[name]))),
  )
}

const isNothing = (amount: string | undefined): boolean => amount === undefined || /^0+(\.0*)?[A-Za-z]*$/.test(amount)

function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  return [podAffinity, podAntiAffinity].some(
    (affinity) =>
      (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(crosses) ||
      (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).some(({ podAffinityTerm }) =>
        crosses(podAffinityTerm),
      ),
  )
}

function crosses({ namespaces, namespaceSelector }: PodAffinityTerm): boolean {
  return (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined
}
