import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { countPods, indexAnnotation, trackingFinalizer } from './job-pods.ts'

const pod = (index: number, more: object = {}, phase = 'Running'): Pod =>
  ({
    metadata: {
      name: `p${index}`,
      uid: `uid-${index}`,
      annotations: { [indexAnnotation]: String(index) },
      finalizers: [trackingFinalizer],
      ...more,
    },
    status: { phase },
  }) as unknown as Pod
const job = (conditions: readonly object[]): Job =>
  ({
    metadata: { name: 'work' },
    spec: { completionMode: 'Indexed', completions: 3, backoffLimitPerIndex: 0, maxFailedIndexes: 0 },
    status: { conditions, failedIndexes: '1', failed: 1 },
  }) as unknown as Job

test('pods that a failing job takes away count as failed and fail no index', () => {
  const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z' }
  const pods = [pod(0, leaving), pod(2, leaving)]
  const failing = countPods(job([{ type: 'FailureTarget', status: 'True' }]), pods)
  assert.deepEqual([failing.failed, [...failing.failedIndexes]], [3, [1]])
  const going = countPods(job([]), pods)
  assert.deepEqual([going.failed, going.failedIndexes], [3, new Set([1, 0, 2])])
})
