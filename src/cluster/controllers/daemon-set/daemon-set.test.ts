import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controllerRevisions, daemonSets, nodes, pods } from '#clients/kubernetes/resources.table.ts'
import type { Node, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type Bench, createBench, readyStatus } from '../bench.contract.ts'
import { nodeOf } from './daemon-pod.ts'
import { startDaemonSetController } from './daemon-set.ts'

const node = (name: string, more: { labels?: object; taints?: readonly object[] } = {}): Node =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: more.labels ?? {} },
    spec: more.taints === undefined ? {} : { taints: more.taints },
  }) as unknown as Node
const set = (image: string, more: object = {}, pod: object = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'log', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'log' } },
    template: { metadata: { labels: { app: 'log' } }, spec: { containers: [{ name: 'c', image }], ...pod } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    revisionHistoryLimit: 1,
    ...more,
  },
})
async function started(names: readonly Node[]): Promise<Bench> {
  const runPod = (pod: Pod, nowMs: number) => (pod.status?.phase === undefined ? readyStatus(nowMs) : undefined)
  const bench = createBench({ runPod, nodeFor: (pod) => nodeOf(pod) })
  for (const one of names) await bench.api.create(nodes, one)
  bench.start(startDaemonSetController)
  return bench
}
const where = (bench: Bench): string[] =>
  bench.api
    .all(pods)
    .map(
      (pod) =>
        pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]
          ?.matchFields?.[0]?.values?.[0] ?? '',
    )
    .toSorted((a, b) => (a < b ? -1 : 1))

test('every node that fits gets one pod, and loses it when it no longer fits', async () => {
  await using bench = await started([
    node('a'),
    node('b', { taints: [{ key: 'x', effect: 'NoSchedule' }] }),
    node('c', { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] }),
  ])
  await bench.put(daemonSets, set('one'))
  await bench.pass(100)
  assert.deepEqual(where(bench), ['a', 'c'])
  await bench.api.create(nodes, node('d'))
  await bench.pass(100)
  assert.deepEqual(where(bench), ['a', 'c', 'd'])
  const first = bench.api.all(pods)[0]
  assert.equal(first === undefined ? '' : nodeOf({ ...first, spec: { ...first.spec, nodeName: '' } }), 'a')
})

test('only nodes of the selector are wanted, and the status says so', async () => {
  await using bench = await started([node('a', { labels: { disk: 'ssd' } }), node('b')])
  await bench.put(daemonSets, set('one', {}, { nodeSelector: { disk: 'ssd' } }))
  await bench.pass(100)
  const { desiredNumberScheduled, currentNumberScheduled, numberMisscheduled, observedGeneration } =
    bench.api.all(daemonSets)[0]?.status ?? {}
  assert.deepEqual(
    { desiredNumberScheduled, currentNumberScheduled, numberMisscheduled, observedGeneration },
    { desiredNumberScheduled: 1, currentNumberScheduled: 1, numberMisscheduled: 0, observedGeneration: 1 },
  )
})

function onNodes(): Promise<Bench> {
  const bench = createBench({
    runPod: (pod, nowMs) => (pod.status?.phase === undefined ? readyStatus(nowMs) : undefined),
    nodeFor: (pod) => nodeOf(pod),
  })
  return Promise.all(['a', 'b', 'c'].map((name) => bench.api.create(nodes, node(name)))).then(() => {
    bench.start(startDaemonSetController)
    return bench
  })
}

test('an update replaces pods one after the other', async () => {
  await using bench = await onNodes()
  await bench.put(daemonSets, set('one'))
  await bench.pass(1000)
  let fewest = 3
  bench.context.informers.of(pods).onChange(() => {
    fewest = Math.min(
      fewest,
      bench.api
        .all(pods)
        .filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.status?.phase === 'Running').length,
    )
  })
  await bench.put(daemonSets, set('two'))
  await bench.pass(10_000)
  assert.deepEqual(
    bench.api.all(pods).map((pod) => pod.spec.containers[0]?.image),
    ['two', 'two', 'two'],
  )
  assert.equal(fewest, 2)
  const { updatedNumberScheduled, numberAvailable } = bench.api.all(daemonSets)[0]?.status ?? {}
  assert.deepEqual([updatedNumberScheduled, numberAvailable], [3, 3])
})

