import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deployments, pods, replicaSets } from '#clients/kubernetes/resources.table.ts'
import type { Deployment, ReplicaSet } from '#spec/kubernetes/objects/apps-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type Bench, createBench, readyStatus } from '../bench.contract.ts'
import { startReplicaSetController } from '../replicas/replica-set.ts'
import { highestRevision, newSetAnnotations } from './annotations.ts'
import { startDeploymentController } from './deployment.ts'
import { newSetSize, resizeForScaling, resizeOldSets } from './rollout-maths.ts'

const spec = (replicas: number, image: string, more: object = {}): JsonObject => ({
  replicas,
  selector: { matchLabels: { app: 'web' } },
  template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
  revisionHistoryLimit: 2,
  progressDeadlineSeconds: 60,
  ...more,
})
const deployment = (replicas: number, image: string, more: object = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: spec(replicas, image, more),
})
const typed = (replicas: number, more: object = {}): Deployment =>
  ({ ...deployment(replicas, 'i', more) }) as unknown as Deployment

const set = (
  name: string,
  replicas: number,
  more: { available?: number; max?: number; desired?: number; age?: number } = {},
): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name,
    creationTimestamp: `2026-01-01T00:00:${String(30 - (more.age ?? 0)).padStart(2, '0')}Z`,
    annotations: {
      'deployment.kubernetes.io/max-replicas': String(more.max ?? 13),
      'deployment.kubernetes.io/desired-replicas': String(more.desired ?? 10),
    },
  },
  spec: { replicas, selector: {} },
  status: { replicas, availableReplicas: more.available ?? replicas },
})

const sizes = (resizes: readonly { set: ReplicaSet; replicas: number }[]): string =>
  resizes.map((one) => `${one.set.metadata.name}=${one.replicas}`).join(' ')

test('the new set grows by what the surge allows', () => {
  const rows: [number, number[], number, number][] = [
    [10, [10], 0, 3],
    [10, [10, 3], 3, 3],
    [10, [8, 3], 3, 5],
    [10, [], 0, 10],
    [1, [1], 0, 1],
  ]
  for (const [wanted, others, current, want] of rows) {
    const sets = others.map((replicas, index) => set(`s${index}`, replicas))
    assert.equal(newSetSize(typed(wanted), sets, current), want, `${wanted} of ${others}`)
  }
})

test('old sets shrink by what may be missing, broken pods first', () => {
  assert.equal(sizes(resizeOldSets(typed(10), set('new', 3, { available: 0 }), [set('old', 10)])), 'old=8')
  assert.equal(sizes(resizeOldSets(typed(10), set('new', 3, { available: 3 }), [set('old', 10)])), 'old=5')
  assert.equal(
    sizes(resizeOldSets(typed(10), set('new', 3, { available: 0 }), [set('old', 10, { available: 6 })])),
    'old=8',
  )
  assert.equal(sizes(resizeOldSets(typed(10), set('new', 5, { available: 0 }), [set('old', 8)])), '')
})

test('old sets wait while one still counts pods that it was told to drop', () => {
  const stale = set('old', 2, { available: 7 })
  assert.equal(sizes(resizeOldSets(typed(2), set('new', 0), [stale])), '')
})

test('scaling in the middle of a rollout is shared in proportion', () => {
  const during = resizeForScaling(typed(20), set('new', 3, { available: 2 }), [set('old', 10)])
  assert.equal(sizes(during), 'old=19 new=6')
  assert.equal(sizes(resizeForScaling(typed(5), set('new', 3, { available: 2 }), [set('old', 10)])), 'old=5 new=2')
  assert.equal(sizes(resizeForScaling(typed(20), set('new', 10), [])), 'new=20')
  assert.equal(sizes(resizeForScaling(typed(10), set('new', 10), [set('old', 2)])), 'old=0')
})

test('a revision that others set follows in 64 bits', () => {
  const adopted = { ...set('old', 1) }
  const annotations = { 'deployment.kubernetes.io/revision': '3546343826724305832' }
  assert.equal(
    highestRevision([set('a', 1), { ...adopted, metadata: { name: 'old', annotations } }]) + 1n,
    3546343826724305833n,
  )
})

test('a set that becomes current again gets a new revision and keeps the old one as history', () => {
  const known = { 'deployment.kubernetes.io/revision': '1' }
  const next = newSetAnnotations(
    { ...typed(1), metadata: { name: 'web', annotations: { 'kubernetes.io/change-cause': 'x' } } },
    known,
    3n,
  )
  assert.deepEqual(next, {
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
    'kubernetes.io/change-cause': 'x',
  })
})

function started(options: Parameters<typeof createBench>[0] = {}): Bench {
  const bench = createBench(options)
  bench.start(startDeploymentController)
  bench.start(startReplicaSetController)
  return bench
}

const only = (bench: Bench): Deployment => bench.api.all(deployments)[0] as Deployment
const reasonOf = (bench: Bench, type: string): string | undefined =>
  only(bench).status?.conditions?.find((one) => one.type === type)?.reason
const images = (bench: Bench): string[] => [
  ...new Set(bench.api.all(pods).map((pod) => pod.spec.containers[0]?.image ?? '')),
]

