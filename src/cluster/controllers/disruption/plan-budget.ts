/** Decides a PodDisruptionBudget's status: how many of its pods may be disrupted now (pkg/controller/disruption, v1.36). */
import { podDisruptionBudgets } from '#clients/kubernetes/resources.table.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { conditionOf } from '#kit/reconcile/conditions.ts'
import { controllerOf } from '#kit/reconcile/owner-references.ts'
import type { EventText, Plan } from '#kit/reconcile/plan.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Condition } from '#spec/kubernetes/objects/meta-v1.generated.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '#spec/kubernetes/objects/policy-v1.generated.ts'
import { resolveIntOrPercent } from '../workloads/int-or-percent.ts'
import { isPodReady } from '../workloads/pod-state.ts'
import { isSameStatus } from '../workloads/same-status.ts'
import { goTextOf } from '../workloads/selector-of.ts'

/** How long an evicted pod counts as gone although nothing deletes it. */
const deletionMs = 120_000
const conditionType = 'DisruptionAllowed'

/** A workload and how many pods it wants. */
export interface OwnerScale {
  readonly uid: string
  readonly replicas: number
}

export interface BudgetObserved {
  readonly budget: PodDisruptionBudget
  /** The pods that the budget selects. */
  readonly pods: readonly Pod[]
  /** What each controller of a pod is scaled to, by the uid in the pod's reference (of a Deployment's set: the Deployment). */
  readonly scales: ReadonlyMap<string, OwnerScale>
  readonly nowMs: number
}

/** True when the number of wanted pods follows from the workloads and not from the pods that are there. */
export function countsOwners({ spec }: PodDisruptionBudget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string'
}

/** The status and the events of a budget. */
export function planBudget(observed: BudgetObserved): Plan {
  const { budget, pods, nowMs } = observed
  const unmanaged = countsOwners(budget) && pods.some((pod) => controllerOf(pod) === undefined)
  const disrupted = disruptedPods(observed)
  const { expectedPods, desiredHealthy } = wantedPods(observed)
  const currentHealthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      disrupted.waiting[pod.metadata.name] === undefined &&
      isPodReady(pod),
  ).length
  const spare = currentHealthy - desiredHealthy
  const disruptionsAllowed = expectedPods > 0 && spare > 0 ? spare : 0
  const observedGeneration = budget.metadata.generation ?? 0
  const status: PodDisruptionBudgetStatus = {
    currentHealthy,
    desiredHealthy,
    disruptionsAllowed,
    expectedPods,
    observedGeneration,
    ...(Object.keys(disrupted.waiting).length === 0 ? {} : { disruptedPods: disrupted.waiting }),
    conditions: withAllowed(budget, { isAllowed: disruptionsAllowed > 0, observedGeneration, nowMs }),
  }
  return {
    subject: budget,
    status: {
      resource: podDisruptionBudgets,
      ...(isSameStatus(status, budget.status) ? {} : { object: { ...budget, status } }),
    },
    events: [
      ...(pods.length === 0 ? [noPods] : []),
      ...(unmanaged ? [unmanagedPods(budget)] : []),
      ...disrupted.lost.map((pod) => notDeleted(pod, budget)),
    ],
    ...(disrupted.lookAgainAfterMs === undefined ? {} : { lookAgainAfterMs: disrupted.lookAgainAfterMs }),
  }
}

/** The plan where the wanted number cannot be found out: nothing may be disrupted. */
export function planFailedBudget(budget: PodDisruptionBudget, why: string, nowMs: number): Plan {
  const { observedGeneration = 0 } = budget.status ?? {}
  const condition = { status: 'False', reason: 'SyncFailed', message: why, observedGeneration } as const
  const status: PodDisruptionBudgetStatus = {
    ...budget.status,
    currentHealthy: budget.status?.currentHealthy ?? 0,
    desiredHealthy: budget.status?.desiredHealthy ?? 0,
    expectedPods: budget.status?.expectedPods ?? 0,
    disruptionsAllowed: 0,
    conditions: withCondition(budget, condition, nowMs),
  }
  return {
    subject: budget,
    status: {
      resource: podDisruptionBudgets,
      ...(isSameStatus(status, budget.status) ? {} : { object: { ...budget, status } }),
    },
    events: [
      {
        type: 'Warning',
        reason: 'CalculateExpectedPodCountFailed',
        message: `Failed to calculate the number of expected pods: ${why}`,
      },
    ],
  }
}

