import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
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

/** A JSON value in one writing: members that say nothing are left out, the others sorted. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const says = ([, each]: readonly [string, unknown]): boolean =>
    typeof each === 'object' ? Object.keys(each ?? {}).length > 0 : each !== undefined
  const told = Object.entries(value)
    .map(([key, each]) => [key, plain(each)] as const)
    .filter(says)
  return Object.fromEntries(told.toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

test('a field is sent exactly when it says something else than before, whatever is null or empty in it', () => {
  const leaf = fc.constantFrom(null, 'a', 'b', 0, false)
  const inner = fc.dictionary(fc.constantFrom('x', 'y', 'z'), leaf, { maxKeys: 3 })
  const status = fc.record({ phase: leaf, containerStatuses: fc.array(inner, { maxLength: 2 }), resources: inner })
  fc.assert(
    fc.property(status, status, (before, now) => {
      const sent = Object.keys(statusPatch(before as never, now as never) ?? {})
      const said = (value: unknown): string => JSON.stringify(plain(value))
      for (const key of ['containerStatuses', 'resources'] as const)
        assert.equal(sent.includes(key), said(before[key]) !== said(now[key]), key)
    }),
    { numRuns: 2000 },
  )
})
