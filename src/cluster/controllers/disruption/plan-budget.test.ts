import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '#kit/reconcile/plan.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '#spec/kubernetes/objects/policy-v1.generated.ts'
import { podLike } from '../bench.contract.ts'
import { type BudgetObserved, planBudget, planFailedBudget } from './plan-budget.ts'
import { planStaleDisruption } from './stale-disruption.ts'

const nowMs = Date.UTC(2026, 0, 1)
const ago = (ms: number): string => new Date(nowMs - ms).toISOString().replace('.000', '')

function budget(spec: PodDisruptionBudget['spec'], status?: PodDisruptionBudgetStatus): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'default', uid: 'ub', generation: 3 },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    ...(status === undefined ? {} : { status }),
  }
}

const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'urs', controller: true }

function webPod(name: string, { ready = true, owned = true, metadata = {} } = {}): Pod {
  return podLike(name, {
    metadata: { labels: { app: 'web' }, ...(owned ? { ownerReferences: [owner] } : {}), ...metadata },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  })
}

const scales = new Map([['urs', { uid: 'udep', replicas: 4 }]])
const written = (plan: Plan): PodDisruptionBudgetStatus | undefined =>
  (plan.status?.object as PodDisruptionBudget | undefined)?.status

const statusOf = (observed: Omit<BudgetObserved, 'nowMs' | 'scales'>): Partial<PodDisruptionBudgetStatus> => {
  const { conditions: _, ...rest } = written(planBudget({ ...observed, scales, nowMs })) ?? ({} as never)
  return rest
}
const three = ['a', 'b', 'c'].map((name) => webPod(name))

test('what may be disrupted follows from what is healthy and what is wanted', () => {
  const rows: readonly (readonly [PodDisruptionBudget['spec'], readonly Pod[], Partial<PodDisruptionBudgetStatus>])[] =
    [
      [{ minAvailable: 2 }, three, { expectedPods: 3, desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 }],
      [{ minAvailable: 5 }, three, { expectedPods: 3, desiredHealthy: 5, currentHealthy: 3, disruptionsAllowed: 0 }],
      [{ minAvailable: 0 }, [], { expectedPods: 0, desiredHealthy: 0, currentHealthy: 0, disruptionsAllowed: 0 }],
      [
        { minAvailable: '50%' },
        three,
        { expectedPods: 4, desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 },
      ],
      [
        { minAvailable: '51%' },
        three,
        { expectedPods: 4, desiredHealthy: 3, currentHealthy: 3, disruptionsAllowed: 0 },
      ],
      [{ maxUnavailable: 1 }, three, { expectedPods: 4, desiredHealthy: 3, currentHealthy: 3, disruptionsAllowed: 0 }],
      [
        { maxUnavailable: '30%' },
        three,
        { expectedPods: 4, desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 },
      ],
      [{ maxUnavailable: 9 }, three, { expectedPods: 4, desiredHealthy: 0, currentHealthy: 3, disruptionsAllowed: 3 }],
      [
        { minAvailable: 1 },
        [webPod('a', { ready: false }), webPod('b', { metadata: { deletionTimestamp: ago(0) } }), webPod('c')],
        { expectedPods: 3, desiredHealthy: 1, currentHealthy: 1, disruptionsAllowed: 0 },
      ],
      [{}, three, { expectedPods: 0, desiredHealthy: 0, currentHealthy: 3, disruptionsAllowed: 0 }],
    ]
  for (const [spec, pods, expected] of rows)
    assert.deepEqual(
      statusOf({ budget: budget(spec), pods }),
      { ...expected, observedGeneration: 3 },
      JSON.stringify(spec),
    )
})

test('the condition turns with the number and keeps its time otherwise', () => {
  const condition = { type: 'DisruptionAllowed', message: '', observedGeneration: 2, lastTransitionTime: ago(60_000) }
  const before = (status: 'True' | 'False'): PodDisruptionBudgetStatus => ({
    conditions: [{ ...condition, status, reason: 'x' }],
  })
  const after = (status: 'True' | 'False'): unknown => {
    const plan = planBudget({ budget: budget({ minAvailable: 2 }, before(status)), pods: three, scales, nowMs })
    return written(plan)?.conditions?.[0]
  }
  const allowed = { ...condition, status: 'True', reason: 'SufficientPods', observedGeneration: 3 }
  assert.deepEqual(after('True'), allowed)
  assert.deepEqual(after('False'), { ...allowed, lastTransitionTime: ago(0) })
})

