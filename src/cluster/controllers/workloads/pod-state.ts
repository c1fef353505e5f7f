/** Questions about a pod's state that several controllers ask in the same words (controller pkg `controller_utils`, v1.36). */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import { conditionOf, isConditionTrue } from '#kit/reconcile/conditions.ts'

/** True when all containers have ended for good. */
export function isPodFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** True for pods that count: neither finished nor being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp === undefined
}

/** True for pods on their way out. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp !== undefined
}

/** True when the pod's Ready condition holds. */
export function isPodReady(pod: Pod): boolean {
  return isConditionTrue(pod.status?.conditions, 'Ready')
}

/** When the pod became ready, epoch milliseconds; undefined while it is not. */
export function readySinceMs(pod: Pod): number | undefined {
  const ready = conditionOf(pod.status?.conditions, 'Ready')
  return ready?.status === 'True' ? epochMsOf(ready.lastTransitionTime) : undefined
}

/** True when the pod has been ready for long enough to count as available. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isPodReady(pod)) return false
  if (minReadySeconds === 0) return true
  const sinceMs = readySinceMs(pod)
  return sinceMs !== undefined && sinceMs + minReadySeconds * 1000 <= nowMs
}

/** Milliseconds until the next of the ready pods becomes available; undefined when none is waiting. */
export function nextAvailableInMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  // Who is ready is available at once.
  if (minReadySeconds === 0) return undefined
  let soonest: number | undefined
  for (const pod of pods) {
    const sinceMs = readySinceMs(pod)
    if (sinceMs === undefined || isPodAvailable(pod, minReadySeconds, nowMs)) continue
    const waitMs = sinceMs + minReadySeconds * 1000 - nowMs
    if (soonest === undefined || waitMs < soonest) soonest = waitMs
  }
  return soonest
}

/** Sum of the restarts of the pod's containers. */
export function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0)
}
