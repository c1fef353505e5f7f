/** Letting a counted pod go. */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { hasFinalizer } from '#kit/reconcile/finalizers.ts'
import type { Action } from '#kit/reconcile/plan.ts'
import { trackingFinalizer } from './job-pods.ts'

/** Takes the tracking finalizer off a pod that has it. */
export function releasePod(resource: ApiResource<Pod>, pod: Pod): readonly Action[] {
  if (!hasFinalizer(pod, trackingFinalizer)) return []
  const patch = { metadata: { uid: pod.metadata.uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } }
  return [{ do: 'patch', resource, object: pod, type: 'strategic', patch }]
}
