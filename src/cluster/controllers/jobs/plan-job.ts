/**
 * Decides the next step of a job: which pods to start or stop, what to count, and whether it is over (pkg/controller/job,
 * v1.36). Finished pods are counted in three steps, each safe to repeat: their uid goes into the status, their finalizer
 * goes, their uid becomes one more in the counter.
 */
import { podDeleted } from '../workloads/told-pods.ts'
import type { Job, JobCondition, JobStatus } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { conditionOf, isConditionTrue, withCondition } from '#kit/reconcile/conditions.ts'
import { claimObjects } from '#kit/reconcile/owner-references.ts'
import type { Action, EventText, Plan } from '#kit/reconcile/plan.ts'
import { isPodReady } from '../workloads/pod-state.ts'
import { isSameStatus } from '../workloads/same-status.ts'
import { requirementsOf } from '../workloads/selector-of.ts'
import { rankForDeletion } from '../replicas/rank-for-deletion.ts'
import { deadlineMs, isJobFinished, jobCondition, type Outcome, outcomeOf } from './job-outcome.ts'
import { countPods, indexOf, isIndexed, type JobCount, trackingFinalizer } from './job-pods.ts'
import type { JobObserved } from './observed-job.ts'
import { releasePod } from './release-pod.ts'
import { planNewPods } from './new-pods.ts'

/** The plan for one job. */
export function planJob(observed: JobObserved): Plan {
  const { job, resources, nowMs } = observed
  if (job.spec.managedBy !== undefined && job.spec.managedBy !== 'kubernetes.io/job-controller') return {}
  const claim = claimObjects(observed.candidates, {
    owner: job,
    selector: requirementsOf(job.spec.selector),
    resource: resources.pods,
    finalizers: [trackingFinalizer],
  })
  const count = countPods(job, claim.owned)
  if (isJobFinished(job) || job.metadata.deletionTimestamp !== undefined) {
    const held = claim.owned.flatMap((pod) => releasePod(resources.pods, pod))
    return { subject: job, actions: [...claim.actions, ...held] }
  }
  const step = stepFor(observed, count, outcomeOf(job, count, nowMs))
  const released = count.release.flatMap((pod) => releasePod(resources.pods, pod))
  const changed = !isSameStatus(step.status, job.status) || job.status?.uncountedTerminatedPods === undefined
  return {
    subject: job,
    actions: [...claim.actions, ...released, ...step.actions],
    status: { resource: resources.jobs, ...(changed ? { object: { ...job, status: step.status } } : {}) },
    events: step.events,
    ...(step.lookAgainAfterMs === undefined ? {} : { lookAgainAfterMs: step.lookAgainAfterMs }),
  }
}

interface Step {
  readonly actions: readonly Action[]
  readonly status: JobStatus
  readonly events: readonly EventText[]
  readonly lookAgainAfterMs: number | undefined
}

function stepFor(observed: JobObserved, count: JobCount, outcome: Outcome | undefined): Step {
  if (outcome !== undefined) return endingStep(observed, count, outcome)
  return observed.job.spec.suspend === true ? suspendedStep(observed, count) : runningStep(observed, count)
}

