/** What a job's pod failure policy says about a failed pod: the first rule that fits decides (batch/v1, v1.36). */
import type { Job, PodFailurePolicyAction, PodFailurePolicyRule } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'

export interface FailureVerdict {
  readonly action: PodFailurePolicyAction
  readonly message: string
}

/** The verdict; pods that no rule fits count. */
export function judgeFailure(job: Job, pod: Pod): FailureVerdict {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const message = exitCodeMatch(rule, pod, index) ?? conditionMatch(rule, pod, index)
    if (message !== undefined) return { action: rule.action, message }
  }
  return { action: 'Count', message: '' }
}

function shown(pod: Pod): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`
}

function exitCodeMatch(rule: PodFailurePolicyRule, pod: Pod, index: number): string | undefined {
  const requirement = rule.onExitCodes
  if (requirement === undefined) return undefined
  const { containerName, operator, values } = requirement
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  const ended = statuses.map(({ name, state }) => ({ name, code: state?.terminated?.exitCode ?? 0 }))
  const match = ended.find(
    ({ name, code }) =>
      code !== 0 &&
      (containerName === undefined || containerName === name) &&
      values.includes(code) === (operator === 'In'),
  )
  if (match === undefined) return undefined
  return `Container ${match.name} for pod ${shown(pod)} failed with exit code ${match.code} matching ${rule.action} rule at index ${index}`
}

function conditionMatch(rule: PodFailurePolicyRule, pod: Pod, index: number): string | undefined {
  for (const pattern of rule.onPodConditions ?? []) {
    const status = pattern.status ?? 'True'
    const found = pod.status?.conditions?.some(
      (condition) => condition.type === pattern.type && condition.status === status,
    )
    if (found === true)
      return `Pod ${shown(pod)} has condition ${pattern.type} matching ${rule.action} rule at index ${index}`
  }
  return undefined
}
