import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cronJobs, jobs, pods } from '#clients/kubernetes/resources.table.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type Bench, createBench } from '../bench.contract.ts'
import { startCronJobController } from './cron-job.ts'
import { missedRuns, parseSchedule } from './cron-schedule.ts'
import { mailTime } from './mail-time.ts'
import { formatIndexes, parseIndexes } from './index-text.ts'
import { startJobController } from './job.ts'
import { startTtlAfterFinishedController } from './ttl-after-finished.ts'

const job = (spec: object, name = 'work'): JsonObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'default', uid: `job-${name}` },
  spec: {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    selector: { matchLabels: { job: name } },
    template: {
      metadata: { labels: { job: name } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
    },
    ...spec,
  },
})

type Fate = 'succeed' | 'run' | { readonly exitCode: number } | { readonly condition: string }

/** Nodes that give each pod its fate at once. */
function benchOf(fateOf: (pod: Pod) => Fate): Bench {
  const bench = createBench({
    runPod: (pod, nowMs) => {
      if (pod.status?.phase !== undefined) return undefined
      const fate = fateOf(pod)
      if (fate === 'run')
        return { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: apiTime(nowMs) }] }
      if (fate === 'succeed') return { phase: 'Succeeded' }
      if ('condition' in fate)
        return {
          phase: 'Failed',
          conditions: [{ type: fate.condition, status: 'True', lastTransitionTime: apiTime(nowMs) }],
        }
      const terminated = { exitCode: fate.exitCode, finishedAt: apiTime(nowMs) }
      return {
        phase: 'Failed',
        containerStatuses: [
          { name: 'c', restartCount: 0, ready: false, image: '', imageID: '', state: { terminated } },
        ],
      }
    },
  })
  bench.start(startJobController)
  return bench
}
const only = (bench: Bench): Job => bench.api.all(jobs)[0] as Job
const conditions = (bench: Bench): string[] =>
  (only(bench).status?.conditions ?? [])
    .filter((one) => one.status === 'True')
    .map((one) => `${one.type}/${one.reason}`)