test('an evicted pod counts as gone for two minutes, then is told of', () => {
  const status = { disruptedPods: { a: ago(30_000), b: ago(120_000), c: ago(1), gone: ago(1) } }
  const pods = [webPod('a'), webPod('b'), webPod('c', { metadata: { deletionTimestamp: ago(0) } })]
  const plan = planBudget({ budget: budget({ minAvailable: 0 }, status), pods, scales, nowMs })
  const next = written(plan)
  assert.deepEqual(next?.disruptedPods, { a: ago(30_000) })
  assert.equal(next?.currentHealthy, 1)
  assert.equal(plan.lookAgainAfterMs, 90_000)
  assert.deepEqual(
    plan.events?.map(({ reason, message, regarding }) => [reason, message, regarding?.metadata.name]),
    [['NotDeleted', "Pod was expected by PDB default/default to be deleted but it wasn't", 'b']],
  )
})

test('pods without a controller are told of where owners are counted, and budgets without pods', () => {
  const pods = [...three, webPod('lone', { owned: false })]
  const reasons = (spec: PodDisruptionBudget['spec'], of: readonly Pod[]): unknown =>
    planBudget({ budget: budget(spec), pods: of, scales, nowMs }).events?.map(({ reason }) => reason)
  assert.deepEqual(reasons({ minAvailable: 1 }, pods), [])
  assert.deepEqual(reasons({ maxUnavailable: 1 }, []), ['NoPods'])
  const [event] = planBudget({ budget: budget({ maxUnavailable: 1 }), pods, scales, nowMs }).events ?? []
  assert.match(
    event?.message ?? '',
    /^Pods selected by this PodDisruptionBudget \(selector: &LabelSelector\{MatchLabels:map\[string\]string\{app: web,\},MatchExpressions:\[\]LabelSelectorRequirement\{\},\}\) were found to be unmanaged\. As a result, /,
  )
})

test('a status that is as it should be is not written again', () => {
  const { object } = planBudget({ budget: budget({ minAvailable: 1 }), pods: three, scales, nowMs }).status ?? {}
  assert.ok(object !== undefined)
  const again = planBudget({ budget: object as PodDisruptionBudget, pods: three, scales, nowMs: nowMs + 5000 })
  assert.equal(again.status?.object, undefined)
})

test('a budget that cannot be worked out allows nothing and says why', () => {
  const plan = planFailedBudget(budget({ maxUnavailable: 1 }, { disruptionsAllowed: 2 }), 'no reason', nowMs)
  const status = written(plan)
  assert.equal(status?.disruptionsAllowed, 0)
  assert.deepEqual(
    status?.conditions?.map(({ status: is, reason, message }) => [is, reason, message]),
    [['False', 'SyncFailed', 'no reason']],
  )
  assert.equal(plan.events?.[0]?.message, 'Failed to calculate the number of expected pods: no reason')
})

test('an announcement that nothing followed is taken back after two minutes', () => {
  const told = (sinceMs: number, more = {}, phase = 'Running'): Pod =>
    podLike('p', {
      metadata: { generation: 2 },
      status: {
        phase,
        conditions: [{ type: 'DisruptionTarget', status: 'True', lastTransitionTime: ago(sinceMs), ...more }],
      },
    })
  assert.deepEqual(planStaleDisruption(told(50_000), nowMs), { lookAgainAfterMs: 70_000 })
  assert.deepEqual(planStaleDisruption(told(500_000, { reason: 'TerminationByKubelet' }), nowMs), {})
  assert.deepEqual(planStaleDisruption(told(500_000, {}, 'Failed'), nowMs), {})
  const [action] = planStaleDisruption(told(120_000), nowMs).actions ?? []
  assert.equal(action?.do, 'update-status')
  assert.deepEqual((action?.object as Pod | undefined)?.status?.conditions, [
    { type: 'DisruptionTarget', status: 'False', lastTransitionTime: ago(0), observedGeneration: 2 },
  ])
})
