/** Decides when a cron job starts its next job, and which old ones go (pkg/controller/cronjob, v1.36). */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { CronJob, CronJobStatus, Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { controllerReference } from '#kit/reconcile/owner-references.ts'
import type { Action, EventText, Plan } from '#kit/reconcile/plan.ts'
import { isSameStatus } from '../workloads/same-status.ts'
import { type CronSchedule, missedRuns, parseSchedule } from './cron-schedule.ts'
import { mailTime } from './mail-time.ts'
import { zonedTime } from './zoned-time.ts'

export interface CronJobObserved {
  readonly cronJob: CronJob
  /** Jobs that it controls. */
  readonly jobs: readonly Job[]
  readonly resources: { readonly cronJobs: ApiResource<CronJob>; readonly jobs: ApiResource<Job> }
  readonly nowMs: number
}

const deleteJob = (resource: ApiResource<Job>, object: Job): Action => ({
  do: 'delete',
  resource,
  object,
  propagationPolicy: 'Background',
  told: {
    done: { type: 'Normal', reason: 'SuccessfulDelete', message: 'Deleted job {name}' },
    failed: { type: 'Warning', reason: 'FailedDelete', message: 'Deleted job: {error}' },
  },
})

const scheduledAt = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** The plan for one cron job. */
export function planCronJob(observed: CronJobObserved): Plan {
  const { cronJob, jobs, resources } = observed
  const status = currentStatus(observed)
  const events = completedEvents(observed)
  const old = [
    ...surplus(jobs, 'Complete', cronJob.spec.successfulJobsHistoryLimit ?? 3),
    ...surplus(jobs, 'Failed', cronJob.spec.failedJobsHistoryLimit ?? 1),
  ]
  const cleaning = old.map((job) => deleteJob(resources.jobs, job))
  const next = nextStep(observed)
  const after = {
    ...withoutActive(status, next.replaced ?? []),
    ...(next.scheduledMs === undefined ? {} : { lastScheduleTime: apiTime(next.scheduledMs) }),
  }
  return {
    subject: cronJob,
    actions: [...cleaning, ...next.actions],
    status: {
      resource: resources.cronJobs,
      ...(isSameStatus(after, cronJob.status) ? {} : { object: { ...cronJob, status: after } }),
      afterFailure: () => ({ ...cronJob, status }),
    },
    events: [...events, ...next.events],
    ...(next.lookAgainAfterMs === undefined ? {} : { lookAgainAfterMs: next.lookAgainAfterMs }),
  }
}

type Ending = 'Complete' | 'Failed'

function endingOf(job: Job): Ending | undefined {
  return job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )?.type as Ending | undefined
}

function currentStatus({ cronJob, jobs }: CronJobObserved): CronJobStatus {
  const active = activeRuns(cronJob, jobs)
    .toSorted(byStart)
    .map(({ metadata }) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid ?? '',
      resourceVersion: known(cronJob, metadata.uid) ?? metadata.resourceVersion ?? '',
    }))
  const ends = jobs.flatMap((job) => (endingOf(job) === 'Complete' ? (job.status?.completionTime ?? []) : []))
  const { lastScheduleTime, lastSuccessfulTime } = cronJob.status ?? {}
  const latest = [...ends, ...(lastSuccessfulTime === undefined ? [] : [lastSuccessfulTime])].toSorted().at(-1)
  return {
    ...(active.length === 0 ? {} : { active }),
    ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
    ...(latest === undefined ? {} : { lastSuccessfulTime: latest }),
  }
}

/** Jobs that make room for the next run are not missed later. */
function withoutActive({ active, ...status }: CronJobStatus, gone: readonly Job[]): CronJobStatus {
  const left = (active ?? []).filter(({ uid }) => !gone.some(({ metadata }) => metadata.uid === uid))
  return { ...(left.length === 0 ? {} : { active: left }), ...status }
}

/** Unfinished jobs of the schedule: started by this controller, or noted as active before. */
function activeRuns(cronJob: CronJob, jobs: readonly Job[]): readonly Job[] {
  return jobs.filter((job) => endingOf(job) === undefined && isRun(cronJob, job))
}

/** False for jobs that somebody else made in the cron job's name (`kubectl create job --from`): they hold up nothing. */
function isRun(cronJob: CronJob, { metadata }: Job): boolean {
  return metadata.annotations?.[scheduledAt] !== undefined || known(cronJob, metadata.uid) !== undefined
}

/** The version that was noted first stays: the list tells jobs, not their changes. */
function known(cronJob: CronJob, uid: string | undefined): string | undefined {
  return cronJob.status?.active?.find((reference) => reference.uid === uid)?.resourceVersion
}

