/** The status of a deployment: counts of its sets, and the conditions Available, Progressing and ReplicaFailure. */
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '#spec/kubernetes/objects/apps-v1.generated.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { conditionOf, withoutCondition } from '#kit/reconcile/conditions.ts'
import { maxUnavailableOf } from './annotations.ts'
import { sizeOf } from './rollout-maths.ts'

export interface StatusObserved {
  readonly deployment: Deployment
  readonly newSet: ReplicaSet | undefined
  readonly sets: readonly ReplicaSet[]
  readonly nowMs: number
}

/** No deadline where the field holds the largest number that fits. */
const noDeadline = 2_147_483_647

/** The deadline for progress, milliseconds; undefined where there is none. */
export function progressDeadlineMs(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds
  return seconds === undefined || seconds === noDeadline ? undefined : seconds * 1000
}

/** A condition as of now. */
export function deploymentCondition(
  nowMs: number,
  of: { readonly type: string; readonly status: string; readonly reason: string; readonly message: string },
): DeploymentCondition {
  const time = apiTime(nowMs)
  return { ...of, lastUpdateTime: time, lastTransitionTime: time }
}

/** Conditions with one put last; unchanged where status and reason stay, which keeps its update time. */
export function putCondition(
  conditions: readonly DeploymentCondition[] | undefined,
  next: DeploymentCondition,
): readonly DeploymentCondition[] {
  const known = conditionOf(conditions, next.type)
  if (known?.status === next.status && known.reason === next.reason) return conditions ?? []
  const kept =
    known?.status === next.status && known.lastTransitionTime !== undefined
      ? { lastTransitionTime: known.lastTransitionTime }
      : {}
  return [...withoutCondition(conditions, next.type), { ...next, ...kept }]
}

/** Counts and Available; Progressing stays as it was. */
export function baseStatus({ deployment, newSet, sets, nowMs }: StatusObserved): DeploymentStatus {
  const sum = (of: (set: ReplicaSet) => number | undefined): number =>
    sets.reduce((total, set) => total + (of(set) ?? 0), 0)
  const replicas = sum((set) => set.status?.replicas)
  const availableReplicas = sum((set) => set.status?.availableReplicas)
  const hasEnough = availableReplicas >= (deployment.spec.replicas ?? 1) - maxUnavailableOf(deployment)
  const available = deploymentCondition(nowMs, {
    type: 'Available',
    status: hasEnough ? 'True' : 'False',
    reason: hasEnough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: hasEnough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
  })
  const { collisionCount } = deployment.status ?? {}
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas,
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas,
    // Of those that are wanted by now, also where they are not made yet.
    unavailableReplicas: Math.max(0, sets.reduce((total, set) => total + sizeOf(set), 0) - availableReplicas),
    terminatingReplicas: sum((set) => set.status?.terminatingReplicas),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: putCondition(deployment.status?.conditions, available),
  }
}

/** The status during and after a rollout: with progress, success or a missed deadline told by Progressing. */
export function rolloutStatus(observed: StatusObserved): DeploymentStatus {
  const { deployment, sets, newSet } = observed
  const status = baseStatus(observed)
  const progressed = withProgress(observed, status)
  const failure = replicaFailureOf(newSet, sets)
  const conditions =
    failure === undefined
      ? withoutCondition(progressed, 'ReplicaFailure')
      : putCondition(progressed, { ...failure, lastUpdateTime: failure.lastTransitionTime ?? '' })
  return progressDeadlineMs(deployment) === undefined
    ? { ...status, conditions: withoutCondition(conditions, 'Progressing') }
    : { ...status, conditions }
}

function withProgress(
  { deployment, newSet, nowMs }: StatusObserved,
  status: DeploymentStatus,
): readonly DeploymentCondition[] {
  const conditions = status.conditions ?? []
  const known = conditionOf(conditions, 'Progressing')
  const wasComplete = status.replicas === status.updatedReplicas && known?.reason === 'NewReplicaSetAvailable'
  if (progressDeadlineMs(deployment) === undefined || wasComplete) return conditions
  const about =
    newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`
  const progressing = (state: string, reason: string, message: string): DeploymentCondition =>
    deploymentCondition(nowMs, { type: 'Progressing', status: state, reason, message: `${about} ${message}` })
  if (isComplete(deployment, status))
    return putCondition(conditions, progressing('True', 'NewReplicaSetAvailable', 'has successfully progressed.'))
  if (hasProgressed(deployment, status)) {
    const next = progressing('True', 'ReplicaSetUpdated', 'is progressing.')
    return renewed(conditions, next)
  }
  if (!hasTimedOut(deployment, known, nowMs)) return conditions
  return putCondition(conditions, progressing('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'))
}

/** Progress renews the deadline, so the update time moves even where nothing else does. */
function renewed(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
): readonly DeploymentCondition[] {
  const known = conditionOf(conditions, next.type)
  const kept =
    known?.status === next.status && known.lastTransitionTime !== undefined
      ? { lastTransitionTime: known.lastTransitionTime }
      : {}
  return [...withoutCondition(conditions, next.type), { ...next, ...kept }]
}

/** True when every wanted pod is of the new template and available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = deployment.spec.replicas ?? 1
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

function hasProgressed({ status: before = {} }: Deployment, now: DeploymentStatus): boolean {
  const oldOf = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas
  const grew = (of: (status: DeploymentStatus) => number | undefined): boolean => (of(now) ?? 0) > (of(before) ?? 0)
  return (
    oldOf(now) < oldOf(before) ||
    grew((status) => status.updatedReplicas) ||
    grew((status) => status.readyReplicas) ||
    grew((status) => status.availableReplicas)
  )
}

function hasTimedOut(deployment: Deployment, known: DeploymentCondition | undefined, nowMs: number): boolean {
  const deadlineMs = progressDeadlineMs(deployment)
  if (known === undefined || deadlineMs === undefined || known.reason === 'NewReplicaSetAvailable') return false
  if (known.reason === 'ProgressDeadlineExceeded') return true
  return (epochMsOf(known.lastUpdateTime) ?? nowMs) + deadlineMs < nowMs
}

/** Milliseconds until a rollout that makes no progress must be looked at again; undefined where nothing is under way. */
export function checkProgressAfterMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const deadlineMs = progressDeadlineMs(deployment)
  const known = conditionOf(status.conditions, 'Progressing')
  if (deadlineMs === undefined || known === undefined || deployment.spec.paused === true) return undefined
  if (
    isComplete(deployment, status) ||
    known.reason === 'ProgressDeadlineExceeded' ||
    known.reason === 'NewReplicaSetAvailable'
  )
    return undefined
  return Math.max(1000, (epochMsOf(known.lastUpdateTime) ?? nowMs) + deadlineMs - nowMs + 1000)
}

function replicaFailureOf(
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
): DeploymentCondition | undefined {
  const order = newSet === undefined ? sets : [newSet, ...sets.filter((set) => set !== newSet)]
  for (const set of order) {
    const failure = conditionOf(set.status?.conditions, 'ReplicaFailure')
    if (failure !== undefined) return failure
  }
  return undefined
}
