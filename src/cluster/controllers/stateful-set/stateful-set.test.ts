import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '#clients/kubernetes/resources.table.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import type { JsonObject, KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { type Bench, createBench, readyStatus } from '../bench.contract.ts'
import { startStatefulSetController } from './stateful-set.ts'

const set = (replicas: number, image: string, more: object = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace: 'default' },
  spec: {
    replicas,
    serviceName: 'db',
    selector: { matchLabels: { app: 'db' } },
    template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image }] } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    podManagementPolicy: 'OrderedReady',
    ...more,
  },
})
const claims = { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }] }
function started(stuck: (name: string) => boolean = () => false): Bench {
  const bench = createBench({
    runPod: (pod, nowMs) =>
      pod.status?.phase === undefined && !stuck(pod.metadata.name) ? readyStatus(nowMs) : undefined,
  })
  bench.start(startStatefulSetController)
  return bench
}
const shown = (bench: Bench): string[] =>
  bench.api
    .all(pods)
    .map((pod) => `${pod.metadata.name}=${pod.spec.containers[0]?.image ?? ''}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
const podWrites = (bench: Bench, verb: string): string[] =>
  bench.api.writes
    .filter((write) => write.startsWith(`${verb} pods`))
    .map((write) => write.slice(write.lastIndexOf('/') + 1))

test('pods come up in order with their names, claims and labels', async () => {
  await using bench = started()
  await bench.put(statefulSets, set(3, 'one', claims))
  await bench.pass(1000)
  assert.deepEqual(podWrites(bench, 'create'), ['db-0', 'db-1', 'db-2'])
  const pod = bench.api.all(pods)[1]
  assert.deepEqual(
    [
      pod?.spec.hostname,
      pod?.spec.subdomain,
      pod?.spec.volumes?.[0]?.persistentVolumeClaim?.claimName,
      pod?.metadata.labels?.['apps.kubernetes.io/pod-index'],
    ],
    ['db-1', 'db', 'data-db-1', '1'],
  )
  assert.deepEqual(
    bench.api.all(persistentVolumeClaims).map((claim) => claim.metadata.name),
    ['data-db-0', 'data-db-1', 'data-db-2'],
  )
  const { replicas, readyReplicas, currentReplicas, updatedReplicas, currentRevision, updateRevision } =
    bench.api.all(statefulSets)[0]?.status ?? {}
  assert.deepEqual(
    { replicas, readyReplicas, currentReplicas, updatedReplicas },
    { replicas: 3, readyReplicas: 3, currentReplicas: 3, updatedReplicas: 3 },
  )
  assert.equal(currentRevision, updateRevision)
  assert.equal(bench.told()[0], 'SuccessfulCreate: Create Claim data-db-0 Pod db-0 in StatefulSet db success')
})

test('an ordered set waits for each pod; a parallel one for none', async () => {
  await using ordered = started((name) => name === 'db-1')
  await ordered.put(statefulSets, set(3, 'one'))
  await ordered.pass(1000)
  assert.deepEqual(podWrites(ordered, 'create'), ['db-0', 'db-1'])
  await using parallel = started(() => true)
  await parallel.put(statefulSets, set(3, 'one', { podManagementPolicy: 'Parallel' }))
  await parallel.pass(1000)
  assert.deepEqual(podWrites(parallel, 'create'), ['db-0', 'db-1', 'db-2'])
})

test('a smaller set loses its last pods first; ordinals may start elsewhere', async () => {
  await using bench = started()
  await bench.put(statefulSets, set(3, 'one'))
  await bench.pass(1000)
  await bench.put(statefulSets, set(1, 'one'))
  await bench.pass(1000)
  assert.deepEqual(podWrites(bench, 'delete'), ['db-2', 'db-1'])
  await bench.put(statefulSets, set(2, 'one', { ordinals: { start: 5 } }))
  await bench.pass(1000)
  assert.deepEqual(shown(bench), ['db-5=one', 'db-6=one'])
})

test('an update goes from the last pod to the partition', async () => {
  await using bench = started()
  await bench.put(statefulSets, set(3, 'one'))
  await bench.pass(1000)
  await bench.put(
    statefulSets,
    set(3, 'two', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } }),
  )
  await bench.pass(5000)
  assert.deepEqual(shown(bench), ['db-0=one', 'db-1=two', 'db-2=two'])
  assert.deepEqual(podWrites(bench, 'delete'), ['db-2', 'db-1'])
  await bench.api.delete(pods, 'db-0', { namespace: 'default' })
  await bench.pass(1000)
  assert.equal(shown(bench)[0], 'db-0=one')
  const status = bench.api.all(statefulSets)[0]?.status
  assert.deepEqual(
    [status?.currentReplicas, status?.updatedReplicas, status?.currentRevision === status?.updateRevision],
    [1, 2, false],
  )
  await bench.put(statefulSets, set(3, 'two'))
  await bench.pass(5000)
  assert.deepEqual(shown(bench), ['db-0=two', 'db-1=two', 'db-2=two'])
})

test('with OnDelete pods change only when somebody deletes them', async () => {
  await using bench = started()
  const manual = { updateStrategy: { type: 'OnDelete', rollingUpdate: null } }
  await bench.put(statefulSets, set(2, 'one', manual))
  await bench.pass(1000)
  await bench.put(statefulSets, set(2, 'two', manual))
  await bench.pass(1000)
  assert.deepEqual(shown(bench), ['db-0=one', 'db-1=one'])
  await bench.api.delete(pods, 'db-1', { namespace: 'default' })
  await bench.pass(1000)
  assert.deepEqual(shown(bench), ['db-0=one', 'db-1=two'])
})

test('claims belong to the pod or the set as the retention policy says', async () => {
  await using bench = started()
  const policy = { ...claims, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } }
  await bench.put(statefulSets, set(2, 'one', policy))
  await bench.pass(1000)
  const owners = (): string[] =>
    bench.api.all(persistentVolumeClaims).map((claim) => claim.metadata.ownerReferences?.[0]?.kind ?? '')
  assert.deepEqual(owners(), ['StatefulSet', 'StatefulSet'])
  await bench.put(statefulSets, set(1, 'one', policy))
  await bench.pass(1000)
  assert.deepEqual(owners(), ['StatefulSet', 'Pod'])
})

test('claims are nobody’s again when the policy keeps them, and stay with whoever else controls them', async () => {
  await using bench = started()
  const policy = (whenDeleted: string): object => ({
    ...claims,
    persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: 'Retain' },
  })
  await bench.put(statefulSets, set(2, 'one', policy('Delete')))
  await bench.pass(1000)
  const other = { apiVersion: 'example.com/v1', kind: 'Keeper', name: 'k', uid: 'uk', controller: true }
  const patch = { metadata: { ownerReferences: [other] } }
  await bench.api.patch(persistentVolumeClaims, 'data-db-1', patch, { namespace: 'default', type: 'merge' })
  const touched = { metadata: { labels: { seen: 'yes' } } }
  await bench.api.patch(statefulSets, 'db', touched, { namespace: 'default', type: 'merge' })
  await bench.pass(1000)
  const owners = (): (string | undefined)[][] =>
    bench.api
      .all(persistentVolumeClaims)
      .map(({ metadata }) => (metadata.ownerReferences ?? []).map(({ kind }) => kind))
  assert.deepEqual(owners(), [['StatefulSet'], ['Keeper']])
  assert.match(
    bench.told().find((text) => text.startsWith('ConflictingController')) ?? '',
    /PersistentVolumeClaim data-db-1 has a conflicting OwnerReference/,
  )
  await bench.put(statefulSets, set(2, 'one', policy('Retain')))
  await bench.pass(1000)
  assert.deepEqual(owners(), [[], ['Keeper']])
})

test('a set takes over what an orphaning deletion left behind, pods and history', async () => {
  await using bench = started()
  await bench.put(statefulSets, set(2, 'one'))
  await bench.pass(1000)
  const before = bench.api.all(controllerRevisions).map(({ metadata }) => metadata.name)
  const uids = (): (string | undefined)[] => bench.api.all(pods).map(({ metadata }) => metadata.uid)
  const known = uids()
  const orphaned = { metadata: { ownerReferences: null } }
  const there = { namespace: 'default', type: 'merge' } as const
  await bench.api.patch(statefulSets, 'db', { metadata: { finalizers: ['orphan'] } }, there)
  await bench.api.delete(statefulSets, 'db', { namespace: 'default' })
  const orphan = async <T extends KubernetesObject>(resource: ApiResource<T>): Promise<void> => {
    for (const { metadata } of [...bench.api.all(resource)])
      await bench.api.patch(resource, metadata.name ?? '', orphaned, there)
  }
  await orphan(pods)
  await orphan(controllerRevisions)
  await bench.api.patch(statefulSets, 'db', { metadata: { finalizers: null } }, there)
  await bench.put(statefulSets, set(2, 'one'))
  await bench.pass(2000)
  const [revision, ...others] = bench.api.all(controllerRevisions)
  assert.deepEqual([[revision?.metadata.name], others], [before, []])
  assert.equal(revision?.metadata.ownerReferences?.[0]?.uid, bench.api.all(statefulSets)[0]?.metadata.uid)
  assert.equal(revision?.metadata.labels?.['controller.kubernetes.io/hash'], before[0]?.slice('db-'.length))
  assert.deepEqual(uids(), known)
})

test('a pod that was made by hand is adopted under its ordinal, then replaced', async () => {
  await using bench = started()
  const loose = { metadata: { name: 'db-0', namespace: 'default', labels: { app: 'db' } } }
  await bench.put(pods, { apiVersion: 'v1', kind: 'Pod', ...loose, spec: { containers: [{ name: 'c', image: 'x' }] } })
  await bench.put(statefulSets, set(1, 'one'))
  await bench.pass(2000)
  assert.deepEqual(shown(bench), ['db-0=one'])
  assert.deepEqual(bench.told(), [
    'SuccessfulUpdate: Update Pod db-0 in StatefulSet db successful',
    'SuccessfulDelete: Delete Pod db-0 in StatefulSet db successful',
    'SuccessfulCreate: Create Pod db-0 in StatefulSet db successful',
  ])
})

test('a name that somebody else has is waited for without a word', async () => {
  await using bench = started()
  const other = { metadata: { name: 'db-0', namespace: 'default', labels: { app: 'else' } } }
  await bench.put(pods, { apiVersion: 'v1', kind: 'Pod', ...other, spec: { containers: [{ name: 'c', image: 'x' }] } })
  await bench.put(statefulSets, set(1, 'one'))
  await bench.pass(5000)
  assert.deepEqual([shown(bench), bench.told()], [['db-0=x'], []])
  assert.equal(bench.api.all(statefulSets)[0]?.status?.observedGeneration, 1)
  await bench.api.delete(pods, 'db-0', { namespace: 'default' })
  await bench.pass(60_000)
  assert.deepEqual(shown(bench), ['db-0=one'])
})
