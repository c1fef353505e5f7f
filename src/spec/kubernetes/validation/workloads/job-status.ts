/** Writes to the status of a job: counters, conditions that exclude each other, and what never goes back. */
import type { Job, JobStatus } from '../../objects/batch-v1.generated.ts'
import { each } from '../checks.ts'
import { duplicate, invalid, invalidWithoutValue, required, type FieldError } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { readIntervals, sharedIndex } from './index-intervals.ts'
import { nonNegativeCounts } from './replica-counts.ts'

const at = path('status')
const conditionsAt = at.child('conditions')

function has(job: Job, type: string): boolean {
  return (job.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')
}

function conditionError(text: string): FieldError {
  return invalidWithoutValue(conditionsAt, text)
}

const exclusive: readonly (readonly [first: string, second: string])[] = [
  ['Complete', 'Failed'],
  ['Complete', 'FailureTarget'],
  ['SuccessCriteriaMet', 'Failed'],
  ['SuccessCriteriaMet', 'FailureTarget'],
]

function conditionErrors(job: Job): FieldError[] {
  const errors = exclusive
    .filter(([first, second]) => has(job, first) && has(job, second))
    .map(([first, second]) => conditionError(`cannot set ${first}=True and ${second}=true conditions`))
  if (has(job, 'Failed') && !has(job, 'FailureTarget')) {
    errors.push(conditionError('cannot set Failed=True condition without the FailureTarget=true condition'))
  }
  if (has(job, 'Complete') && !has(job, 'SuccessCriteriaMet')) {
    errors.push(conditionError('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'))
  }
  return errors
}

function timeErrors(job: Job): FieldError[] {
  const { startTime, completionTime } = job.status ?? {}
  const completedAt = at.child('completionTime')
  const errors: FieldError[] = []
  if (completionTime !== undefined && !has(job, 'Complete')) {
    const text = 'cannot set completionTime when there is no Complete=True condition'
    errors.push(invalid(completedAt, completionTime, text))
  }
  if (completionTime === undefined && has(job, 'Complete')) {
    errors.push(required(completedAt, 'completionTime is required for Complete jobs'))
  }
  if (startTime !== undefined && completionTime !== undefined && completionTime < startTime) {
    errors.push(invalid(completedAt, completionTime, 'must be equal to or after `startTime`'))
  }
  return errors
}

/** A finished job has counted all of its pods. */
function leftUncounted(pods: JobStatus['uncountedTerminatedPods']): FieldError[] {
  const { succeeded = [], failed = [] } = pods ?? {}
  if (succeeded.length + failed.length === 0) return []
  const value = { Succeeded: succeeded, Failed: failed }
  return [invalid(at.child('uncountedTerminatedPods'), value, 'must be empty for finished job')]
}

function finishedErrors(job: Job): FieldError[] {
  const status: Partial<JobStatus> = job.status ?? {}
  if (!has(job, 'Complete') && !has(job, 'Failed')) return []
  const errors: FieldError[] = []
  const [active, terminating] = [status.active ?? 0, status.terminating ?? 0]
  if (active > 0) errors.push(invalid(at.child('active'), active, 'active>0 is invalid for finished job'))
  if (status.startTime === undefined) {
    errors.push(required(at.child('startTime'), 'startTime is required for finished job'))
  }
  errors.push(...leftUncounted(status.uncountedTerminatedPods))
  if (terminating > 0) {
    errors.push(invalid(at.child('terminating'), terminating, 'terminating>0 is invalid for finished job'))
  }
  return errors
}

const doneAt = at.child('completedIndexes')
const failedAt = at.child('failedIndexes')

/** Indexes that the job does not count by. */
function uselessIndexes({ spec, status }: Job): FieldError[] {
  const { completedIndexes = '', failedIndexes } = status ?? {}
  const errors: FieldError[] = []
  if (completedIndexes !== '' && spec?.completionMode !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode'
    errors.push(invalid(doneAt, completedIndexes, text))
  }
  if (failedIndexes !== undefined && spec?.backoffLimitPerIndex === undefined) {
    const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'
    errors.push(invalid(failedAt, failedIndexes, text))
  }
  return errors
}

function indexErrors(job: Job): FieldError[] {
  const { completedIndexes = '', failedIndexes } = job.status ?? {}
  const completions = job.spec?.completions
  const errors: FieldError[] = []
  const done = readIntervals(completedIndexes, completions ?? Number.MAX_SAFE_INTEGER)
  const failed = readIntervals(failedIndexes ?? '', completions ?? Number.MAX_SAFE_INTEGER)
  if (completions !== undefined && done.problem !== undefined) {
    errors.push(invalid(doneAt, completedIndexes, `error parsing completedIndexes: ${done.problem}`))
  }
  if (completions !== undefined && failed.problem !== undefined) {
    errors.push(invalid(failedAt, failedIndexes, `error parsing failedIndexes: ${failed.problem}`))
  }
  errors.push(...uselessIndexes(job))
  const shared = sharedIndex(done, failed)
  if (shared === undefined) return errors
  return [...errors, invalid(failedAt, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${shared}`)]
}

function uncounted(job: Job): FieldError[] {
  const pods = job.status?.uncountedTerminatedPods
  const seen = new Set<string>()
  return (['succeeded', 'failed'] as const).flatMap((member) =>
    each(at.child('uncountedTerminatedPods', member), pods?.[member], (uid, itemAt) => {
      if (uid === '') return [invalid(itemAt, uid, 'must not be empty')]
      if (seen.has(uid)) return [duplicate(itemAt, uid)]
      seen.add(uid)
      return []
    }),
  )
}

/** The times of a job stay; only one that is suspended starts anew. */
function changedTimes(job: Job, old: Job): FieldError[] {
  const errors: FieldError[] = []
  const now: Partial<JobStatus> = job.status ?? {}
  const before: Partial<JobStatus> = old.status ?? {}
  const { completionTime } = now
  if (completionTime !== undefined && before.completionTime !== undefined && completionTime !== before.completionTime) {
    errors.push(invalid(at.child('completionTime'), completionTime, 'field is immutable'))
  }
  const started = before.startTime
  if (started !== undefined && started !== now.startTime && job.spec?.suspend !== true) {
    const text = 'field is immutable for unsuspended job once set'
    errors.push(invalid(at.child('startTime'), now.startTime ?? null, text))
  }
  return errors
}

function changeErrors(job: Job, old: Job): FieldError[] {
  const lasting = ['Failed', 'Complete', 'FailureTarget'].filter((type) => has(old, type) && !has(job, type))
  const errors = lasting.map((type) => conditionError(`cannot disable the terminal ${type}=True condition`))
  for (const member of ['failed', 'succeeded'] as const) {
    const [now, before] = [job.status?.[member] ?? 0, old.status?.[member] ?? 0]
    if (now < before) errors.push(invalid(at.child(member), now, `cannot decrease the ${member} counter`))
  }
  errors.push(...changedTimes(job, old))
  if (has(old, 'SuccessCriteriaMet') && !has(job, 'SuccessCriteriaMet')) {
    errors.push(conditionError('cannot disable the SuccessCriteriaMet=True condition'))
  }
  return errors
}

/** A write to the status subresource. */
export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const { status } = job
  const ready = status?.ready ?? 0
  const isMore = ready > (status?.active ?? 0)
  return [
    ...nonNegativeCounts(at, status, ['active', 'succeeded', 'failed', 'ready', 'terminating']),
    ...uncounted(job),
    ...conditionErrors(job),
    ...timeErrors(job),
    ...finishedErrors(job),
    ...indexErrors(job),
    ...(isMore ? [invalid(at.child('ready'), ready, 'cannot set more ready pods than active')] : []),
    ...changeErrors(job, old),
  ]
}
