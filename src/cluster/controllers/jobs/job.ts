/** The Job controller: runs pods until enough of them succeeded. */
import { jobs, pods } from '#clients/kubernetes/resources.table.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { controllerOf } from '#kit/reconcile/owner-references.ts'
import type { Plan } from '#kit/reconcile/plan.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { ControllerContext } from '../controller-context.ts'
import { countingQueue } from '../counting-queue.ts'
import { candidatesFor, indexOrphans, ownerKeys } from '../workloads/owned-objects.ts'
import { selectorMatches } from '../workloads/selector-of.ts'
import { type BackoffRecord, nextBackoff, noBackoff } from './job-backoff.ts'
import { countJobs } from './job-metrics.ts'
import { isJobFinished } from './job-outcome.ts'
import { isFailedFor } from './job-pods.ts'
import { planJob } from './plan-job.ts'
import { isTracked, releasePod } from './release-pod.ts'

const orphanPrefix = 'pod:'

/** Starts the controller. */
export function startJobController(context: ControllerContext): Controller {
  const cache = context.informers.of(jobs)
  const podCache = context.informers.of(pods)
  indexOrphans(podCache)
  const owners = ownerKeys({
    owners: cache,
    kind: 'Job',
    selects: (job, pod) => selectorMatches(job.spec.selector, pod),
  })
  const backoffs = new Map<string, BackoffRecord>()
  const count = context.metrics === undefined ? undefined : countJobs(context.metrics)
  return createController(context, {
    name: 'job',
    queue: countingQueue,
    watches: [
      watch(cache, (change) => {
        count?.(change)
        return [keyOf(change.object), ...orphansOf(change)]
      }),
      watch(podCache, (change) => [
        ...owners(change),
        ...(change.type !== 'deleted' && isTracked(change.object) ? [orphanPrefix + keyOf(change.object)] : []),
      ]),
    ],
    reconcile: (key): Plan => {
      if (key.startsWith(orphanPrefix)) return releaseOrphan(key.slice(orphanPrefix.length))
      const job = cache.get(key)
      if (job === undefined) return {}
      return planJob({
        job,
        candidates: candidatesFor(podCache, job),
        backoff: backoffOf(job),
        resources: { jobs, pods },
        nowMs: context.clock.now(),
      })
    },
  })

  /** Failures of a job's pods so far, the present ones included. */
  function backoffOf(job: Job): BackoffRecord {
    const uid = job.metadata.uid ?? ''
    const owned = podCache.controlledBy(uid)
    const record = nextBackoff(backoffs.get(uid) ?? noBackoff, {
      succeeded: owned.filter((pod) => pod.status?.phase === 'Succeeded'),
      // A pod that the job itself took away, by a suspension or for less parallelism, has lost the finalizer before.
      failed: owned.filter((pod) => isTracked(pod) && isFailedFor(job, pod)),
      nowMs: context.clock.now(),
    })
    if (isJobFinished(job)) backoffs.delete(uid)
    else backoffs.set(uid, record)
    return record
  }

  /** The pods that a deleted job leaves. */
  function orphansOf({ type, object }: CacheChange<Job>): readonly string[] {
    if (type !== 'deleted') return []
    backoffs.delete(object.metadata.uid ?? '')
    return podCache.controlledBy(object.metadata.uid ?? '').map((pod) => orphanPrefix + keyOf(pod))
  }

  /** A pod whose job is gone has nobody to count it: it may go. */
  function releaseOrphan(key: string): Plan {
    const pod = podCache.get(key)
    const owner = pod === undefined ? undefined : controllerOf(pod)
    if (pod === undefined || (owner !== undefined && owner.kind !== 'Job')) return {}
    const job = owner === undefined ? undefined : cache.get(keyFrom(pod.metadata.namespace, owner.name))
    return job !== undefined && job.metadata.uid === owner?.uid ? {} : { actions: releasePod(pods, pod) }
  }
}
