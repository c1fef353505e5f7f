import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { promisify } from 'node:util'
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Cluster, type ClusterOptions, createCluster } from './cluster.ts'

const place = { namespace: 'default' }

/** A cluster whose nodes are registered. */
async function readyCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await createCluster(options)
  await cluster.time.advance('5 seconds')
  return cluster
}

const deployment = (name: string, replicas: number, spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'img' }], ...spec } },
  },
})

const pod = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'img' }], ...spec },
})

const behave = (behaviour: object): object => ({
  annotations: { 'simulation.gantry.dev/behaviour': JSON.stringify(behaviour) },
})

const byText = (a = '', b = ''): number => (a < b ? -1 : 1)
const podsOf = async (cluster: Cluster): Promise<readonly Pod[]> =>
  (await cluster.client.list(resources.pods, place)).items
const podNamed = (cluster: Cluster, name: string): Promise<Pod> => cluster.client.get(resources.pods, name, place)
const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false

test('a deployment runs, spread over the nodes, behind its service', async () => {
  await using cluster = await readyCluster({ nodes: 3 })
  await cluster.apply([
    deployment('web', 6),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    },
  ])
  await cluster.settle()
  const pods = await podsOf(cluster)
  assert.equal(pods.filter(isReady).length, 6)
  assert.deepEqual(new Set(pods.map(({ spec }) => spec.nodeName)), new Set(['sim-0', 'sim-1', 'sim-2']))
  assert.equal(new Set(pods.map(({ status }) => status?.podIP)).size, 6)
  const slices = await cluster.client.list(resources.endpointSlices, {
    ...place,
    labelSelector: 'kubernetes.io/service-name=web',
  })
  assert.equal(slices.items.flatMap(({ endpoints = [] }) => endpoints).length, 6)
})

test('pods of one template are alike in all of their specs, the volume of their token included', async () => {
  await using cluster = await createCluster({ nodes: 0 })
  const specs: Pod['spec'][] = []
  for (const name of ['one', 'two']) {
    await cluster.apply(pod(name, {}, {}))
    specs.push((await podNamed(cluster, name)).spec)
  }
  assert.match(specs[0]?.volumes?.[0]?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/)
  assert.equal(specs[0], specs[1])
})

test('an image that cannot be pulled keeps a pod waiting in the words of a kubelet', async () => {
  await using cluster = await readyCluster()
  await cluster.apply(pod('p', {}, behave({ missingImages: ['img'] })))
  await cluster.time.advance('3 seconds')
  const { status } = await podNamed(cluster, 'p')
  assert.equal(status?.phase, 'Pending')
  assert.deepEqual(status?.containerStatuses?.[0]?.state?.waiting, {
    reason: 'ImagePullBackOff',
    message: 'Back-off pulling image "img"',
  })
})

test('a failing container is started again, each time later', async () => {
  await using cluster = await readyCluster()
  await cluster.apply(pod('p', {}, behave({ exit: { afterMs: 1000, code: 3 } })))
  const restarts: number[] = []
  for (const minutes of [1, 4, 10, 60]) {
    await cluster.time.advance(minutes * 60_000)
    restarts.push((await podNamed(cluster, 'p')).status?.containerStatuses?.[0]?.restartCount ?? 0)
  }
  const [early = 0, , , late = 0] = restarts
  assert.ok(early >= 2 && early <= 5, String(restarts))
  assert.ok(late >= 15 && late <= 25, String(restarts))
  const state = (await podNamed(cluster, 'p')).status?.containerStatuses?.[0]
  assert.match(state?.state?.waiting?.message ?? '', /^back-off 5m0s restarting failed container=c pod=p_default\(/)
  assert.equal(state?.lastState?.terminated?.exitCode, 3)
})

test('a deleted pod ends in its grace, and its node says so before it goes', async () => {
  await using cluster = await readyCluster()
  await cluster.apply(pod('p', { terminationGracePeriodSeconds: 10 }, behave({ stopMs: 60_000 })))
  await cluster.settle()
  await cluster.client.delete(resources.pods, 'p', place)
  await cluster.time.advance('9 seconds')
  assert.ok((await podNamed(cluster, 'p')).metadata.deletionTimestamp !== undefined)
  await cluster.time.advance('2 seconds')
  await assert.rejects(podNamed(cluster, 'p'), /pods "p" not found/)
})

test('init containers go first, readiness comes when the probe says so', async () => {
  await using cluster = await readyCluster()
  const container = { name: 'c', image: 'img', readinessProbe: { httpGet: { port: 80 } } }
  const init = [
    { name: 'one', image: 'img' },
    { name: 'two', image: 'img' },
  ]
  const spec = { containers: [container], initContainers: init }
  await cluster.apply(pod('p', spec, behave({ initMs: 4000, readyAfterMs: 20_000 })))
  await cluster.time.advance('6 seconds')
  const early = (await podNamed(cluster, 'p')).status
  assert.equal(early?.phase, 'Pending')
  assert.deepEqual(early?.containerStatuses?.[0]?.state?.waiting, { reason: 'PodInitializing' })
  await cluster.time.advance('5 seconds')
  assert.equal((await podNamed(cluster, 'p')).status?.phase, 'Running')
  assert.equal(isReady(await podNamed(cluster, 'p')), false)
  await cluster.time.advance('20 seconds')
  assert.equal(isReady(await podNamed(cluster, 'p')), true)
})

test('a pod that no node suits tells why, and comes in when that changes', async () => {
  await using cluster = await readyCluster({ nodes: 2 })
  await cluster.apply(pod('p', { nodeSelector: { disk: 'ssd' } }))
  await cluster.settle()
  const condition = (await podNamed(cluster, 'p')).status?.conditions?.[0]
  assert.equal(
    condition?.message,
    "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
  )
  await cluster.client.patch(resources.nodes, 'sim-1', { metadata: { labels: { disk: 'ssd' } } }, { type: 'merge' })
  await cluster.settle()
  assert.equal((await podNamed(cluster, 'p')).spec.nodeName, 'sim-1')
})

test('a pod of high priority takes the place of one that matters less', async () => {
  await using cluster = await readyCluster({ nodes: [{ capacity: { cpu: '2', memory: '4Gi', pods: '10' } }] })
  await cluster.apply({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'high' },
    value: 1000,
  })
  const containers = [{ name: 'c', image: 'img', resources: { requests: { cpu: '1500m' } } }]
  await cluster.apply(pod('low', { containers }))
  await cluster.settle()
  await cluster.apply(pod('vip', { containers, priorityClassName: 'high' }))
  await cluster.settle('2 minutes')
  assert.equal((await podNamed(cluster, 'vip')).status?.phase, 'Running')
  await assert.rejects(podNamed(cluster, 'low'))
  const told = (await cluster.client.list(resources.events, place)).items.find(({ reason }) => reason === 'Preempted')
  assert.match(told?.message ?? '', /^Preempted by pod \S+ on node sim-0$/)
})

