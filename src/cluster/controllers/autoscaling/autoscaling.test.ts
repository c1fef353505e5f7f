import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { podLike } from '../bench.contract.ts'
import { countByAverage, countByShare, countByUtilization, countByValue, type Counting } from './count-replicas.ts'
import { limitScaling, newMemory, type ScalingMemory, settleOrder, type Wanted } from './limit-scaling.ts'
import type { PodValue, PodValues } from './metric-values.ts'
import { proposeReplicas } from './propose-replicas.ts'

const nowMs = Date.UTC(2026, 0, 1)
const ago = (ms: number): string => new Date(nowMs - ms).toISOString()
const tolerances = { up: 0.1, down: 0.1 }

interface Shape {
  readonly phase?: string
  readonly ready?: boolean
  readonly startedMs?: number
  readonly readyMs?: number
  readonly request?: string | undefined
  readonly deleted?: boolean
}

function webPod(name: string, shape: Shape = {}): Pod {
  const { phase = 'Running', ready = true, startedMs = 3_600_000, readyMs = 3_000_000, deleted = false } = shape
  const request = 'request' in shape ? shape.request : '1'
  const requests = request === undefined ? {} : { requests: { cpu: request } }
  return podLike(name, {
    metadata: deleted ? { deletionTimestamp: ago(0) } : {},
    spec: { containers: [{ name: 'c', image: 'i', resources: requests }] },
    status: {
      phase,
      startTime: ago(startedMs),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(readyMs) }],
    },
  })
}

const value = (milli: number): PodValue => ({ milli, timestampMs: nowMs, windowMs: 60_000 })
const valuesFor = (pods: readonly Pod[], ...milli: readonly number[]): PodValues =>
  new Map(milli.map((amount, at) => [pods[at]?.metadata.name ?? '', value(amount)]))
const counting = (pods: readonly Pod[], currentReplicas: number = pods.length): Counting => ({
  pods,
  currentReplicas,
  tolerances,
  nowMs,
})

test('replicas follow the utilisation of what pods request', () => {
  const three = ['a', 'b', 'c'].map((name) => webPod(name))
  const starting = webPod('s', { startedMs: 60_000, ready: false, readyMs: 60_000 })
  const rows: readonly (readonly [string, readonly Pod[], readonly number[], number, unknown])[] = [
    ['grows', three, [800, 900, 1000], 30, { replicas: 9, usage: 900, utilization: 90 }],
    ['shrinks', three, [100, 200, 300], 50, { replicas: 2, usage: 200, utilization: 20 }],
    ['stays within the tolerance', three, [500, 550, 540], 50, { replicas: 3, usage: 530, utilization: 53 }],
    ['a missing pod holds growth back', three, [900, 900], 50, { replicas: 4, usage: 900, utilization: 90 }],
    ['a missing pod holds shrinking back', three, [100, 100], 50, { replicas: 3, usage: 100, utilization: 10 }],
    [
      'an unready pod counts as idle',
      [...three, starting],
      [900, 900, 900, 5000],
      50,
      { replicas: 6, usage: 900, utilization: 90 },
    ],
    [
      'a pending pod counts as idle',
      [...three, webPod('p', { phase: 'Pending' })],
      [900, 900, 900],
      50,
      { replicas: 6, usage: 900, utilization: 90 },
    ],
    [
      'failed and deleted pods do not count',
      [...three, webPod('f', { phase: 'Failed' }), webPod('d', { deleted: true })],
      [900, 900, 900, 9000, 9000],
      45,
      { replicas: 6, usage: 900, utilization: 90 },
    ],
    ['nothing measured', three, [], 50, 'did not receive metrics for targeted pods (pods might be unready)'],
    ['no pods', [], [], 50, 'no pods returned by selector while calculating replica count'],
    ['no requests', [webPod('a', { request: undefined })], [5], 50, 'missing request for cpu in container c of Pod a'],
  ]
  for (const [why, pods, milli, target, expected] of rows) {
    const terms = { resource: 'cpu', container: '', target }
    assert.deepEqual(countByUtilization(valuesFor(pods, ...milli), terms, counting(pods)), expected, why)
  }
  const other = { resource: 'cpu', container: 'x', target: 50 }
  assert.equal(countByUtilization(valuesFor(three, 1), other, counting(three)), 'container x not found in Pod a')
})

test('CPU of a pod that starts is believed only when it was measured while ready', () => {
  const measured = (pod: Pod, at: PodValue): unknown => {
    const counted = countByAverage(
      new Map([[pod.metadata.name, at]]),
      { resource: 'cpu', target: 100 },
      counting([pod]),
    )
    return typeof counted === 'string' ? 'unready' : counted.replicas
  }
  const young = webPod('y', { startedMs: 120_000, readyMs: 90_000 })
  assert.equal(measured(young, { milli: 300, timestampMs: nowMs, windowMs: 60_000 }), 3)
  assert.equal(measured(young, { milli: 300, timestampMs: nowMs - 40_000, windowMs: 60_000 }), 'unready')
  assert.equal(measured(webPod('n', { ready: false, startedMs: 600_000, readyMs: 590_000 }), value(300)), 'unready')
  assert.equal(measured(webPod('l', { ready: false, startedMs: 600_000, readyMs: 100_000 }), value(300)), 3)
})

