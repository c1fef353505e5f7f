/** When a job is done, and how: the condition that says so, or undefined while it goes on (job_controller.go, v1.36). */
import type { Job, JobCondition } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { conditionOf, isConditionTrue } from '#kit/reconcile/conditions.ts'
import { restartsOf } from '../workloads/pod-state.ts'
import { parseIndexes } from './index-text.ts'
import type { JobCount } from './job-pods.ts'

/** How it ends: `Failed` or `Complete`, with reason and message. */
export interface Outcome {
  readonly type: 'Failed' | 'Complete'
  readonly reason: string
  readonly message: string
}

/** A condition of a job as of now. */
export function jobCondition(
  of: { readonly type: string; readonly status?: string; readonly reason: string; readonly message: string },
  nowMs: number,
): JobCondition {
  const time = apiTime(nowMs)
  return { status: 'True', ...of, lastProbeTime: time, lastTransitionTime: time }
}

/** True when the job has ended for good. */
export function isJobFinished(job: Job): boolean {
  return isConditionTrue(job.status?.conditions, 'Complete') || isConditionTrue(job.status?.conditions, 'Failed')
}

/** How the job ends, if it does; what was decided before stays decided. */
export function outcomeOf(job: Job, count: JobCount, nowMs: number): Outcome | undefined {
  return decided(job) ?? failure(job, count, nowMs) ?? indexFailure(job, count) ?? success(job, count)
}

function decided({ status }: Job): Outcome | undefined {
  const target = conditionOf(status?.conditions, 'FailureTarget')
  if (target?.status === 'True') return { type: 'Failed', reason: target.reason ?? '', message: target.message ?? '' }
  const met = conditionOf(status?.conditions, 'SuccessCriteriaMet')
  return met?.status === 'True' ? { type: 'Complete', reason: met.reason ?? '', message: met.message ?? '' } : undefined
}

function failure(job: Job, count: JobCount, nowMs: number): Outcome | undefined {
  if (count.failJob !== undefined) return { type: 'Failed', reason: 'PodFailurePolicy', message: count.failJob.message }
  const limit = job.spec.backoffLimit ?? 6
  if (count.failed > limit || isPastLimitByRestarts(job, count, limit))
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  const endsMs = deadlineMs(job)
  if (endsMs !== undefined && nowMs >= endsMs)
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
  return undefined
}

function isPastLimitByRestarts(job: Job, count: JobCount, limit: number): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false
  const restarts = count.active.reduce((sum, pod) => sum + restartsOf(pod), 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** When the job's time is over, epoch milliseconds. */
export function deadlineMs(job: Job): number | undefined {
  const startMs = epochMsOf(job.status?.startTime)
  const seconds = job.spec.activeDeadlineSeconds
  return startMs === undefined || seconds === undefined || job.spec.suspend === true
    ? undefined
    : startMs + seconds * 1000
}

function indexFailure(job: Job, count: JobCount): Outcome | undefined {
  const { maxFailedIndexes, completions = 0, backoffLimitPerIndex } = job.spec
  if (backoffLimitPerIndex === undefined) return undefined
  if (maxFailedIndexes !== undefined && count.failedIndexes.size > maxFailedIndexes)
    return {
      type: 'Failed',
      reason: 'MaxFailedIndexesExceeded',
      message: 'Job has exceeded the specified maximal number of failed indexes',
    }
  const isOver = count.failedIndexes.size > 0 && count.failedIndexes.size + count.succeededIndexes.size >= completions
  return isOver ? { type: 'Failed', reason: 'FailedIndexes', message: 'Job has failed indexes' } : undefined
}

function success(job: Job, count: JobCount): Outcome | undefined {
  const rule = successRule(job, count)
  if (rule !== undefined)
    return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` }
  const { completions } = job.spec
  const isDone =
    completions === undefined ? count.succeeded > 0 && count.active.length === 0 : count.succeeded >= completions
  if (!isDone || (job.spec.suspend === true && completions !== 0 && count.succeeded === 0)) return undefined
  return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
}

function successRule(job: Job, count: JobCount): number | undefined {
  const rules = job.spec.successPolicy?.rules ?? []
  const index = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted =
      succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, job.spec.completions ?? 0)
    const done =
      wanted === undefined
        ? count.succeededIndexes.size
        : [...wanted].filter((one) => count.succeededIndexes.has(one)).length
    return done >= (succeededCount ?? wanted?.size ?? Infinity)
  })
  return index < 0 ? undefined : index
}
