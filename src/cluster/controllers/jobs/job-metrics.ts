/** Metrics of jobs and their schedules, under upstream's names. */
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import type { MetricLabels, Metrics } from '#kit/telemetry/metrics.ts'
import type { Job, JobCondition } from '#spec/kubernetes/objects/batch-v1.generated.ts'

/** Bounds in seconds of delays against a schedule: 1, 2, 4, … */
const delayBounds: readonly number[] = Array.from({ length: 10 }, (_, at) => 2 ** at)
const expiryBounds: readonly number[] = Array.from({ length: 14 }, (_, at) => 0.1 * 2 ** at)

function endOf({ status }: Job): JobCondition | undefined {
  return status?.conditions?.find(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True')
}

/** Counts the jobs that end and the pods that they count, from the changes of jobs. */
export function countJobs(metrics: Metrics): (change: CacheChange<Job>) => void {
  const jobs = metrics.counter({
    name: 'job_controller_jobs_finished_total',
    help: 'The number of finished jobs',
    labels: ['completion_mode', 'result', 'reason'],
  })
  const pods = metrics.counter({
    name: 'job_controller_job_pods_finished_total',
    help: 'The number of finished Pods that are fully tracked',
    labels: ['completion_mode', 'result'],
  })
  return ({ type, object, previous }) => {
    if (type !== 'updated' || previous === undefined) return
    const mode = { completion_mode: object.spec.completionMode ?? 'NonIndexed' }
    const end = endOf(previous) === undefined ? endOf(object) : undefined
    if (end !== undefined) jobs.add({ ...mode, ...outcomeOf(end) })
    for (const result of ['succeeded', 'failed'] as const) {
      const more = countOf(object, result) - countOf(previous, result)
      if (more > 0) pods.add({ ...mode, result }, more)
    }
  }
}

function outcomeOf({ type, reason }: JobCondition): MetricLabels {
  return type === 'Complete'
    ? { result: 'succeeded', reason: reason ?? 'CompletionsReached' }
    : { result: 'failed', reason: reason ?? '' }
}

function countOf({ status }: Job, result: 'succeeded' | 'failed'): number {
  return status?.[result] ?? 0
}

/** Told how many seconds after its time a scheduled job was made. */
export function measureSkew(metrics: Metrics): (seconds: number) => void {
  const skew = metrics.histogram(
    {
      name: 'cronjob_controller_job_creation_skew_duration_seconds',
      help: 'Time between when a cronjob is scheduled to be run, and when the corresponding job is created',
    },
    delayBounds,
  )
  return (seconds) => skew.observe(seconds)
}

/** Told how many seconds after its time a finished job was deleted. */
export function measureExpiry(metrics: Metrics): (seconds: number) => void {
  const late = metrics.histogram(
    {
      name: 'ttl_after_finished_controller_job_deletion_duration_seconds',
      help: 'The time it took to delete the job since it became eligible for deletion',
    },
    expiryBounds,
  )
  return (seconds) => late.observe(seconds)
}