function completedEvents({ cronJob, jobs }: CronJobObserved): readonly EventText[] {
  const foreign = jobs.filter((job) => endingOf(job) === undefined && !isRun(cronJob, job))
  const unexpected = foreign.map(({ metadata }): EventText => {
    const message = `Saw a job that the controller did not create or forgot: ${metadata.name}`
    return { type: 'Warning', reason: 'UnexpectedJob', message }
  })
  const ended = (cronJob.status?.active ?? []).flatMap((reference): EventText[] => {
    const job = jobs.find(({ metadata }) => metadata.uid === reference.uid)
    if (job === undefined)
      return [{ type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${reference.name ?? ''}` }]
    const ending = endingOf(job)
    return ending === undefined
      ? []
      : [
          {
            type: 'Normal',
            reason: 'SawCompletedJob',
            message: `Saw completed job: ${job.metadata.name}, condition: ${ending}`,
          },
        ]
  })
  return [...unexpected, ...ended]
}

function byStart(a: Job, b: Job): number {
  const [left, right] = [
    a.status?.startTime ?? a.metadata.creationTimestamp ?? '',
    b.status?.startTime ?? b.metadata.creationTimestamp ?? '',
  ]
  return left < right ? -1 : left > right ? 1 : a.metadata.name < b.metadata.name ? -1 : 1
}

function surplus(jobs: readonly Job[], ending: Ending, limit: number): readonly Job[] {
  const ended = jobs.filter((job) => endingOf(job) === ending).toSorted(byStart)
  return ended.slice(0, Math.max(0, ended.length - limit))
}

interface NextStep {
  readonly actions: readonly Action[]
  readonly events: readonly EventText[]
  readonly replaced?: readonly Job[]
  readonly scheduledMs?: number
  readonly lookAgainAfterMs?: number
}

const warning = (reason: string, message: string): NextStep => ({
  actions: [],
  events: [{ type: 'Warning', reason, message }],
})

function nextStep(observed: CronJobObserved): NextStep {
  const { cronJob, nowMs } = observed
  const { schedule: pattern, timeZone, suspend } = cronJob.spec
  if (cronJob.metadata.deletionTimestamp !== undefined || suspend === true) return { actions: [], events: [] }
  let schedule: CronSchedule
  try {
    schedule = parseSchedule(pattern, timeZone)
    schedule.after(nowMs)
  } catch (error) {
    const text = messageOf(error)
    return /zone/i.test(text)
      ? warning('UnknownTimeZone', `invalid timeZone: "${timeZone ?? ''}": ${text}`)
      : warning('UnparseableSchedule', `unparseable schedule: "${pattern}" : ${text}`)
  }
  const missed = missedRuns(schedule, earliestMs(cronJob, nowMs), nowMs)
  // Upstream sees two runs at Go's zero time where there is none, and says so.
  if (missed.isNever)
    return warning(
      'InvalidSchedule',
      `invalid schedule: ${pattern} : time difference between two schedules is less than 1 second`,
    )
  const waiting = missed.nextMs === undefined ? {} : { lookAgainAfterMs: Math.max(1, missed.nextMs - nowMs) }
  const tooMany: readonly EventText[] = missed.isTooMany
    ? [
        {
          type: 'Warning',
          reason: 'TooManyMissedTimes',
          message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
        },
      ]
    : []
  if (missed.latestMs === undefined) return { actions: [], events: tooMany, ...waiting }
  const started = startStep(observed, missed.latestMs)
  return { ...waiting, ...started, events: [...tooMany, ...started.events] }
}

/** From when on missed times count: the last start, or the creation, but no further back than the deadline. */
function earliestMs(cronJob: CronJob, nowMs: number): number {
  const fromMs = epochMsOf(cronJob.status?.lastScheduleTime) ?? epochMsOf(cronJob.metadata.creationTimestamp) ?? nowMs
  const deadline = cronJob.spec.startingDeadlineSeconds
  return deadline === undefined ? fromMs : Math.max(fromMs, nowMs - deadline * 1000)
}

function startStep({ cronJob, jobs, resources, nowMs }: CronJobObserved, scheduledMs: number): NextStep {
  const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec
  if (startingDeadlineSeconds !== undefined && scheduledMs + startingDeadlineSeconds * 1000 < nowMs)
    return warning('MissSchedule', `Missed scheduled time to start a job: ${mailTime(scheduledMs)}`)
  const object = jobFor(cronJob, scheduledMs)
  if (jobs.some((job) => job.metadata.name === object.metadata.name)) return { actions: [], events: [], scheduledMs }
  const active = activeRuns(cronJob, jobs)
  if (active.length > 0 && concurrencyPolicy === 'Forbid') {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    return { actions: [], events: [{ type: 'Normal', reason: 'JobAlreadyActive', message }] }
  }
  const replaced = concurrencyPolicy === 'Replace' ? active : []
  const told = {
    done: { type: 'Normal', reason: 'SuccessfulCreate', message: 'Created job {name}' },
    failed: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating job: {error}' },
  } as const
  return {
    actions: [
      ...replaced.map((job) => deleteJob(resources.jobs, job)),
      { do: 'create', resource: resources.jobs, object, ifExists: 'keep', told },
    ],
    events: [],
    replaced,
    scheduledMs,
  }
}

/** The job of one scheduled time; its name is made of the minute, so that the same time cannot start two. */
function jobFor(cronJob: CronJob, scheduledMs: number): Job {
  const { metadata, spec } = cronJob.spec.jobTemplate
  const name = `${cronJob.metadata.name}-${Math.floor(scheduledMs / 60_000)}`
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: cronJob.metadata.namespace ?? '',
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: {
        ...metadata?.annotations,
        [scheduledAt]: zonedTime(scheduledMs, cronJob.spec.timeZone),
      },
      ownerReferences: [controllerReference({ ...cronJob, apiVersion: 'batch/v1', kind: 'CronJob' })],
    },
    spec: spec as Job['spec'],
  }
}
