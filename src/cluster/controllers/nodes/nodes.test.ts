import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leases, nodes, pods } from '#clients/kubernetes/resources.table.ts'
import { apiMicroTime, apiTime } from '#kit/reconcile/api-time.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import type { Node, Pod, Taint } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Bench, createBench, podLike } from '../bench.contract.ts'
import { noScheduleKeys, taintsFor } from './node-conditions.ts'
import { startNodeLifecycle } from './node-lifecycle.ts'
import { startNodeRanges } from './node-ranges.ts'
import { startNodeTtl, ttlAnnotation, ttlSeconds, ttlStep } from './node-ttl.ts'
import { planNodeHealth, type NodeView } from './plan-node-health.ts'
import { podsToCollect } from './plan-pod-collection.ts'
import { plannedEviction, toleratedMs } from './plan-taint-eviction.ts'
import { startPodCollector } from './pod-collector.ts'
import { PodRanges } from './pod-ranges.ts'
import { startTaintEviction } from './taint-eviction.ts'
import { ZoneBook } from './zone-book.ts'
import { evictionRate, zoneState } from './zones.ts'

const nowMs = 1_800_000_000_000
const seconds = 1000

function nodeLike(name: string, more: { conditions?: object; taints?: readonly Taint[]; spec?: object } = {}): Node {
  const conditions = Object.entries({ Ready: 'True', ...more.conditions }).map(([type, status]) => ({
    type,
    status,
    lastHeartbeatTime: apiTime(nowMs),
  }))
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `uid-${name}` },
    spec: { ...(more.taints === undefined ? {} : { taints: more.taints }), ...more.spec },
    status: { conditions },
  } as Node
}

