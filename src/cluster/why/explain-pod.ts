/** Why a pod is as it is: waiting for a node, for its containers, restarting, not ready, not going away. */
import { conditionOf } from '#kit/reconcile/conditions.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import type { ContainerStatus, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { deletionFindings } from './explain-deletion.ts'
import { type Explanation, type Finding, finding } from './finding.ts'
import { type Surroundings, warningsAbout } from './surroundings.ts'

/** True for a pod that does what it is meant to. */
export function isPodWell({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false
  return status?.phase === 'Succeeded' || conditionOf(status?.conditions, 'Ready')?.status === 'True'
}

/** Explains a pod. */
export function explainPod(pod: Pod, around: Surroundings): Omit<Explanation, 'subject'> {
  const { metadata, spec, status } = pod
  const restarts = restartFindings(pod)
  if (metadata.deletionTimestamp !== undefined)
    return {
      answer: 'It is being deleted.',
      findings: [...deletionFindings(pod, around.nowMs), ...nodeFinding(pod, around)],
    }
  if (status?.phase === 'Succeeded') return { answer: 'Its containers have ended with success.', findings: [] }
  if (status?.phase === 'Failed')
    return { answer: failedAnswer(pod), findings: [...containerFindings(pod), ...warningsAbout(pod, around.events)] }
  if (spec.nodeName === undefined || spec.nodeName === '')
    return {
      answer: 'It waits for a node.',
      findings: [...(unheardScheduler(pod) ?? around.placement(pod)), ...claimFindings(pod, around)],
    }
  if (isPodWell(pod)) return { answer: `It runs on ${spec.nodeName} and is ready.`, findings: restarts }
  const causes = [...nodeFinding(pod, around), ...containerFindings(pod), ...gateFindings(pod)]
  return {
    answer:
      status?.phase === 'Running'
        ? `It runs on ${spec.nodeName} and is not ready.`
        : `It waits for its containers on ${spec.nodeName}.`,
    findings: [...causes, ...restarts, ...warningsAbout(pod, around.events)],
  }
}

/** A scheduler of another name that has said nothing of the pod may not be there at all. */
function unheardScheduler({ spec, status }: Pod): readonly Finding[] | undefined {
  const { schedulerName = 'default-scheduler' } = spec
  if (schedulerName === 'default-scheduler' || conditionOf(status?.conditions, 'PodScheduled') !== undefined)
    return undefined
  const remedy = 'Start that scheduler, or make the pod anew without schedulerName.'
  return [finding(`it wants the scheduler ${schedulerName}, which has not said anything of it`, [], remedy)]
}

function failedAnswer({ status }: Pod): string {
  const { reason = '', message = '' } = status ?? {}
  return `It has failed${reason === '' ? '' : ` (${reason})`}${message === '' ? '.' : `: ${message}`}`
}

function allStatuses({ status }: Pod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}

/** What helps, by the reason that kubelets give for a waiting container. */
const remedies: Readonly<Record<string, string>> = {
  ImagePullBackOff: 'Check the name of the image, and imagePullSecrets where its registry wants a login.',
  ErrImagePull: 'Check the name of the image, and imagePullSecrets where its registry wants a login.',
  InvalidImageName: 'Correct the name of the image.',
  ErrImageNeverPull: 'Bring the image to the node, or let imagePullPolicy be IfNotPresent.',
  CreateContainerConfigError: 'Make the config map or secret that the container names, or mark the reference optional.',
  CrashLoopBackOff: 'Read what it wrote before it ended: kubectl logs --previous.',
}

function containerFindings(pod: Pod): readonly Finding[] {
  const init = new Set((pod.status?.initContainerStatuses ?? []).map(({ name }) => name))
  return allStatuses(pod).flatMap((status) => {
    const word = init.has(status.name) ? 'init container' : 'container'
    const { waiting, terminated, running } = status.state ?? {}
    if (waiting !== undefined) return waitingFinding(`${word} ${status.name}`, waiting)
    if (terminated !== undefined && terminated.exitCode !== 0)
      return finding(`${word} ${status.name} ended ${endText(terminated)}`)
    if (running !== undefined && !status.ready && !init.has(status.name)) return unreadyFinding(pod, status)
    return []
  })
}

function waitingFinding(
  what: string,
  { reason = '', message = '' }: { readonly reason?: string; readonly message?: string },
): readonly Finding[] {
  // Nothing has gone wrong yet: the kubelet is at work.
  if (message === '' && (reason === 'ContainerCreating' || reason === 'PodInitializing'))
    return [finding(`${what} is being made (${reason})`)]
  return [finding(`${what} waits: ${reason}${message === '' ? '' : `, ${message}`}`, [], remedies[reason] ?? '')]
}

function unreadyFinding(pod: Pod, status: ContainerStatus): Finding {
  const container = pod.spec.containers.find(({ name }) => name === status.name)
  if (status.started === false && container?.startupProbe !== undefined)
    return finding(`container ${status.name} runs, and its startup probe has not succeeded yet`)
  return container?.readinessProbe === undefined
    ? finding(`container ${status.name} runs and is not reported ready`)
    : finding(
        `container ${status.name} runs, and its readiness probe fails`,
        [],
        'The probe and its limits are in the pod: kubectl describe pod.',
      )
}

function endText({
  exitCode,
  reason = '',
  signal,
}: {
  readonly exitCode: number
  readonly reason?: string
  readonly signal?: number
}): string {
  const by = signal === undefined || signal === 0 ? `with exit code ${exitCode}` : `by signal ${signal}`
  return reason === '' || reason === 'Error' ? by : `${by} (${reason})`
}

function restartFindings(pod: Pod): readonly Finding[] {
  return allStatuses(pod).flatMap(({ name, restartCount, lastState }) => {
    const last = lastState?.terminated
    if (restartCount === 0 || last === undefined) return []
    const times = restartCount === 1 ? 'once' : `${restartCount} times`
    const remedy =
      last.reason === 'OOMKilled'
        ? 'It needs more memory than its limit: raise resources.limits.memory or let it use less.'
        : ''
    return [finding(`container ${name} was restarted ${times}; last it ended ${endText(last)}`, [], remedy)]
  })
}

function gateFindings({ spec, status }: Pod): readonly Finding[] {
  return (spec.readinessGates ?? [])
    .filter(({ conditionType }) => conditionOf(status?.conditions, conditionType)?.status !== 'True')
    .map(({ conditionType }) => finding(`readiness gate ${conditionType} is not "True"`))
}

function nodeFinding({ spec }: Pod, { nodes, nowMs }: Surroundings): readonly Finding[] {
  const { nodeName = '' } = spec
  if (nodeName === '') return []
  const node = nodes.find(({ metadata }) => metadata.name === nodeName)
  if (node === undefined) return [finding(`its node ${nodeName} is gone`)]
  const ready = conditionOf(node.status?.conditions, 'Ready')
  if (ready?.status === 'True') return []
  const sinceMs = epochMsOf(ready?.lastTransitionTime)
  const since = sinceMs === undefined ? '' : ` for ${Math.round((nowMs - sinceMs) / 1000)} s`
  return [finding(`its node ${nodeName} is not ready${since}: ${ready?.message ?? 'it has not reported yet'}`)]
}

function claimFindings(pod: Pod, { claims }: Surroundings): readonly Finding[] {
  return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => {
    if (persistentVolumeClaim === undefined) return []
    const name = persistentVolumeClaim.claimName
    const claim = claims.find(({ metadata }) => metadata.name === name)
    if (claim === undefined)
      return finding(`claim ${name} does not exist`, [], `Make the PersistentVolumeClaim ${name}.`)
    if (claim.status?.phase === 'Bound') return []
    return finding(`claim ${name} is ${claim.status?.phase ?? 'Pending'}`, [], `gantry why pvc/${name} says why.`)
  })
}
