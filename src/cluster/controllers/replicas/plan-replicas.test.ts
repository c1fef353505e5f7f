import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pods, replicaSets, replicationControllers } from '#clients/kubernetes/resources.table.ts'
import { failureOf } from '#kit/reconcile/in-memory-api.contract.ts'
import type { ReplicaSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { createBench, podLike } from '../bench.contract.ts'
import { planReplicas } from './plan-replicas.ts'
import { startReplicaSetController } from './replica-set.ts'
import { startReplicationController } from './replication-controller.ts'

const nowMs = 1_800_000_000_000
const ago = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString().replace('.000', '')

const set = (replicas: number, more: object = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'default', uid: 'rs', generation: 3 },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web', tier: 'front' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    },
    ...more,
  },
})
const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true }

const pod = (
  name: string,
  more: { labels?: object; owned?: boolean; ready?: string; phase?: string; meta?: object; node?: string } = {},
): Pod =>
  podLike(name, {
    metadata: {
      labels: more.labels ?? { app: 'web' },
      ...(more.owned === false ? {} : { ownerReferences: [owner] }),
      ...more.meta,
    },
    spec: { nodeName: more.node ?? 'n1' },
    status: {
      phase: more.phase ?? 'Running',
      conditions: more.ready === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: more.ready }],
    },
  })

function planned(
  of: ReplicaSet,
  candidates: readonly Pod[],
): { actions: string[]; plan: ReturnType<typeof planReplicas> } {
  const plan = planReplicas({ set: of, candidates, related: () => candidates, pods, nowMs })
  return {
    plan,
    actions: (plan.plan.actions ?? []).map((action) => `${action.do} ${action.object.metadata.name ?? '*'}`),
  }
}

test('the number of active pods is brought to the wanted one', () => {
  const rows: [string, ReplicaSet, Pod[], string[]][] = [
    ['none yet', set(2), [], ['create *', 'create *']],
    ['enough', set(1), [pod('a')], []],
    ['finished ones do not count', set(1), [pod('a', { phase: 'Failed' })], ['create *']],
    ['leaving ones do not count', set(1), [pod('a', { meta: { deletionTimestamp: ago(1) } })], ['create *']],
    ['too many', set(1), [pod('a', { ready: ago(5) }), pod('b')], ['delete b']],
    ['an orphan that fits is adopted', set(1), [pod('a', { owned: false })], ['patch a']],
    ['one whose labels changed is let go', set(1), [pod('a', { labels: { app: 'x' } })], ['patch a', 'create *']],
    ['a stranger is left alone', set(0), [pod('a', { meta: { ownerReferences: [{ ...owner, uid: 'other' }] } })], []],
    [
      'a set being deleted does nothing',
      { ...set(3), metadata: { ...set(3).metadata, deletionTimestamp: ago(1) } },
      [],
      [],
    ],
  ]
  for (const [name, of, candidates, want] of rows) assert.deepEqual(planned(of, candidates).actions, want, name)
})

test('pods that are worth least go first', () => {
  const rows: [string, Pod, Pod][] = [
    ['unassigned before assigned', pod('a', { node: '' }), pod('b')],
    ['pending before running', pod('a', { phase: 'Pending' }), pod('b')],
    ['not ready before ready', pod('a'), pod('b', { ready: ago(9) })],
    [
      'cheap before dear',
      pod('a', { ready: ago(99_999), meta: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } } }),
      pod('b', { ready: ago(1) }),
    ],
    ['lately ready before long ready', pod('a', { ready: ago(1) }), pod('b', { ready: ago(100_000) })],
    [
      'young before old',
      pod('a', { meta: { creationTimestamp: ago(1) } }),
      pod('b', { meta: { creationTimestamp: ago(100_000) } }),
    ],
  ]
  for (const [name, first, second] of rows) {
    assert.deepEqual(planned(set(1), [second, first]).actions, [`delete ${first.metadata.name}`], name)
  }
  const crowded = [
    pod('a', { ready: ago(5), node: 'n1' }),
    pod('b', { ready: ago(5), node: 'n2' }),
    pod('c', { ready: ago(5), node: 'n2' }),
  ]
  assert.deepEqual(planned(set(2), crowded).actions, ['delete b'])
})

