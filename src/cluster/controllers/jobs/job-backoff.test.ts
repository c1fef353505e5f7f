import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { backoffLeftMs, nextBackoff, noBackoff } from './job-backoff.ts'

const ended = (uid: string, second: number): Pod =>
  ({
    metadata: { name: uid, uid },
    status: {
      containerStatuses: [{ state: { terminated: { finishedAt: new Date(second * 1000).toISOString() } } }],
    },
  }) as unknown as Pod
const nowMs = 100_000

test('failures add up until a success, each pod once', () => {
  const one = nextBackoff(noBackoff, { succeeded: [], failed: [ended('a', 1)], nowMs })
  assert.deepEqual([one.failures, one.lastFailureMs], [1, 1000])
  const same = nextBackoff(one, { succeeded: [], failed: [ended('a', 1)], nowMs })
  assert.deepEqual([same.failures, same.lastFailureMs], [1, 1000])
  const two = nextBackoff(same, { succeeded: [], failed: [ended('a', 1), ended('b', 5)], nowMs })
  assert.deepEqual([two.failures, two.lastFailureMs], [2, 5000])
  const gone = nextBackoff(two, { succeeded: [], failed: [], nowMs })
  assert.deepEqual([gone.failures, gone.lastFailureMs], [2, 5000])
  const good = nextBackoff(gone, { succeeded: [ended('c', 6)], failed: [ended('d', 6)], nowMs })
  assert.deepEqual([good.failures, good.lastFailureMs], [0, 0])
  const after = nextBackoff(gone, { succeeded: [ended('c', 6)], failed: [ended('d', 7)], nowMs })
  assert.deepEqual([after.failures, after.lastFailureMs], [1, 7000])
})

test('the pause doubles from 10 s to 10 minutes', () => {
  const rows = [0, 1, 2, 3, 7, 50].map((failures) => backoffLeftMs(failures, 0, 0))
  assert.deepEqual(rows, [0, 10_000, 20_000, 40_000, 600_000, 600_000])
})