const indexOf = (pod: Pod): number => Number(pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'])

test('index texts read back as written', () => {
  assert.equal(formatIndexes([0, 2, 3, 4, 7, 8]), '0,2-4,7,8')
  assert.deepEqual([...parseIndexes('0,2-4,x,7-9', 8)], [0, 2, 3, 4, 7])
})

test('a job runs its pods, counts each once, and completes', async () => {
  await using bench = benchOf(() => 'succeed')
  await bench.put(jobs, job({ completions: 5, parallelism: 2 }))
  await bench.pass(5000)
  assert.equal(bench.api.all(pods).length, 5)
  assert.deepEqual(conditions(bench), ['SuccessCriteriaMet/CompletionsReached', 'Complete/CompletionsReached'])
  const { succeeded, failed, active, uncountedTerminatedPods } = only(bench).status ?? {}
  assert.deepEqual(
    { succeeded, failed, active, uncountedTerminatedPods },
    { succeeded: 5, failed: 0, active: 0, uncountedTerminatedPods: {} },
  )
  assert.ok(bench.api.all(pods).every((pod) => (pod.metadata.finalizers ?? []).length === 0))
  assert.equal(bench.told().at(-1), 'Completed: Job completed')
})

test('failed pods are tried again with a growing pause until the limit', async () => {
  await using bench = benchOf(() => ({ exitCode: 1 }))
  await bench.put(jobs, job({ backoffLimit: 2 }))
  await bench.pass(5000)
  assert.equal(bench.api.all(pods).length, 1)
  await bench.pass(7000)
  assert.equal(bench.api.all(pods).length, 2)
  await bench.pass(30_000)
  assert.deepEqual(conditions(bench), ['FailureTarget/BackoffLimitExceeded', 'Failed/BackoffLimitExceeded'])
  assert.equal(only(bench).status?.failed, 3)
  assert.equal(bench.told().at(-1), 'BackoffLimitExceeded: Job has reached the specified backoff limit')
})

test('an indexed job gives each pod its number, name and variable', async () => {
  await using bench = benchOf(() => 'succeed')
  await bench.put(jobs, job({ completions: 3, parallelism: 3, completionMode: 'Indexed' }))
  await bench.pass(5000)
  const all = bench.api.all(pods)
  assert.deepEqual(
    all.map(indexOf).toSorted((a, b) => a - b),
    [0, 1, 2],
  )
  assert.equal(all[0]?.spec.hostname, 'work-0')
  assert.equal(all[0]?.spec.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX')
  assert.equal(only(bench).status?.completedIndexes, '0-2')
})

test('with a limit for each index a bad one fails alone', async () => {
  await using bench = benchOf((pod) => (indexOf(pod) === 1 ? { exitCode: 1 } : 'succeed'))
  await bench.put(
    jobs,
    job({
      completions: 3,
      parallelism: 3,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 1,
      backoffLimit: 2_147_483_647,
    }),
  )
  await bench.pass(60_000)
  const { completedIndexes, failedIndexes, failed } = only(bench).status ?? {}
  assert.deepEqual(
    { completedIndexes, failedIndexes, failed },
    { completedIndexes: '0,2', failedIndexes: '1', failed: 2 },
  )
  assert.ok(conditions(bench).includes('Failed/FailedIndexes'))
})

test('the pod failure policy can fail the job, ignore a pod, or fail an index', async () => {
  const policy = {
    rules: [
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    ],
  }
  await using failing = benchOf(() => ({ exitCode: 42 }))
  await failing.put(jobs, job({ podFailurePolicy: policy }))
  await failing.pass(5000)
  assert.ok(conditions(failing).includes('Failed/PodFailurePolicy'))
  assert.match(
    only(failing).status?.conditions?.at(-1)?.message ?? '',
    /^Container c for pod default\/work-\w+ failed with exit code 42 matching FailJob rule at index 0$/,
  )
  let disruptions = 0
  await using ignoring = benchOf(() => (disruptions++ < 3 ? { condition: 'DisruptionTarget' } : 'succeed'))
  await ignoring.put(jobs, job({ podFailurePolicy: policy, backoffLimit: 0 }))
  // What the policy ignores is no failure of the job, but the next try waits as after one: 10, 20, 40 s.
  await ignoring.pass(75_000)
  assert.deepEqual(
    [only(ignoring).status?.failed ?? 0, conditions(ignoring).at(-1)],
    [0, 'Complete/CompletionsReached'],
  )
})

test('a success policy ends the job early and stops the rest', async () => {
  await using bench = benchOf((pod) => (indexOf(pod) === 0 ? 'succeed' : 'run'))
  await bench.put(
    jobs,
    job({
      completions: 3,
      parallelism: 3,
      completionMode: 'Indexed',
      successPolicy: { rules: [{ succeededIndexes: '0' }] },
    }),
  )
  await bench.pass(60_000)
  assert.deepEqual(conditions(bench), ['SuccessCriteriaMet/SuccessPolicy', 'Complete/SuccessPolicy'])
  assert.equal(only(bench).status?.failed ?? 0, 0)
})

test('a job that wants nothing is complete at once', async () => {
  await using bench = benchOf(() => 'succeed')
  await bench.put(jobs, job({ completions: 0 }))
  await bench.pass(1000)
  assert.deepEqual(conditions(bench), ['SuccessCriteriaMet/CompletionsReached', 'Complete/CompletionsReached'])
  assert.notEqual(only(bench).status?.startTime, undefined)
})

test('a smaller indexed job loses the numbers beyond its end, and nothing of it counts as failed', async () => {
  await using bench = benchOf(() => 'run')
  await bench.put(jobs, job({ completions: 4, parallelism: 4, completionMode: 'Indexed' }))
  await bench.pass(1000)
  await bench.put(jobs, job({ completions: 2, parallelism: 2, completionMode: 'Indexed' }))
  await bench.pass(1000)
  assert.deepEqual(
    bench.api
      .all(pods)
      .map(indexOf)
      .toSorted((a, b) => a - b),
    [0, 1],
  )
  assert.deepEqual([only(bench).status?.failed ?? 0, only(bench).status?.active], [0, 2])
})

test('a deleted pod counts as failed: the next one waits although the pod is gone', async () => {
  await using bench = benchOf(() => 'run')
  await bench.put(jobs, job({}))
  await bench.pass(1000)
  await bench.api.delete(pods, bench.api.all(pods)[0]?.metadata.name ?? '', { namespace: 'default' })
  await bench.pass(5000)
  assert.deepEqual([bench.api.all(pods).length, only(bench).status?.failed], [0, 1])
  await bench.pass(6000)
  assert.equal(bench.api.all(pods).length, 1)
})

test('a suspended job stops its pods and starts anew when resumed', async () => {
  await using bench = benchOf(() => 'run')
  await bench.put(jobs, job({ suspend: true, parallelism: 2, completions: 2 }))
  await bench.pass(1000)
  assert.deepEqual(
    [bench.api.all(pods).length, conditions(bench), only(bench).status?.startTime],
    [0, ['Suspended/JobSuspended'], undefined],
  )
  await bench.put(jobs, job({ suspend: false }))
  await bench.pass(1000)
  assert.deepEqual(
    [bench.told().slice(0, 2), conditions(bench), only(bench).status?.active],
    [['Suspended: Job suspended', 'SuccessfulCreate: ' + (bench.told()[1] ?? '').slice(18)], [], 1],
  )
  assert.ok(bench.told().includes('Resumed: Job resumed'))
})

test('pods that a suspension took away are no failures: a job that is resumed starts at once', async () => {
  await using bench = benchOf(() => 'run')
  // Somebody holds the pods, so that they are still there, on their way out, when the job goes on.
  const metadata = { labels: { job: 'work' }, finalizers: ['example.com/hold'] }
  const spec = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] }
  const two = { parallelism: 2, completions: 2, template: { metadata, spec } }
  await bench.put(jobs, job(two))
  await bench.pass(5000)
  await bench.put(jobs, job({ ...two, suspend: true }))
  await bench.pass(5000)
  await bench.put(jobs, job({ ...two, suspend: false }))
  await bench.pass(5000)
  assert.deepEqual([only(bench).status?.active, only(bench).status?.failed ?? 0], [2, 0])
})