const text = (taints: readonly Taint[] | undefined): readonly string[] =>
  (taints ?? []).map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`).toSorted()

test('conditions and a cordon stand for taints', () => {
  const rows: [string, Node, string[]][] = [
    ['well', nodeLike('n'), []],
    ['not ready', nodeLike('n', { conditions: { Ready: 'False' } }), ['not-ready']],
    ['not heard of', nodeLike('n', { conditions: { Ready: 'Unknown' } }), ['unreachable']],
    [
      'short of everything',
      nodeLike('n', { conditions: { MemoryPressure: 'True', DiskPressure: 'True', PIDPressure: 'True' } }),
      ['memory-pressure', 'disk-pressure', 'pid-pressure'],
    ],
    ['without network', nodeLike('n', { conditions: { NetworkUnavailable: 'True' } }), ['network-unavailable']],
    ['cordoned', nodeLike('n', { spec: { unschedulable: true } }), ['unschedulable']],
  ]
  for (const [name, node, want] of rows)
    assert.deepEqual(
      noScheduleKeys(node).map((key) => key.replace('node.kubernetes.io/', '')),
      want,
      name,
    )
})

test('own taints come and go, those of others stay', () => {
  const other: Taint = { key: 'dedicated', value: 'db', effect: 'NoExecute' }
  const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
  const unreachable = 'node.kubernetes.io/unreachable'
  const well = nodeLike('n', { taints: [other, notReady, { key: unreachable, effect: 'NoExecute' }] })
  assert.deepEqual(text(taintsFor(well, { noExecute: undefined, time: 't' })), ['dedicated:NoExecute'])
  const lost = nodeLike('n', { conditions: { Ready: 'Unknown' }, taints: [other] })
  assert.deepEqual(text(taintsFor(lost, { noExecute: unreachable, time: 't' })), [
    'dedicated:NoExecute',
    'unreachable:NoExecute',
    'unreachable:NoSchedule',
  ])
  assert.equal(taintsFor(nodeLike('n', { taints: [other] }), { noExecute: undefined, time: 't' }), undefined)
})

test('a node is lost when it has been silent for longer than its grace', () => {
  const terms = { graceMs: 50 * seconds, startupGraceMs: 60 * seconds }
  const fresh = { ...nodeLike('n'), status: {} } as Node
  const view = (node: Node, silentS: number, more: Partial<NodeView> = {}): NodeView => ({
    node,
    nowMs,
    seenMs: nowMs - silentS * seconds,
    pods: [],
    mayEvict: true,
    isClusterSilent: false,
    ...more,
  })
  const did = (of: NodeView): string[] => {
    const plan = planNodeHealth(of, terms)
    return [
      ...(plan.actions ?? []).map((action) => action.do),
      ...(plan.events ?? []).map((event) => event.message),
      ...(plan.lookAgainAfterMs === undefined ? [] : [`again in ${plan.lookAgainAfterMs}`]),
    ]
  }
  const unknown = nodeLike('n', { conditions: { Ready: 'Unknown' } })
  const lost = ['update-status', 'Node n status is now: NodeNotReady']
  const rows: [string, NodeView, string[]][] = [
    ['heard of just now', view(nodeLike('n'), 0), ['again in 50001']],
    ['at the very end of its grace', view(nodeLike('n'), 50), ['again in 1']],
    ['beyond it', view(nodeLike('n'), 51), lost],
    ['never heard of, and young', view(fresh, 55), ['again in 5001']],
    ['never heard of', view(fresh, 61), ['update-status']],
    ['known to be lost', view(unknown, 300), ['update']],
    ['when nobody is heard of', view({ ...unknown, spec: {} } as Node, 300, { isClusterSilent: true }), ['update']],
    ['a ready pod of a lost node', view(unknown, 300, { pods: [readyPod('p')] }), ['update', 'patch']],
    ['a pod that is not ready anyway', view(unknown, 300, { pods: [podLike('p')] }), ['update']],
  ]
  for (const [name, of, want] of rows) assert.deepEqual(did(of), want, name)
  const never = planNodeHealth(view(fresh, 61), terms).actions?.[0]
  const conditions = never?.do === 'update-status' ? (never.object as Node).status?.conditions : []
  assert.deepEqual(
    conditions?.map(({ type, reason }) => `${type} ${reason}`),
    ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => `${type} NodeStatusNeverUpdated`),
  )
})

function readyPod(name: string, more: { spec?: object; metadata?: object } = {}): Pod {
  return podLike(name, {
    ...more,
    spec: { nodeName: 'a', ...more.spec },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  })
}

test('the more of a zone is lost, the slower it is emptied', () => {
  const terms = { evictionsPerSecond: 0.1, secondaryEvictionsPerSecond: 0.01, largeZoneNodes: 50, unhealthyShare: 0.55 }
  const rows: [ready: number, lost: number, state: string, rate: number][] = [
    [3, 0, 'Normal', 0.1],
    [1, 2, 'Normal', 0.1],
    [2, 3, 'PartialDisruption', 0],
    [40, 60, 'PartialDisruption', 0.01],
    [60, 40, 'Normal', 0.1],
    [0, 1, 'FullDisruption', 0.1],
    [0, 0, 'Normal', 0.1],
  ]
  for (const [ready, lost, state, rate] of rows) {
    assert.equal(zoneState({ ready, lost }, terms), state, `${ready}/${lost}`)
    assert.equal(evictionRate({ ready, lost }, terms), rate, `${ready}/${lost}`)
  }
  const book = new ZoneBook(terms)
  for (const name of ['a', 'b', 'c', 'd']) book.note(name, { zone: 'z', isReady: name > 'b', counts: true })
  assert.deepEqual([book.askTurn('a', 0), book.askTurn('b', 0), book.askTurn('b', 10_000)], [0, 10_000, 0])
  assert.equal(book.isSilent, false)
  for (const name of ['c', 'd']) book.note(name, { zone: 'z', isReady: false, counts: true })
  assert.equal(book.isSilent, true)
  for (const name of ['a', 'b', 'c', 'd']) book.forget(name)
  assert.deepEqual([book.isSilent, book.names, book.zones], [false, [], []])
})

test('tolerations say how long a pod may stay', () => {
  const unreachable: Taint = { key: 'unreachable', effect: 'NoExecute' }
  const other: Taint = { key: 'other', value: 'x', effect: 'NoExecute' }
  const rows: [string, Taint[], object[], number][] = [
    ['none', [unreachable], [], 0],
    ['for ever', [unreachable], [{ operator: 'Exists' }], Infinity],
    ['for a while', [unreachable], [{ key: 'unreachable', operator: 'Exists', tolerationSeconds: 300 }], 300_000],
    ['not at all', [unreachable], [{ key: 'unreachable', operator: 'Exists', tolerationSeconds: -1 }], 0],
    [
      'the shortest of two',
      [unreachable, other],
      [
        { key: 'unreachable', operator: 'Exists', tolerationSeconds: 300 },
        { key: 'other', value: 'x', tolerationSeconds: 60 },
      ],
      60_000,
    ],
    ['one of two', [unreachable, other], [{ key: 'other', value: 'x' }], 0],
  ]
  for (const [name, taints, tolerations, want] of rows)
    assert.equal(toleratedMs(taints, tolerations as never), want, name)
  const pod = podLike('p', { spec: { tolerations: [{ operator: 'Exists', tolerationSeconds: 300 }] } })
  const known = { sinceMs: 0, dueMs: 300_000 }
  assert.deepEqual(plannedEviction(pod, [other], { known, nowMs: 200_000 }), known)
  assert.equal(plannedEviction(pod, [], { known, nowMs: 200_000 }), undefined)
})

test('pods that nobody ends are collected, each for one reason', () => {
  const leaving = { deletionTimestamp: apiTime(nowMs) }
  const away: Taint = { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }
  const known = new Map([
    ['well', nodeLike('well', { taints: [away] })],
    ['away', nodeLike('away', { conditions: { Ready: 'Unknown' }, taints: [away] })],
    ['lost', nodeLike('lost', { conditions: { Ready: 'Unknown' } })],
  ])
  const on = (nodeName: string, metadata: object = {}, status: object = {}): Pod =>
    podLike(`${nodeName}-${Object.keys(metadata).length}-${Object.keys(status).length}`, {
      metadata,
      spec: { nodeName },
      status: { phase: 'Running', ...status },
    })
  const finished = [1, 2, 3].map((age) =>
    podLike(`old-${age}`, {
      metadata: { creationTimestamp: apiTime(nowMs - age * seconds) },
      status: { phase: 'Failed', ...(age === 1 ? { reason: 'Evicted' } : {}) },
    }),
  )
  const chosen = podsToCollect({
    pods: [
      on('well'),
      on('well', leaving),
      on('away'),
      on('away', leaving),
      on('lost', leaving),
      on('gone'),
      podLike('waits', { metadata: leaving }),
      ...finished,
    ],
    nodeNamed: (name) => known.get(name),
    goneNodes: new Set(['gone']),
    finishedMost: 1,
  })
  assert.deepEqual(
    chosen.map(({ pod, reason }) => `${pod.metadata.name} ${reason}`),
    ['old-1 terminated', 'old-3 terminated', 'away-1-0 out-of-service', 'gone-0-0 orphaned', 'waits unscheduled'],
  )
})

test('ranges are cut in order, and given back ranges come last', () => {
  const ranges = new PodRanges('10.244.0.0/22', 24)
  ranges.occupy('10.244.1.0/24')
  ranges.occupy('192.168.0.0/24')
  assert.equal(ranges.take(), '10.244.0.0/24')
  ranges.release('10.244.0.0/24')
  assert.deepEqual([ranges.take(), ranges.take(), ranges.take()], ['10.244.2.0/24', '10.244.3.0/24', '10.244.0.0/24'])
  assert.equal(ranges.take(), undefined)
})

test('the larger the cluster, the longer kubelets remember', () => {
  assert.deepEqual(
    [ttlStep(0, 100), ttlStep(0, 101), ttlStep(1, 95), ttlStep(1, 89), ttlStep(0, 2500)],
    [0, 1, 1, 0, 4],
  )
  assert.deepEqual([0, 1, 2, 3, 4].map(ttlSeconds), [0, 15, 30, 60, 300])
})

async function beat(bench: Bench, name: string): Promise<void> {
  const spec = { renewTime: apiMicroTime(bench.clock.now()) }
  const metadata = { name, namespace: 'kube-node-lease' }
  await bench.put(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
}

async function beatFor(bench: Bench, seconds_: number, ...names: readonly string[]): Promise<void> {
  for (let passed = 0; passed < seconds_; passed += 10) {
    for (const name of names) await beat(bench, name)
    await bench.pass(10_000)
  }
}

async function nodeNamed(bench: Bench, name: string): Promise<Node> {
  return bench.api.get(nodes, name)
}

test('a node that falls silent loses its pods after their tolerations, and gets its good name back', async () => {
  const metrics = createMetrics()
  await using bench = createBench({ nodeFor: () => 'a' })
  bench.start((context) => startNodeLifecycle(context, undefined, metrics))
  bench.start((context) => startTaintEviction(context, metrics))
  for (const name of ['a', 'b']) await bench.api.create(nodes, nodeLike(name))
  const tolerations = ['not-ready', 'unreachable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }))
  await bench.api.create(pods, podLike('mortal', { spec: { tolerations } }))
  await bench.api.create(pods, podLike('immortal', { spec: { tolerations: [{ operator: 'Exists' }] } }))
  await beatFor(bench, 60, 'a', 'b')
  assert.deepEqual(text((await nodeNamed(bench, 'a')).spec.taints), [])
  await beatFor(bench, 60, 'b')
  const lost = await nodeNamed(bench, 'a')
  assert.deepEqual(text(lost.spec.taints), ['unreachable:NoExecute', 'unreachable:NoSchedule'])
  const [ready] = lost.status?.conditions ?? []
  assert.deepEqual([ready?.status, ready?.reason], ['Unknown', 'NodeStatusUnknown'])
  const isReady = (pod: Pod): string => pod.status?.conditions?.find((one) => one.type === 'Ready')?.status ?? ''
  assert.deepEqual(bench.api.all(pods).map(isReady), ['False', 'False'])
  await beatFor(bench, 280, 'b')
  assert.equal(bench.api.all(pods).length, 2)
  await beatFor(bench, 30, 'b')
  assert.deepEqual(
    bench.api.all(pods).map((pod) => pod.metadata.name),
    ['immortal'],
  )
  const back = nodeLike('a').status?.conditions?.map((one) => ({
    ...one,
    lastHeartbeatTime: apiTime(bench.clock.now()),
  }))
  await bench.put(nodes, { metadata: { name: 'a' }, status: { conditions: back } })
  await bench.pass(1000)
  assert.deepEqual(text((await nodeNamed(bench, 'a')).spec.taints), [])
  const told = bench.told()
  for (const want of [
    'RegisteredNode: Node a event: Registered Node a in Controller',
    'NodeNotReady: Node a status is now: NodeNotReady',
    'NodeNotReady: Node is not ready',
    'TaintManagerEviction: Marking for deletion Pod default/mortal',
  ])
    assert.ok(told.includes(want), want)
  assert.match(metrics.render(), /taint_eviction_controller_pod_deletions_total 1\n/)
  assert.match(metrics.render(), /node_collector_evictions_total\{zone=""\} 1\n/)
})

test('when every node is silent nobody is evicted, and a pod may stay when its node comes back in time', async () => {
  await using bench = createBench({ nodeFor: () => 'a' })
  bench.start(startNodeLifecycle)
  bench.start(startTaintEviction)
  for (const name of ['a', 'b']) await bench.api.create(nodes, nodeLike(name))
  const tolerations = [{ operator: 'Exists', tolerationSeconds: 100 }]
  await bench.api.create(pods, podLike('p', { spec: { tolerations } }))
  await beatFor(bench, 60, 'b')
  assert.deepEqual(text((await nodeNamed(bench, 'a')).spec.taints), ['unreachable:NoExecute', 'unreachable:NoSchedule'])
  await bench.pass(600_000)
  for (const name of ['a', 'b'])
    assert.deepEqual(text((await nodeNamed(bench, name)).spec.taints), ['unreachable:NoSchedule'])
  assert.equal(bench.api.all(pods).length, 1)
  assert.ok(bench.told().includes('TaintManagerEviction: Cancelling deletion of Pod default/p'))
})

test('a node that says that it is not ready is tainted, and untainted when it is', async () => {
  await using bench = createBench()
  bench.start(startNodeLifecycle)
  await bench.api.create(nodes, nodeLike('a'))
  await bench.api.create(nodes, nodeLike('b', { conditions: { Ready: 'False' } }))
  await bench.pass(1000)
  assert.deepEqual(text((await nodeNamed(bench, 'b')).spec.taints), ['not-ready:NoExecute', 'not-ready:NoSchedule'])
  await bench.put(nodes, { metadata: { name: 'b' }, status: nodeLike('b').status })
  await bench.pass(1000)
  assert.deepEqual(text((await nodeNamed(bench, 'b')).spec.taints), [])
})

test('pods of a node that is gone are collected after its quarantine', async () => {
  await using bench = createBench({ runPod: () => undefined })
  bench.start(startPodCollector)
  await bench.api.create(nodes, nodeLike('a'))
  await bench.api.create(pods, readyPod('p'))
  await bench.pass(60_000)
  await bench.api.delete(nodes, 'a')
  await bench.pass(39_000)
  assert.equal(bench.api.all(pods).length, 1)
  await bench.pass(40_000)
  assert.equal(bench.api.all(pods).length, 0)
  assert.deepEqual(
    bench.api.writes.filter((write) => write.includes('pods')).map((write) => write.split(' ')[0]),
    ['create', 'write', 'delete'],
  )
})

test('a node gets one range of each family, and both go back together', async () => {
  await using bench = createBench()
  bench.start((context) => startNodeRanges(context, { clusterCidr: '10.244.0.0/16,fd00:10:244::/63' }))
  for (const name of ['a', 'b', 'c']) await bench.api.create(nodes, nodeLike(name))
  await bench.pass(1000)
  const ranges = (): readonly unknown[] => bench.api.all(nodes).map(({ spec }) => spec.podCIDRs?.join())
  const [one, two] = ['10.244.0.0/24,fd00:10:244::/64', '10.244.1.0/24,fd00:10:244:1::/64']
  assert.deepEqual(ranges(), [one, two, undefined])
  await bench.api.delete(nodes, 'a')
  await bench.pass(60_000)
  assert.deepEqual(ranges(), [two, '10.244.3.0/24,fd00:10:244::/64'])
})

test('every node gets a range and an annotation of its own', async () => {
  await using bench = createBench()
  bench.start((context) => startNodeRanges(context, { clusterCidr: '10.244.0.0/23' }))
  bench.start(startNodeTtl)
  await bench.api.create(nodes, nodeLike('a', { spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] } }))
  await bench.api.create(nodes, nodeLike('b'))
  await bench.api.create(nodes, nodeLike('c'))
  await bench.pass(1000)
  const ranges = (): readonly unknown[] => bench.api.all(nodes).map(({ spec }) => spec.podCIDRs?.join())
  assert.deepEqual(ranges(), ['10.244.1.0/24', '10.244.0.0/24', undefined])
  assert.deepEqual(bench.told(), ['CIDRNotAvailable: Node c status is now: CIDRNotAvailable'])
  await bench.api.delete(nodes, 'a')
  await bench.pass(60_000)
  assert.deepEqual(ranges(), ['10.244.0.0/24', '10.244.1.0/24'])
  assert.equal((await nodeNamed(bench, 'b')).metadata.annotations?.[ttlAnnotation], '0')
})