test('a daemon set has a pod on every node, also on one that comes later', async () => {
  await using cluster = await readyCluster({ nodes: 2 })
  const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'img' }] } }
  const spec = { selector: { matchLabels: { app: 'd' } }, template }
  await cluster.apply({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'd' }, spec })
  await cluster.settle()
  const adding = cluster.nodes.add()
  await cluster.settle()
  assert.equal(await adding, 'sim-2')
  assert.deepEqual(
    (await podsOf(cluster))
      .filter(isReady)
      .map(({ spec: { nodeName } }) => nodeName)
      .toSorted(byText),
    ['sim-0', 'sim-1', 'sim-2'],
  )
})

test('a cron job runs through a day in seconds', async () => {
  await using cluster = await readyCluster({ nodes: [{}] })
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'img' }] } }
  await cluster.apply({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly' },
    spec: { schedule: '0 */6 * * *', successfulJobsHistoryLimit: 20, jobTemplate: { spec: { template } } },
  })
  await cluster.time.advance('1 day')
  const jobs = (await cluster.client.list(resources.jobs, place)).items
  assert.equal(jobs.length, 4)
  assert.ok(jobs.every(({ status }) => status?.succeeded === 1))
})

test('a fork goes its own way, a rollback brings a moment back', async () => {
  await using cluster = await readyCluster({ nodes: 2 })
  await cluster.apply(deployment('web', 2))
  await cluster.settle()
  const before = cluster.snapshot()
  await using fork = await cluster.fork()
  await fork.apply(deployment('web', 5))
  await fork.settle()
  assert.equal((await podsOf(fork)).filter(isReady).length, 5)
  assert.equal((await podsOf(cluster)).length, 2)
  await cluster.client.deleteCollection(resources.deployments, place)
  await cluster.settle()
  assert.equal((await podsOf(cluster)).length, 0)
  await cluster.rollback(before)
  await cluster.settle()
  assert.equal((await podsOf(cluster)).filter(isReady).length, 2)
})

test('two clusters in one process know nothing of each other', async () => {
  await using a = await readyCluster({ seed: 1 })
  await using b = await readyCluster({ seed: 2 })
  await a.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'only-a' }, data: {} })
  await assert.rejects(b.client.get(resources.configMaps, 'only-a', place))
  assert.notEqual(a.history(), b.history())
})

test('bad manifests are refused in words and change nothing', async () => {
  await using cluster = await createCluster()
  await assert.rejects(cluster.apply('just text'), { code: 'CLUSTER_MANIFEST_INVALID' })
  await assert.rejects(cluster.apply({ apiVersion: 'v1', kind: 'Nonsense', metadata: { name: 'x' } }), {
    code: 'CLUSTER_KIND_UNKNOWN',
  })
  await assert.rejects(cluster.apply(pod('UPPER')), /Invalid value: "UPPER"/)
})

const kubectl = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].find((path) => existsSync(path))

test(
  'stock kubectl works against a cluster that listens',
  { skip: kubectl === undefined && 'kubectl is not installed' },
  async () => {
    await using cluster = await createCluster({ nodes: 2, listen: true })
    const run = async (...args: string[]): Promise<string> =>
      (
        await promisify(execFile)(kubectl ?? '', ['--kubeconfig', cluster.kubeconfig ?? '', ...args], {
          timeout: 120_000,
        })
      ).stdout
    assert.match(await run('get', 'nodes', '-o', 'name'), /node\/sim-0\nnode\/sim-1\n/)
    assert.match(await run('create', 'configmap', 'made', '--from-literal=a=b'), /configmap\/made created/)
    assert.deepEqual((await cluster.client.get(resources.configMaps, 'made', place)).data, { a: 'b' })
  },
)

for (const ageMs of [1000, 29_000]) {
  test(`a node that falls silent is lost 50 s later, ${ageMs} ms after its lease was renewed`, async () => {
    await using cluster = await readyCluster({ nodes: 2 })
    const readiness = async (): Promise<string | undefined> => {
      const { status } = await cluster.client.get(resources.nodes, 'sim-1')
      return status?.conditions?.find(({ type }) => type === 'Ready')?.status
    }
    await cluster.time.advance(25_000 + ageMs)
    cluster.nodes.lose('sim-1')
    await cluster.time.advance('49 seconds')
    assert.equal(await readiness(), 'True')
    await cluster.time.advance('10 seconds')
    assert.equal(await readiness(), 'Unknown')
  })
}