test('a job that takes too long fails', async () => {
  await using bench = benchOf(() => 'run')
  await bench.put(jobs, job({ activeDeadlineSeconds: 30 }))
  await bench.pass(29_000)
  assert.deepEqual(conditions(bench), [])
  await bench.pass(5000)
  assert.ok(conditions(bench).includes('Failed/DeadlineExceeded'))
})

test('a finished job goes after its time to live', async () => {
  await using bench = benchOf(() => 'succeed')
  bench.start(startTtlAfterFinishedController)
  await bench.put(jobs, job({ ttlSecondsAfterFinished: 60 }))
  await bench.pass(50_000)
  assert.equal(only(bench).metadata.deletionTimestamp, undefined)
  await bench.pass(15_000)
  assert.ok(bench.api.writes.includes('delete jobs default/work'))
})

const cron = (spec: object): JsonObject => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'tick', namespace: 'default' },
  spec: {
    schedule: '*/5 * * * *',
    concurrencyPolicy: 'Allow',
    jobTemplate: { spec: (job({}) as { spec: object }).spec },
    ...spec,
  },
})

test('schedules follow their time zone, also over the change of clocks', () => {
  const at = (text: string): number => new Date(text).getTime()
  const berlin = parseSchedule('30 2 * * *', 'Europe/Berlin')
  assert.equal(berlin.after(at('2026-01-10T00:00:00Z')), at('2026-01-10T01:30:00Z'))
  assert.equal(berlin.after(at('2026-07-10T00:00:00Z')), at('2026-07-10T00:30:00Z'))
  assert.equal(parseSchedule('0 0 13 * 5').after(at('2026-01-01T12:00:00Z')), at('2026-01-02T00:00:00Z'))
  assert.throws(() => parseSchedule('61 * * * *'))
})

test('a schedule may be a pause, counted in whole seconds', () => {
  assert.equal(parseSchedule('@every 1h30m').after(1_500), 1_000 + 90 * 60_000)
  assert.equal(parseSchedule('@every 10ms').after(0), 1000)
  assert.throws(() => parseSchedule('@every now and then'), /invalid duration/)
})

