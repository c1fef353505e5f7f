import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cronJobs, jobs, persistentVolumeClaims, persistentVolumes } from '#clients/kubernetes/resources.table.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import { createBench } from './bench.contract.ts'
import { startCronJobController } from './jobs/cron-job.ts'
import { countJobs } from './jobs/job-metrics.ts'
import { startTtlAfterFinishedController } from './jobs/ttl-after-finished.ts'
import { startVolumeBinder } from './volumes/binder.ts'

test('controllers measure their queues and what they do', async () => {
  await using bench = createBench()
  const metrics = createMetrics()
  for (const start of [startCronJobController, startTtlAfterFinishedController, startVolumeBinder])
    bench.start((context) => start({ ...context, metrics }))
  const time = new Date(bench.clock.now()).toISOString()
  await bench.put(cronJobs, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default', creationTimestamp: time },
    spec: { schedule: '* * * * *', jobTemplate: { spec: {} } },
  })
  await bench.put(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'done', namespace: 'default' },
    spec: { ttlSecondsAfterFinished: 5 },
  })
  const status = { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: time }] }
  await bench.api.patch(jobs, 'done', { status }, { namespace: 'default', type: 'merge' })
  await bench.put(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
  })
  await bench.put(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } },
  })
  await bench.pass(90_000)
  const text = metrics.render()
  for (const line of [
    /^workqueue_adds_total\{name="cronjob"\} [1-9]/m,
    /^workqueue_work_duration_seconds_count\{name="persistentvolume-binder"\} [1-9]/m,
    /^cronjob_controller_job_creation_skew_duration_seconds_count [1-9]/m,
    /^ttl_after_finished_controller_job_deletion_duration_seconds_count 1/m,
    /^pv_collector_bound_pv_count\{storage_class=""\} 1/m,
    /^pv_collector_bound_pvc_count\{namespace="default",storage_class="",volume_attributes_class=""\} 1/m,
    /^pv_collector_total_pv_count\{plugin_name="kubernetes.io\/host-path",volume_mode="Filesystem"\} 1/m,
  ])
    assert.match(text, line)
})

test('a job counts when it ends, its pods as they are counted', () => {
  const metrics = createMetrics()
  const count = countJobs(metrics)
  const job = (status: object): Job =>
    ({ metadata: { name: 'j' }, spec: { completionMode: 'Indexed' }, status }) as never
  const running = job({ succeeded: 1 })
  const ended = job({
    succeeded: 3,
    failed: 2,
    conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }],
  })
  count({ type: 'added', object: ended })
  count({ type: 'updated', object: ended, previous: running })
  count({ type: 'updated', object: ended, previous: ended })
  const text = metrics.render()
  const failed = 'completion_mode="Indexed",result="failed"'
  assert.ok(text.includes(`job_controller_jobs_finished_total{${failed},reason="BackoffLimitExceeded"} 1`), text)
  assert.ok(text.includes(`job_controller_job_pods_finished_total{${failed}} 2`), text)
  assert.ok(
    text.includes('job_controller_job_pods_finished_total{completion_mode="Indexed",result="succeeded"} 2'),
    text,
  )
})
