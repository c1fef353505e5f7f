import assert from 'node:assert/strict'
import test from 'node:test'
import type { PodCondition, PodStatus } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { statusPatch } from './status-patch.ts'

const ready: PodCondition = { type: 'Ready', status: 'True', lastTransitionTime: 't2' }
const unready: PodCondition = {
  type: 'Ready',
  status: 'False',
  reason: 'Why',
  message: 'Because',
  lastTransitionTime: 't1',
}
const scheduled: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: 't1' }
const pending: PodStatus = { phase: 'Pending', hostIP: '172.18.0.2', conditions: [scheduled, unready] }

const cases: readonly (readonly [what: string, before: PodStatus | undefined, now: PodStatus, patch: unknown])[] = [
  ['nothing is sent where nothing changed', pending, pending, undefined],
  ['everything is new to a pod without a status', undefined, { phase: 'Pending' }, { phase: 'Pending' }],
  ['only what changed is sent', pending, { ...pending, phase: 'Running' }, { phase: 'Running' }],
  [
    'a condition that explains itself no more loses its reason, and others are not sent',
    pending,
    { ...pending, conditions: [scheduled, ready] },
    { conditions: [{ ...ready, reason: null, message: null }] },
  ],
  [
    'a condition of somebody else stays',
    { conditions: [{ type: 'example.com/gate', status: 'True' }, ready] },
    { conditions: [{ type: 'example.com/gate', status: 'True' }, unready] },
    { conditions: [unready] },
  ],
  [
    'what the API fills in as null or leaves out as empty is no change',
    { conditions: [{ ...ready, lastProbeTime: null } as never], containerStatuses: [{ name: 'c' } as never] },
    { conditions: [ready], containerStatuses: [{ name: 'c', lastState: {} } as never] },
    undefined,
  ],
]
for (const [what, before, now, patch] of cases) {
  test(what, () => {
    assert.deepEqual(statusPatch(before, now), patch)
  })
}
