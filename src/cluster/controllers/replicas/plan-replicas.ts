/**
 * Decides what keeps a wanted number of equal pods: for ReplicaSets and, in their shape, for ReplicationControllers
 * (pkg/controller/replicaset, v1.36).
 */
import { podDeleted, podMade } from '../workloads/told-pods.ts'
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { conditionOf, withCondition, withoutCondition } from '#kit/reconcile/conditions.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { claimObjects } from '#kit/reconcile/owner-references.ts'
import type { Action, Plan, PlanFailure } from '#kit/reconcile/plan.ts'
import { isPodActive, isPodAvailable, isPodReady, isPodTerminating, nextAvailableInMs } from '../workloads/pod-state.ts'
import { podFromTemplate } from '../workloads/pod-from-template.ts'
import { isSameStatus } from '../workloads/same-status.ts'
import { requirementsOf } from '../workloads/selector-of.ts'
import { rankForDeletion } from './rank-for-deletion.ts'

/** Pods made or deleted by one plan. */
const burstMost = 500

export interface ReplicasObserved {
  /** The set, or a ReplicationController seen as one. */
  readonly set: ReplicaSet
  /** Pods that it controls and pods of its namespace that nobody controls. */
  readonly candidates: readonly Pod[]
  /** Active pods of sets with the same owner, its own among them; asked for when some are to go. */
  readonly related: () => readonly Pod[]
  readonly pods: ApiResource<Pod>
  readonly nowMs: number
}

/** The new state of a set, for whoever writes it in the set's own type. */
export interface ReplicasPlan {
  readonly plan: Omit<Plan, 'status'>
  /** Left out when the status is as it should be. */
  readonly status: ReplicaSetStatus | undefined
  readonly statusAfterFailure: (failure: PlanFailure) => ReplicaSetStatus
}

/** The plan for one set. */
export function planReplicas(observed: ReplicasObserved): ReplicasPlan {
  const { set, pods, nowMs } = observed
  const claim = claimObjects(observed.candidates, {
    owner: set,
    selector: requirementsOf(set.spec.selector),
    resource: pods,
  })
  const active = claim.owned.filter(isPodActive)
  const scaling = set.metadata.deletionTimestamp === undefined ? scale(observed, active) : []
  const status = statusOf(observed, claim.owned)
  const waitMs = nextAvailableInMs(active, set.spec.minReadySeconds ?? 0, nowMs)
  return {
    plan: {
      subject: set,
      actions: [...claim.actions, ...scaling],
      ...(waitMs === undefined ? {} : { lookAgainAfterMs: waitMs }),
    },
    status: isSameStatus(status, set.status) ? undefined : status,
    statusAfterFailure: (failure) => withFailure(status, failure, observed),
  }
}

function scale(observed: ReplicasObserved, active: readonly Pod[]): readonly Action[] {
  const { set, pods: resource } = observed
  const missing = (set.spec.replicas ?? 1) - active.length
  if (missing > 0) {
    const object = podFromTemplate(set, set.spec.template)
    return Array.from({ length: Math.min(missing, burstMost) }, () => ({
      do: 'create',
      resource,
      object,
      told: podMade,
    }))
  }
  if (missing === 0) return []
  const order = rankForDeletion(active, observed.related(), observed.nowMs)
  const going = order.slice(0, Math.min(-missing, burstMost))
  return going.map((object) => ({ do: 'delete', resource, object, told: podDeleted }))
}

function statusOf({ set, nowMs }: ReplicasObserved, owned: readonly Pod[]): ReplicaSetStatus {
  const active = owned.filter(isPodActive)
  const labels = Object.entries(set.spec.template?.metadata?.labels ?? {})
  const count = (holds: (pod: Pod) => boolean): number => active.filter(holds).length
  const conditions = withoutCondition(set.status?.conditions, 'ReplicaFailure')
  return {
    replicas: active.length,
    fullyLabeledReplicas: count((pod) => labels.every(([key, value]) => pod.metadata.labels?.[key] === value)),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)),
    terminatingReplicas: owned.filter(isPodTerminating).length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  }
}

/**
 * A failure that is told of already stays as it is: what a server says of a refused pod names the pod, so that each try
 * would read differently, be written, and bring the next try at once.
 */
function withFailure(
  status: ReplicaSetStatus,
  { action, message }: PlanFailure,
  { set, nowMs }: ReplicasObserved,
): ReplicaSetStatus {
  if (action.do !== 'create' && action.do !== 'delete') return status
  const condition: ReplicaSetCondition = conditionOf(set.status?.conditions, 'ReplicaFailure') ?? {
    type: 'ReplicaFailure',
    status: 'True',
    reason: action.do === 'create' ? 'FailedCreate' : 'FailedDelete',
    message,
    lastTransitionTime: apiTime(nowMs),
  }
  return { ...status, conditions: withCondition(status.conditions, condition) }
}
