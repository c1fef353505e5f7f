/** Letting a counted pod go. */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { hasFinalizer } from '#kit/reconcile/finalizers.ts'
import type { Action } from '#kit/reconcile/plan.ts'
import { trackingFinalizer } from './job-pods.ts'

/** True for a pod that stays until its job has counted it. */
export function isTracked(pod: Pod): boolean {
  return hasFinalizer(pod, trackingFinalizer)
}

/** Takes the tracking finalizer off a pod that has it. */
export function releasePod(resource: ApiResource<Pod>, pod: Pod): readonly Action[] {
  if (!isTracked(pod)) return []
  const patch = { metadata: { uid: pod.metadata.uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } }
  return [{ do: 'patch', resource, object: pod, type: 'strategic', patch }]
}