test('values and shares of values ask for replicas by their ratio to the target', () => {
  const two = [webPod('a'), webPod('b', { ready: false })]
  assert.deepEqual(countByValue(30_000, 10_000, counting(two, 2)), { replicas: 3, usage: 30_000 })
  assert.deepEqual(countByValue(10_500, 10_000, counting(two, 2)), { replicas: 2, usage: 10_500 })
  assert.deepEqual(countByValue(25_000, 10_000, counting([], 0)), { replicas: 3, usage: 25_000 })
  assert.equal(
    countByValue(30_000, 10_000, counting([], 2)),
    'unable to calculate ready pods: no pods returned by selector while calculating replica count',
  )
  assert.deepEqual(countByShare(100_000, 20_000, { statusReplicas: 2, tolerances }), { replicas: 5, usage: 50_000 })
  assert.deepEqual(countByShare(41_000, 20_000, { statusReplicas: 2, tolerances }), { replicas: 2, usage: 20_500 })
})

const wanted = (more: Partial<Wanted>): Wanted => ({
  current: 4,
  desired: 4,
  least: 1,
  most: 100,
  behavior: undefined,
  nowMs,
  ...more,
})
const remembering = (...recommendations: readonly (readonly [number, number])[]): ScalingMemory => ({
  recommendations: recommendations.map(([replicas, seconds]) => ({ replicas, atMs: nowMs - seconds * 1000 })),
  ups: [],
  downs: [],
})
const outcome = (of: Wanted, memory: ScalingMemory): unknown => {
  const { desired, able, limited } = limitScaling(of, memory)
  return [desired, able.reason, limited.reason, limited.isLimited]
}

test('without policies growth is at most double, shrinking waits five minutes, bounds hold', () => {
  const rows: readonly (readonly [Partial<Wanted>, ScalingMemory, unknown])[] = [
    [{ desired: 6 }, remembering(), [6, 'ReadyForNewScale', 'DesiredWithinRange', false]],
    [{ desired: 50 }, remembering(), [8, 'ReadyForNewScale', 'ScaleUpLimit', true]],
    [{ current: 1, desired: 50 }, remembering(), [4, 'ReadyForNewScale', 'ScaleUpLimit', true]],
    [{ desired: 8, most: 6 }, remembering(), [6, 'ReadyForNewScale', 'TooManyReplicas', true]],
    [{ desired: 1, least: 2 }, remembering(), [2, 'ReadyForNewScale', 'TooFewReplicas', true]],
    [{ desired: 1 }, remembering([3, 200], [9, 301]), [3, 'ScaleDownStabilized', 'DesiredWithinRange', false]],
    [{ desired: 1 }, remembering([4, 301]), [1, 'ReadyForNewScale', 'DesiredWithinRange', false]],
  ]
  for (const [of, memory, expected] of rows) assert.deepEqual(outcome(wanted(of), memory), expected, JSON.stringify(of))
})

test('policies slow both directions, by pods and by percent, each within its period', () => {
  const pods = (amount: number, periodSeconds = 60): object => ({ type: 'Pods', value: amount, periodSeconds })
  const percent = (amount: number, periodSeconds = 60): object => ({ type: 'Percent', value: amount, periodSeconds })
  const rules = (policies: readonly object[], more: object = {}): Wanted['behavior'] =>
    ({
      scaleUp: { policies, selectPolicy: 'Max', stabilizationWindowSeconds: 0, ...more },
      scaleDown: { policies, selectPolicy: 'Max', stabilizationWindowSeconds: 0, ...more },
    }) as Wanted['behavior']
  const moved = (ups: number, downs: number, seconds: number): ScalingMemory => ({
    recommendations: [],
    ups: ups === 0 ? [] : [{ change: ups, atMs: nowMs - seconds * 1000 }],
    downs: downs === 0 ? [] : [{ change: downs, atMs: nowMs - seconds * 1000 }],
  })
  const still = moved(0, 0, 0)
  const rows: readonly (readonly [number, number, Wanted['behavior'], ScalingMemory, number, string])[] = [
    [10, 50, rules([pods(2), percent(50)]), still, 15, 'ScaleUpLimit'],
    [10, 50, rules([pods(2), percent(50)], { selectPolicy: 'Min' }), still, 12, 'ScaleUpLimit'],
    [10, 50, rules([pods(2)], { selectPolicy: 'Disabled' }), still, 10, 'ScaleUpLimit'],
    [10, 50, rules([pods(4)]), moved(3, 0, 30), 11, 'ScaleUpLimit'],
    [10, 50, rules([pods(4)]), moved(3, 0, 90), 14, 'ScaleUpLimit'],
    [10, 11, rules([pods(4)]), still, 11, 'DesiredWithinRange'],
    [10, 1, rules([pods(2), percent(50)]), still, 5, 'ScaleDownLimit'],
    [10, 1, rules([pods(2), percent(50)], { selectPolicy: 'Min' }), still, 8, 'ScaleDownLimit'],
    [10, 1, rules([pods(2)], { selectPolicy: 'Disabled' }), still, 10, 'ScaleDownLimit'],
    [10, 1, rules([pods(4)]), moved(0, 3, 30), 9, 'ScaleDownLimit'],
    [10, 200, rules([percent(5000)]), still, 100, 'TooManyReplicas'],
    [10, 0, rules([percent(100)]), still, 1, 'TooFewReplicas'],
  ]
  for (const [current, desired, behavior, memory, replicas, reason] of rows) {
    const { desired: got, limited } = limitScaling(wanted({ current, desired, behavior }), memory)
    assert.deepEqual([got, limited.reason], [replicas, reason], JSON.stringify([current, desired, behavior]))
  }
})

