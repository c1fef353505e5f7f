/** The TTL-after-finished controller: deletes jobs some time after they ended. */
import { jobs } from '#clients/kubernetes/resources.table.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { measureExpiry } from './job-metrics.ts'

/** Starts the controller. */
export function startTtlAfterFinishedController(context: ControllerContext): Controller {
  const cache = context.informers.of(jobs)
  const measure = context.metrics === undefined ? undefined : measureExpiry(context.metrics)
  return createController(context, {
    name: 'ttl-after-finished',
    watches: [watch(cache, ({ object }) => [keyOf(object)])],
    reconcile: (key) => {
      const job = cache.get(key)
      const nowMs = context.clock.now()
      const plan = planExpiry(job, nowMs)
      if (plan.actions !== undefined) measure?.((nowMs - (expiryOf(job) ?? nowMs)) / 1000)
      return plan
    },
  })
}

/** When a finished job may be deleted, epoch milliseconds; undefined for one that is to stay. */
function expiryOf(job: Job | undefined): number | undefined {
  const seconds = job?.spec.ttlSecondsAfterFinished
  if (job === undefined || seconds === undefined || job.metadata.deletionTimestamp !== undefined) return undefined
  const ended = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )
  const endedMs = epochMsOf(ended?.lastTransitionTime)
  return endedMs === undefined ? undefined : endedMs + seconds * 1000
}

/** Deletion when the time has come, otherwise when to look again. */
export function planExpiry(job: Job | undefined, nowMs: number): Plan {
  const expiryMs = expiryOf(job)
  if (job === undefined || expiryMs === undefined) return nothingToDo
  if (expiryMs > nowMs) return { lookAgainAfterMs: expiryMs - nowMs }
  return {
    actions: [{ do: 'delete', resource: jobs, object: job, propagationPolicy: 'Foreground', onlyThisVersion: true }],
  }
}