function baseStatus({ job, nowMs }: JobObserved, count: JobCount): JobStatus {
  const { conditions, completionTime } = job.status ?? {}
  const startTime = job.status?.startTime ?? (job.spec.suspend === true ? undefined : apiTime(nowMs))
  return {
    ...(conditions === undefined ? {} : { conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
    ...count.fields,
    active: count.active.length,
    ready: count.active.filter(isPodReady).length,
    terminating: count.terminating,
  }
}

function stop(observed: JobObserved, pods: readonly Pod[]): readonly Action[] {
  return pods.map((object) => ({ do: 'delete', resource: observed.resources.pods, object, told: podDeleted }))
}

/** Stops pods that nobody has to count: their work is wanted no more. */
function dismiss(observed: JobObserved, pods: readonly Pod[]): readonly Action[] {
  return [...pods.flatMap((pod) => releasePod(observed.resources.pods, pod)), ...stop(observed, pods)]
}

/** The outcome is told first; the job has ended when its pods have ended and are counted. */
function endingStep(observed: JobObserved, count: JobCount, outcome: Outcome): Step {
  const { job, nowMs } = observed
  const base = baseStatus(observed, count)
  const early = outcome.type === 'Failed' ? 'FailureTarget' : 'SuccessCriteriaMet'
  const { reason, message } = outcome
  const conditions = withCondition<JobCondition>(base.conditions, jobCondition({ type: early, reason, message }, nowMs))
  const uncounted = count.fields.uncountedTerminatedPods ?? {}
  const isOver = count.active.length === 0 && count.terminating === 0 && Object.keys(uncounted).length === 0
  // Pods that still ran when the job failed have failed with it.
  const actions = outcome.type === 'Failed' ? stop(observed, count.active) : dismiss(observed, count.active)
  if (!isOver) return { actions, status: { ...base, conditions }, events: [], lookAgainAfterMs: undefined }
  const ended = withCondition<JobCondition>(conditions, jobCondition({ type: outcome.type, reason, message }, nowMs))
  const isComplete = outcome.type === 'Complete'
  return {
    actions,
    status: { ...base, conditions: ended, ...(isComplete ? { completionTime: apiTime(nowMs) } : {}) },
    events: isConditionTrue(job.status?.conditions, outcome.type)
      ? []
      : endingEvents(job, outcome, base.succeeded ?? 0),
    lookAgainAfterMs: undefined,
  }
}

function endingEvents({ spec }: Job, { type, reason, message }: Outcome, succeeded: number): readonly EventText[] {
  if (type === 'Failed') return [{ type: 'Warning', reason, message }]
  const completed: EventText = { type: 'Normal', reason: 'Completed', message: 'Job completed' }
  if (spec.completions === undefined || succeeded <= spec.completions) return [completed]
  const tooMany = 'Too many succeeded pods running after completion count reached'
  return [{ type: 'Warning', reason: 'TooManySucceededPods', message: tooMany }, completed]
}

function suspendedStep(observed: JobObserved, count: JobCount): Step {
  const { job, nowMs } = observed
  const { startTime: _start, ...base } = baseStatus(observed, count)
  const was = isConditionTrue(job.status?.conditions, 'Suspended')
  const condition = jobCondition({ type: 'Suspended', reason: 'JobSuspended', message: 'Job suspended' }, nowMs)
  return {
    actions: dismiss(observed, count.active),
    status: { ...base, conditions: withCondition<JobCondition>(base.conditions, condition) },
    events: was ? [] : [{ type: 'Normal', reason: 'Suspended', message: 'Job suspended' }],
    lookAgainAfterMs: undefined,
  }
}

function runningStep(observed: JobObserved, count: JobCount): Step {
  const { job, nowMs } = observed
  const base = baseStatus(observed, count)
  const suspended = conditionOf(job.status?.conditions, 'Suspended')
  const isResumed = suspended?.status === 'True'
  const condition = jobCondition(
    { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' },
    nowMs,
  )
  const status = {
    ...base,
    ...(isResumed ? { conditions: withCondition<JobCondition>(base.conditions, condition) } : {}),
  }
  const pods = sizePods(observed, count)
  const endsMs = deadlineMs({ ...job, status })
  const waits = [pods.waitMs, endsMs === undefined ? undefined : endsMs - nowMs].filter((ms) => ms !== undefined)
  return {
    actions: pods.actions,
    status,
    events: isResumed ? [{ type: 'Normal', reason: 'Resumed', message: 'Job resumed' }] : [],
    lookAgainAfterMs: waits.length === 0 ? undefined : Math.max(1, Math.min(...waits)),
  }
}

function sizePods(
  observed: JobObserved,
  count: JobCount,
): { readonly actions: readonly Action[]; readonly waitMs: number | undefined } {
  const { job, nowMs } = observed
  const wanted = wantedActive(job, count)
  const surplus = count.active.length - wanted
  const useless = isIndexed(job) ? uselessPods(job, count.active, nowMs) : []
  if (surplus > 0 || useless.length > 0) {
    const rest = count.active.filter((pod) => !useless.includes(pod))
    const ranked = rankForDeletion(rest, rest, nowMs).slice(0, Math.max(0, surplus - useless.length))
    return { actions: dismiss(observed, [...useless, ...ranked]), waitMs: undefined }
  }
  const leaving =
    job.spec.podReplacementPolicy === 'Failed' || job.spec.podFailurePolicy !== undefined ? count.terminating : 0
  const missing = wanted - count.active.length - leaving
  return missing <= 0 ? { actions: [], waitMs: undefined } : planNewPods(observed, count, missing)
}

/** Pods of numbers beyond the end, and all but the best of those that share a number. */
function uselessPods(job: Job, active: readonly Pod[], nowMs: number): readonly Pod[] {
  const end = job.spec.completions ?? 0
  return [...Map.groupBy(active, (pod) => indexOf(pod) ?? Infinity)].flatMap(([index, pods]) =>
    index >= end ? pods : rankForDeletion(pods, pods, nowMs).slice(0, -1),
  )
}

function wantedActive(job: Job, count: JobCount): number {
  const parallelism = job.spec.parallelism ?? 1
  const { completions } = job.spec
  if (completions === undefined) return count.succeeded > 0 ? Math.min(parallelism, count.active.length) : parallelism
  return Math.max(0, Math.min(parallelism, completions - count.succeeded - count.failedIndexes.size))
}