test('a deployment rolls out, is told complete, and rolls on to the next template', async () => {
  await using bench = started()
  await bench.put(deployments, deployment(4, 'one'))
  await bench.pass(1000)
  assert.equal(reasonOf(bench, 'Progressing'), 'NewReplicaSetAvailable')
  assert.equal(reasonOf(bench, 'Available'), 'MinimumReplicasAvailable')
  assert.equal(only(bench).metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
  await bench.put(deployments, deployment(4, 'two'))
  await bench.pass(5000)
  assert.deepEqual(images(bench), ['two'])
  assert.equal(only(bench).metadata.annotations?.['deployment.kubernetes.io/revision'], '2')
  const { observedGeneration, replicas, updatedReplicas, availableReplicas } = only(bench).status ?? {}
  assert.deepEqual(
    { observedGeneration, replicas, updatedReplicas, availableReplicas },
    { observedGeneration: only(bench).metadata.generation, replicas: 4, updatedReplicas: 4, availableReplicas: 4 },
  )
  assert.match(bench.told()[0] ?? '', /^ScalingReplicaSet: Scaled up replica set web-\w+ from 0 to 4$/)
})

test('going back to an earlier template uses its set again under a new revision', async () => {
  await using bench = started()
  for (const image of ['one', 'two', 'one']) {
    await bench.put(deployments, deployment(2, image))
    await bench.pass(3000)
  }
  assert.deepEqual(images(bench), ['one'])
  assert.equal(bench.api.all(replicaSets).length, 2)
  const current = bench.api.all(replicaSets).find((one) => one.spec.replicas === 2)
  assert.equal(current?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3')
  assert.equal(current?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1')
})

test('only as many old sets are kept as the history limit says', async () => {
  await using bench = started()
  for (const image of ['a', 'b', 'c', 'd', 'e']) {
    await bench.put(deployments, deployment(1, image))
    await bench.pass(3000)
  }
  assert.deepEqual(
    bench.api.all(replicaSets).map((one) => one.metadata.annotations?.['deployment.kubernetes.io/revision']),
    ['3', '4', '5'],
  )
})

test('a rollout never has more pods than the surge allows nor fewer than may be missing', async () => {
  await using bench = started()
  await bench.put(deployments, deployment(10, 'one'))
  await bench.pass(2000)
  const counts: number[] = []
  const ready: number[] = []
  bench.context.informers.of(pods).onChange(() => {
    const active = bench.api.all(pods).filter((pod) => pod.metadata.deletionTimestamp === undefined)
    counts.push(active.length)
    ready.push(active.filter((pod) => pod.status?.phase === 'Running').length)
  })
  await bench.put(deployments, deployment(10, 'two'))
  await bench.pass(20_000)
  assert.deepEqual(images(bench), ['two'])
  assert.ok(Math.max(...counts) <= 13, `at most 13: ${Math.max(...counts)}`)
  assert.ok(Math.min(...ready) >= 8, `at least 8: ${Math.min(...ready)}`)
})

test('a rollout that makes no progress misses its deadline', async () => {
  await using bench = started({
    runPod: (pod, nowMs) =>
      pod.spec.containers[0]?.image === 'bad' || pod.status?.phase === 'Running' ? undefined : readyStatus(nowMs),
  })
  await bench.put(deployments, deployment(2, 'good'))
  await bench.pass(1000)
  await bench.put(deployments, deployment(2, 'bad'))
  await bench.pass(30_000)
  assert.equal(reasonOf(bench, 'Progressing'), 'ReplicaSetUpdated')
  await bench.pass(60_000)
  assert.equal(reasonOf(bench, 'Progressing'), 'ProgressDeadlineExceeded')
  assert.equal(reasonOf(bench, 'Available'), 'MinimumReplicasAvailable')
})

test('a paused deployment scales but does not roll', async () => {
  await using bench = started()
  await bench.put(deployments, deployment(2, 'one'))
  await bench.pass(1000)
  await bench.put(deployments, deployment(3, 'two', { paused: true }))
  await bench.pass(3000)
  assert.deepEqual(
    [images(bench), bench.api.all(pods).length, reasonOf(bench, 'Progressing')],
    [['one'], 3, 'DeploymentPaused'],
  )
  await bench.put(deployments, deployment(3, 'two', { paused: false }))
  await bench.pass(5000)
  assert.deepEqual([images(bench), reasonOf(bench, 'Progressing')], [['two'], 'NewReplicaSetAvailable'])
})

test('recreate waits until the last old pod is gone', async () => {
  await using bench = started()
  const recreate = { strategy: { type: 'Recreate', rollingUpdate: null } }
  await bench.put(deployments, deployment(3, 'one', recreate))
  await bench.pass(1000)
  const together: number[] = []
  bench.context.informers.of(pods).onChange(() => together.push(images(bench).length))
  await bench.put(deployments, deployment(3, 'two', recreate))
  await bench.pass(5000)
  assert.deepEqual([images(bench), Math.max(...together)], [['two'], 1])
})

test('a set of the same name that is not ours makes the hash another one', async () => {
  await using bench = started()
  await bench.put(deployments, deployment(1, 'one'))
  await bench.pass(1000)
  const name = bench.api.all(replicaSets)[0]?.metadata.name ?? ''
  const { uid: _, resourceVersion: _version, ...metadata } = bench.api.all(replicaSets)[0]?.metadata ?? {}
  await using other = started()
  await other.api.create(replicaSets, {
    ...set(name, 0),
    metadata: {
      ...metadata,
      name,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', uid: 'x', controller: true }],
    },
  })
  await other.put(deployments, deployment(1, 'one'))
  await other.pass(2000)
  assert.equal(other.api.all(replicaSets).length, 2)
  assert.equal(only(other).status?.collisionCount, 1)
})