function wantedPods({ budget, pods, scales }: BudgetObserved): {
  readonly expectedPods: number
  readonly desiredHealthy: number
} {
  const { maxUnavailable, minAvailable } = budget.spec
  if (!countsOwners(budget)) {
    return minAvailable === undefined
      ? { expectedPods: 0, desiredHealthy: 0 }
      : { expectedPods: pods.length, desiredHealthy: Number(minAvailable) }
  }
  const owners = new Map(
    pods.flatMap((pod) => {
      const scale = scales.get(controllerOf(pod)?.uid ?? '')
      return scale === undefined ? [] : [[scale.uid, scale.replicas] as const]
    }),
  )
  const expectedPods = [...owners.values()].reduce((sum, replicas) => sum + replicas, 0)
  const desiredHealthy =
    maxUnavailable === undefined
      ? resolveIntOrPercent(minAvailable, expectedPods, 'up')
      : Math.max(0, expectedPods - resolveIntOrPercent(maxUnavailable, expectedPods, 'up'))
  return { expectedPods, desiredHealthy }
}

/** Evicted pods that are not deleted yet: those still waited for, and those that nobody will delete any more. */
function disruptedPods({ budget, pods, nowMs }: BudgetObserved): {
  readonly waiting: Readonly<Record<string, string>>
  readonly lost: readonly Pod[]
  readonly lookAgainAfterMs: number | undefined
} {
  const waiting: Record<string, string> = {}
  const lost: Pod[] = []
  let soonestMs: number | undefined
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata
    const time = budget.status?.disruptedPods?.[name]
    if (time === undefined || deletionTimestamp !== undefined) continue
    const untilMs = (epochMsOf(time) ?? 0) + deletionMs
    if (untilMs <= nowMs) {
      lost.push(pod)
      continue
    }
    waiting[name] = time
    soonestMs = Math.min(soonestMs ?? untilMs, untilMs)
  }
  return { waiting, lost, lookAgainAfterMs: soonestMs === undefined ? undefined : soonestMs - nowMs }
}

function withAllowed(
  budget: PodDisruptionBudget,
  now: { readonly isAllowed: boolean; readonly observedGeneration: number; readonly nowMs: number },
): readonly Condition[] {
  const { isAllowed, observedGeneration, nowMs } = now
  const status = isAllowed ? 'True' : 'False'
  const reason = isAllowed ? 'SufficientPods' : 'InsufficientPods'
  return withCondition(budget, { status, reason, message: '', observedGeneration }, nowMs)
}

function withCondition(
  { status }: PodDisruptionBudget,
  next: Omit<Condition, 'type' | 'lastTransitionTime'>,
  nowMs: number,
): readonly Condition[] {
  const known = conditionOf(status?.conditions, conditionType)
  const since = known !== undefined && known.status === next.status ? known.lastTransitionTime : apiTime(nowMs)
  const condition: Condition = { type: conditionType, ...next, lastTransitionTime: since }
  if (known === undefined) return [...(status?.conditions ?? []), condition]
  return (status?.conditions ?? []).map((one) => (one.type === conditionType ? condition : one))
}

const noPods: EventText = { type: 'Normal', reason: 'NoPods', message: 'No matching pods found' }

function unmanagedPods({ spec }: PodDisruptionBudget): EventText {
  return {
    type: 'Warning',
    reason: 'UnmanagedPods',
    message:
      `Pods selected by this PodDisruptionBudget (selector: ${goTextOf(spec.selector)}) were found to be unmanaged. ` +
      'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
      'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
  }
}

/** Upstream names the budget's namespace twice; clients that look for the text find it as it is there. */
function notDeleted(pod: Pod, { metadata }: PodDisruptionBudget): EventText {
  const { namespace = '' } = metadata
  return {
    type: 'Warning',
    reason: 'NotDeleted',
    message: `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`,
    regarding: pod,
  }
}