test('of many missed times the latest counts', () => {
  const schedule = parseSchedule('* * * * *')
  const startMs = 1_767_225_600_000
  assert.deepEqual(missedRuns(schedule, startMs, startMs + 30_000), {
    latestMs: undefined,
    nextMs: startMs + 60_000,
    isTooMany: false,
    isNever: false,
  })
  assert.deepEqual(missedRuns(schedule, startMs, startMs + 200_000), {
    latestMs: startMs + 180_000,
    nextMs: startMs + 240_000,
    isTooMany: false,
    isNever: false,
  })
  assert.deepEqual(missedRuns(schedule, startMs, startMs + 86_400_000), {
    latestMs: startMs + 86_400_000,
    nextMs: startMs + 86_460_000,
    isTooMany: true,
    isNever: false,
  })
})

test('a schedule whose day never comes is told of', async () => {
  await using bench = createBench()
  bench.start(startCronJobController)
  await bench.put(cronJobs, cron({ schedule: '59 23 31 2 *' }))
  await bench.pass(60_000)
  assert.deepEqual(bench.api.all(jobs), [])
  assert.ok(
    bench
      .told()
      .includes(
        'InvalidSchedule: invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second',
      ),
    bench.told().join('\n'),
  )
})

test('a cron job starts jobs on time and keeps a short history', async () => {
  await using bench = createBench({
    runPod: (pod) => (pod.status?.phase === undefined ? { phase: 'Succeeded' } : undefined),
  })
  bench.start(startCronJobController)
  bench.start(startJobController)
  await bench.put(cronJobs, cron({ successfulJobsHistoryLimit: 2 }))
  await bench.pass(31 * 60_000)
  assert.equal(bench.api.all(jobs).length, 2)
  assert.equal(bench.told().filter((text) => text.startsWith('SuccessfulCreate: Created job')).length, 6)
  const { active, lastScheduleTime, lastSuccessfulTime } = bench.api.all(cronJobs)[0]?.status ?? {}
  assert.deepEqual(
    [active, lastScheduleTime, lastSuccessfulTime],
    [undefined, '2026-01-01T00:30:00Z', '2026-01-01T00:30:00Z'],
  )
  assert.equal(bench.api.all(jobs)[1]?.metadata.name, `tick-${(1_767_225_600 + 1800) / 60}`)
})

test('the concurrency policy forbids or replaces what still runs', async () => {
  for (const [policy, expected] of [
    ['Forbid', 1],
    ['Replace', 1],
    ['Allow', 3],
  ] as const) {
    await using bench = createBench()
    bench.start(startCronJobController)
    await bench.put(cronJobs, cron({ concurrencyPolicy: policy }))
    await bench.pass(15 * 60_000 + 1000)
    assert.equal(bench.api.all(jobs).length, expected, policy)
    const isForbidden = bench
      .told()
      .some((text) => text.startsWith('JobAlreadyActive: Not starting job because prior execution is running'))
    assert.equal(isForbidden, policy === 'Forbid')
    assert.ok(!bench.told().some((text) => text.startsWith('MissingJob')))
  }
})

test('a job made by hand from a cron job is told of and holds up nothing', async () => {
  await using bench = createBench()
  bench.start(startCronJobController)
  const tick = await bench.put(cronJobs, cron({ concurrencyPolicy: 'Forbid', schedule: '* * * * *' }))
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: tick.metadata.uid, controller: true }
  const manual = { ...job({}), metadata: { name: 'by-hand', namespace: 'default', ownerReferences: [owner] } }
  await bench.put(jobs, manual)
  await bench.pass(61_000)
  assert.ok(bench.told().includes('UnexpectedJob: Saw a job that the controller did not create or forgot: by-hand'))
  const { active = [] } = bench.api.all(cronJobs)[0]?.status ?? {}
  assert.deepEqual([bench.api.all(jobs).length, active.map(({ name }) => name?.startsWith('tick-'))], [2, [true]])
})

test('times in events are written as mails write them', () => {
  assert.equal(mailTime(Date.UTC(2026, 0, 2, 3, 4, 5)), 'Fri, 02 Jan 2026 03:04:05 +0000')
  assert.equal(mailTime(-1000), 'Wed, 31 Dec 1969 23:59:59 +0000')
})
