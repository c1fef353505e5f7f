/** The CronJob controller: starts jobs on a schedule. */
import { cronJobs, jobs } from '#clients/kubernetes/resources.table.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import type { ControllerContext } from '../controller-context.ts'
import { ownerKeys } from '../workloads/owned-objects.ts'
import { measureSkew } from './job-metrics.ts'
import { planCronJob } from './plan-cron-job.ts'

/** Starts the controller. */
export function startCronJobController(context: ControllerContext): Controller {
  const cache = context.informers.of(cronJobs)
  const jobCache = context.informers.of(jobs)
  const measure = context.metrics === undefined ? undefined : measureSkew(context.metrics)
  return createController(context, {
    name: 'cronjob',
    watches: [
      watch(cache, ({ object }) => [keyOf(object)]),
      watch(jobCache, ownerKeys({ owners: cache, kind: 'CronJob', selects: () => false })),
    ],
    reconcile: (key) => {
      const cronJob = cache.get(key)
      if (cronJob === undefined) return nothingToDo
      const owned = jobCache.controlledBy(cronJob.metadata.uid ?? '')
      const nowMs = context.clock.now()
      const plan = planCronJob({ cronJob, jobs: owned, resources: { cronJobs, jobs }, nowMs })
      for (const action of plan.actions ?? []) {
        if (action.do === 'create') measure?.((nowMs - (scheduledMs(action.object) ?? nowMs)) / 1000)
      }
      return plan
    },
  })
}

function scheduledMs({ metadata }: KubernetesObject): number | undefined {
  return epochMsOf(metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'])
}