test('with surge the new pod is there before the old one goes', async () => {
  await using bench = await onNodes()
  const surge = { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }
  await bench.put(daemonSets, set('one', surge))
  await bench.pass(1000)
  let fewest = 3
  bench.context.informers.of(pods).onChange(() => {
    fewest = Math.min(
      fewest,
      bench.api
        .all(pods)
        .filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.status?.phase === 'Running').length,
    )
  })
  await bench.put(daemonSets, set('two', surge))
  await bench.pass(10_000)
  assert.deepEqual(
    bench.api.all(pods).map((pod) => pod.spec.containers[0]?.image),
    ['two', 'two', 'two'],
  )
  assert.equal(fewest, 3)
})

test('pods and history that an orphaning deletion left behind are taken over', async () => {
  await using bench = await onNodes()
  await bench.put(daemonSets, set('one'))
  await bench.pass(1000)
  const uids = (): (string | undefined)[] => bench.api.all(pods).map(({ metadata }) => metadata.uid)
  const known = uids()
  const orphaned = { metadata: { ownerReferences: null } }
  const there = { namespace: 'default', type: 'merge' } as const
  await bench.api.patch(daemonSets, 'log', { metadata: { finalizers: ['orphan'] } }, there)
  await bench.api.delete(daemonSets, 'log', { namespace: 'default' })
  for (const { metadata } of [...bench.api.all(pods)]) await bench.api.patch(pods, metadata.name, orphaned, there)
  for (const { metadata } of [...bench.api.all(controllerRevisions)])
    await bench.api.patch(controllerRevisions, metadata.name, orphaned, there)
  await bench.api.patch(daemonSets, 'log', { metadata: { finalizers: null } }, there)
  await bench.put(daemonSets, set('one'))
  await bench.pass(2000)
  assert.deepEqual(uids(), known)
  const uid = bench.api.all(daemonSets)[0]?.metadata.uid
  assert.deepEqual(
    bench.api.all(controllerRevisions).map(({ metadata }) => metadata.ownerReferences?.[0]?.uid),
    [uid],
  )
})

test('a pod that is meant for no node is adopted and left alone', async () => {
  await using bench = await onNodes()
  const loose = { metadata: { name: 'loose', namespace: 'default', labels: { app: 'log' } } }
  const spec = { containers: [{ name: 'c', image: 'x' }], schedulingGates: [{ name: 'wait' }] }
  await bench.put(pods, { apiVersion: 'v1', kind: 'Pod', ...loose, spec, status: { phase: 'Pending' } })
  await bench.put(daemonSets, set('one'))
  await bench.pass(2000)
  const pod = bench.api.all(pods).find(({ metadata }) => metadata.name === 'loose')
  assert.equal(pod?.metadata.ownerReferences?.[0]?.kind, 'DaemonSet')
  assert.equal(bench.api.all(pods).length, 4)
})

test('history holds the template with its members in order, which is how clients compare it', async () => {
  await using bench = await onNodes()
  await bench.put(daemonSets, set('one'))
  await bench.pass(1000)
  const [revision] = bench.api.all(controllerRevisions)
  assert.match(JSON.stringify(revision?.data), /^\{"spec":\{"template":\{"\$patch":"replace","metadata":\{.*"spec":\{/)
})

test('history is kept for rollbacks up to its limit', async () => {
  await using bench = await onNodes()
  for (const image of ['one', 'two', 'three', 'two']) {
    await bench.put(daemonSets, set(image))
    await bench.pass(10_000)
  }
  const revisions = bench.api.all(controllerRevisions).map((one) => one.revision)
  assert.deepEqual(
    revisions.toSorted((a, b) => a - b),
    [3, 4],
  )
})