test('the status counts pods and looks again when one becomes available', () => {
  const owned = [
    pod('a', { ready: ago(60), labels: { app: 'web', tier: 'front' } }),
    pod('b', { ready: ago(10) }),
    pod('c'),
    pod('d', { meta: { deletionTimestamp: ago(1) } }),
  ]
  const { plan } = planned(set(3, { minReadySeconds: 30 }), owned)
  assert.deepEqual(plan.status, {
    replicas: 3,
    fullyLabeledReplicas: 1,
    readyReplicas: 2,
    availableReplicas: 1,
    terminatingReplicas: 1,
    observedGeneration: 3,
  })
  assert.equal(plan.plan.lookAgainAfterMs, 20_000)
})

test('a status that is as it should be is not written', () => {
  const status = { replicas: 1, observedGeneration: 3 }
  assert.equal(planned({ ...set(1), status }, [pod('a')]).plan.status, undefined)
})

test('a set heals, scales, and tells of what it does', async () => {
  await using bench = createBench()
  bench.start(startReplicaSetController)
  await bench.put(replicaSets, set(3))
  await bench.pass(100)
  assert.equal(bench.api.all(pods).length, 3)
  assert.equal(bench.api.all(replicaSets)[0]?.status?.availableReplicas, 3)
  await bench.api.delete(pods, bench.api.all(pods)[0]?.metadata.name ?? '', { namespace: 'default' })
  await bench.pass(100)
  assert.equal(bench.api.all(pods).length, 3)
  await bench.put(replicaSets, { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 1 } })
  await bench.pass(100)
  assert.equal(bench.api.all(pods).length, 1)
  const reasons = bench.told().map((text) => text.replace(/: (\w+ pod): .*/, ' $1'))
  assert.deepEqual([...new Set(reasons)], ['SuccessfulCreate Created pod', 'SuccessfulDelete Deleted pod'])
})

test('a refused creation shows in the status and is tried again', async () => {
  await using bench = createBench()
  let refusing = true
  let tries = 0
  // A server names the pod that it refuses, so that each refusal reads differently.
  bench.api.refuse = (verb, resource) =>
    refusing && verb === 'create' && resource === 'pods'
      ? failureOf('Forbidden', `pods "web-${++tries}" is forbidden: exceeded quota: q`)
      : undefined
  bench.start(startReplicaSetController)
  await bench.put(replicaSets, set(2))
  await bench.pass(100)
  const failure = bench.api.all(replicaSets)[0]?.status?.conditions?.[0]
  assert.deepEqual(
    [failure?.type, failure?.reason, failure?.message],
    ['ReplicaFailure', 'FailedCreate', 'pods "web-1" is forbidden: exceeded quota: q'],
  )
  assert.ok(tries > 1 && tries < 10, String(tries))
  assert.equal(bench.told()[0], 'FailedCreate: Error creating: pods "web-1" is forbidden: exceeded quota: q')
  refusing = false
  await bench.pass(60_000)
  assert.deepEqual([bench.api.all(pods).length, bench.api.all(replicaSets)[0]?.status?.conditions], [2, undefined])
})

test('a replication controller keeps its pods by the same rules', async () => {
  await using bench = createBench()
  bench.start(startReplicationController)
  const template = { metadata: { labels: { app: 'rc' } }, spec: { containers: [] } }
  await bench.put(replicationControllers, {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'rc', namespace: 'default' },
    spec: { replicas: 2, selector: { app: 'rc' }, template },
  })
  await bench.pass(100)
  assert.deepEqual(
    bench.api.all(pods).map((one) => one.metadata.ownerReferences?.[0]?.kind),
    ['ReplicationController', 'ReplicationController'],
  )
  assert.deepEqual(bench.api.all(replicationControllers)[0]?.status?.readyReplicas, 2)
})
