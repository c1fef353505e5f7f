import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Status } from '#spec/kubernetes/objects/objects.ts'
import type { ApiObject } from '../api-object.ts'
import { spendDisruption } from './spend-disruption.ts'

const now = '2026-01-01T00:00:00Z'

function budget(status: object): ApiObject {
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b', generation: 2 }, status }
}

function refusalOf(status: object): readonly [number | undefined, number | undefined, string | undefined] {
  try {
    spendDisruption(budget({ observedGeneration: 2, ...status }), 'p', now)
    return [undefined, undefined, undefined]
  } catch (error) {
    assert.ok(error instanceof GantryError)
    const { code, details, message } = error.details['status'] as Status
    return [code, details?.retryAfterSeconds, details?.causes?.[0]?.message ?? message]
  }
}

const condition = (reason: string, message: string): object => ({
  type: 'DisruptionAllowed',
  status: 'False',
  reason,
  message,
})

test('a budget that allows nothing says why, and when to ask again', () => {
  const pods = { currentHealthy: 2, desiredHealthy: 3 }
  const refused = 'The disruption budget b does not allow evicting pods currently'
  const rows: readonly (readonly [object, readonly [number, number | undefined, string]])[] = [
    [{ observedGeneration: 1 }, [429, 10, 'The disruption budget b is still being processed by the server.']],
    [pods, [429, undefined, 'The disruption budget b needs 3 healthy pods and has 2 currently']],
    [{ currentHealthy: 4, desiredHealthy: 3 }, [429, undefined, refused]],
    [
      { currentHealthy: 4, desiredHealthy: 3, conditions: [condition('Busy', 'wait')] },
      [429, undefined, `${refused} (Busy): wait`],
    ],
    [
      { ...pods, conditions: [condition('SyncFailed', 'no scale')] },
      [429, undefined, `${refused} because it failed sync: no scale`],
    ],
    [
      { disruptionsAllowed: -1 },
      [403, undefined, 'poddisruptionbudget.policy "b" is forbidden: pdb disruptions allowed is negative'],
    ],
    [
      {
        disruptionsAllowed: 1,
        disruptedPods: Object.fromEntries(Array.from({ length: 2001 }, (_, at) => [`p${at}`, now])),
      },
      [
        403,
        undefined,
        'poddisruptionbudget.policy "b" is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller',
      ],
    ],
  ]
  for (const [status, expected] of rows)
    assert.deepEqual(refusalOf(status), expected, JSON.stringify(status).slice(0, 99))
})

test('a disruption is taken off, the pod noted, and the last one turns the condition', () => {
  const allowed = { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '' }
  const spend = (disruptionsAllowed: number): Readonly<Record<string, unknown>> =>
    spendDisruption(budget({ observedGeneration: 2, disruptionsAllowed, conditions: [allowed] }), 'p', now)[
      'status'
    ] as Readonly<Record<string, unknown>>
  assert.deepEqual(spend(2), {
    observedGeneration: 2,
    disruptionsAllowed: 1,
    disruptedPods: { p: now },
    conditions: [allowed],
  })
  const [last] = spend(1)['conditions'] as readonly Readonly<Record<string, unknown>>[]
  assert.deepEqual(
    [last?.['status'], last?.['reason'], last?.['lastTransitionTime']],
    ['False', 'InsufficientPods', now],
  )
})