test('windows hold to the lowest recent number going up and to the highest going down', () => {
  const behavior = {
    scaleUp: { stabilizationWindowSeconds: 60 },
    scaleDown: { stabilizationWindowSeconds: 120 },
  }
  const memory = remembering([5, 30], [7, 90], [9, 200])
  assert.deepEqual(outcome(wanted({ desired: 8, behavior }), memory), [
    5,
    'ScaleUpStabilized',
    'DesiredWithinRange',
    false,
  ])
  const down = limitScaling(wanted({ current: 9, desired: 2, behavior }), memory)
  assert.deepEqual([down.desired, down.able.reason], [7, 'ScaleDownStabilized'])
})

test('an order counts as a change only once it has been carried out', () => {
  const behavior = {}
  const ordered = { ...newMemory(4, nowMs), ordered: { from: 4, to: 6, atMs: nowMs } }
  assert.deepEqual(settleOrder(ordered, 6, behavior).ups, [{ change: 2, atMs: nowMs }])
  assert.deepEqual(settleOrder(ordered, 4, behavior).ups, [])
  const down = { ...newMemory(4, nowMs), ordered: { from: 4, to: 1, atMs: nowMs } }
  assert.deepEqual(settleOrder(down, 1, behavior).downs, [{ change: 3, atMs: nowMs }])
})

test('every kind of metric is told of by upstream’s names, in success and in failure', () => {
  const pods = [webPod('a'), webPod('b')]
  const terms = { ...counting(pods), namespace: 'default', statusReplicas: 2 }
  const target = { type: 'AverageValue', averageValue: '100m' }
  const problem = { problem: 'gone' }
  const values = { values: valuesFor(pods, 200, 200) }
  const selector = { matchLabels: { q: 'x' } }
  const describedObject = { kind: 'Ingress', name: 'main', apiVersion: 'networking.k8s.io/v1' }
  const rows: readonly (readonly [object, object, string, string])[] = [
    [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 10 } } },
      values,
      'cpu resource utilization (percentage of request)',
      'failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: gone',
    ],
    [
      { type: 'Resource', resource: { name: 'cpu', target } },
      values,
      'cpu resource',
      'failed to get cpu resource metric value: failed to get cpu usage: unable to get metrics for resource cpu: gone',
    ],
    [
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 10 } },
      },
      values,
      'cpu container resource utilization (percentage of request)',
      'failed to get c container metric value: failed to get cpu utilization: unable to get metrics for resource cpu: gone',
    ],
    [
      { type: 'Pods', pods: { metric: { name: 'qps' }, target } },
      values,
      'pods metric qps',
      'failed to get pods metric value: unable to get metric qps: gone',
    ],
    [
      { type: 'Object', object: { describedObject, metric: { name: 'rps' }, target: { type: 'Value', value: '1' } } },
      { value: 2000 },
      'Ingress metric rps',
      'failed to get object metric value: unable to get metric rps: Ingress on default main/gone',
    ],
    [
      { type: 'Object', object: { describedObject, metric: { name: 'rps' }, target } },
      { value: 2000 },
      'external metric rps(nil)',
      'failed to get object metric value: failed to get rps object metric: unable to get metric rps: Ingress on default main/gone',
    ],
    [
      { type: 'External', external: { metric: { name: 'jobs', selector }, target } },
      { value: 2000 },
      'external metric jobs(&LabelSelector{MatchLabels:map[string]string{q: x,},MatchExpressions:[]LabelSelectorRequirement{},})',
      'failed to get jobs external metric value: failed to get jobs external metric: unable to get external metric ' +
        'default/jobs/&LabelSelector{MatchLabels:map[string]string{q: x,},MatchExpressions:[]LabelSelectorRequirement{},}: gone',
    ],
    [
      { type: 'External', external: { metric: { name: 'jobs' }, target: { type: 'Value', value: '1' } } },
      { value: 2000 },
      'external metric jobs(nil)',
      'failed to get jobs external metric value: failed to get external metric jobs: unable to get external metric default/jobs/nil: gone',
    ],
  ]
  for (const [metric, reading, name, told] of rows) {
    const well = proposeReplicas(metric as never, reading as never, terms)
    const badly = proposeReplicas(metric as never, problem, terms)
    assert.deepEqual(['name' in well && well.name, 'told' in badly && badly.told], [name, told])
  }
})
