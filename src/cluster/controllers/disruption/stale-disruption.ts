/** Takes back the announcement that a pod is going where nothing deleted it (pkg/controller/disruption, v1.36). */
import { pods } from '#clients/kubernetes/resources.table.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { conditionOf } from '#kit/reconcile/conditions.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { isPodActive } from '../workloads/pod-state.ts'

const conditionType = 'DisruptionTarget'
const staleAfterMs = 120_000

/** True when a living pod is announced to go by somebody other than its kubelet, which may take its time. */
export function isToldToGo(pod: Pod): boolean {
  const condition = conditionOf(pod.status?.conditions, conditionType)
  return condition?.status === 'True' && condition.reason !== 'TerminationByKubelet' && isPodActive(pod)
}

/** The announcement set to False once it is two minutes old. */
export function planStaleDisruption(pod: Pod | undefined, nowMs: number): Plan {
  if (pod === undefined || !isToldToGo(pod)) return nothingToDo
  const known = conditionOf(pod.status?.conditions, conditionType)
  const waitMs = (epochMsOf(known?.lastTransitionTime) ?? 0) + staleAfterMs - nowMs
  if (waitMs > 0) return { lookAgainAfterMs: waitMs }
  const { generation } = pod.metadata
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === conditionType
      ? {
          type: conditionType,
          status: 'False',
          lastTransitionTime: apiTime(nowMs),
          ...(generation === undefined ? {} : { observedGeneration: generation }),
        }
      : condition,
  )
  const object = { ...pod, status: { ...pod.status, conditions } }
  return { actions: [{ do: 'update-status', resource: pods, object }] }
}
