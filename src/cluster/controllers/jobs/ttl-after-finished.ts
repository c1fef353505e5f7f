/** The TTL-after-finished controller: deletes jobs some time after they ended. */
import { jobs } from '#clients/kubernetes/resources.table.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'

/** Starts the controller. */
export function startTtlAfterFinishedController(context: ControllerContext): Controller {
  const cache = context.informers.of(jobs)
  return createController(context, {
    name: 'ttl-after-finished',
    watches: [watch(cache, ({ object }) => [keyOf(object)])],
    reconcile: (key) => planExpiry(cache.get(key), context.clock.now()),
  })
}

/** Deletion when the time has come, otherwise when to look again. */
export function planExpiry(job: Job | undefined, nowMs: number): Plan {
  const seconds = job?.spec.ttlSecondsAfterFinished
  if (job === undefined || seconds === undefined || job.metadata.deletionTimestamp !== undefined) return nothingToDo
  const ended = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )
  const endedMs = epochMsOf(ended?.lastTransitionTime)
  if (endedMs === undefined) return nothingToDo
  const leftMs = endedMs + seconds * 1000 - nowMs
  if (leftMs > 0) return { lookAgainAfterMs: leftMs }
  return {
    actions: [{ do: 'delete', resource: jobs, object: job, propagationPolicy: 'Foreground', onlyThisVersion: true }],
  }
}
