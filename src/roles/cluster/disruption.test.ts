import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { promisify } from 'node:util'
import * as resources from '#clients/kubernetes/resources.table.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Status } from '#spec/kubernetes/objects/objects.ts'
import type { PodDisruptionBudgetStatus } from '#spec/kubernetes/objects/policy-v1.generated.ts'
import { type Cluster, createCluster } from './cluster.ts'

const place = { namespace: 'default' }

const workload = (kind: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'img' }] } },
  },
})

const budget = (spec: object): object => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web' },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
})

async function statusOf(cluster: Cluster): Promise<PodDisruptionBudgetStatus | undefined> {
  return (await cluster.client.get(resources.podDisruptionBudgets, 'web', place)).status
}

async function evict(cluster: Cluster, name: string): Promise<Status | undefined> {
  try {
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } }
    await cluster.client.createSubresource(resources.pods, name, { ...place, subresource: 'eviction', body })
    return undefined
  } catch (error) {
    assert.ok(error instanceof GantryError, String(error))
    return error.details['status'] as Status
  }
}

const podNames = async (cluster: Cluster): Promise<string[]> =>
  (await cluster.client.list(resources.pods, place)).items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name)

test('an eviction waits until its budget allows one', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  await cluster.apply([workload('Deployment', 3), budget({ minAvailable: 3 })])
  await cluster.settle()
  assert.equal((await statusOf(cluster))?.disruptionsAllowed ?? 0, 0)
  const [victim = '', next = ''] = await podNames(cluster)
  const refused = await evict(cluster, victim)
  assert.equal(refused?.code, 429)
  assert.equal(refused?.message, "Cannot evict pod as it would violate the pod's disruption budget.")
  assert.deepEqual(refused?.details?.causes, [
    { reason: 'DisruptionBudget', message: 'The disruption budget web needs 3 healthy pods and has 3 currently' },
  ])
  await cluster.apply(budget({ minAvailable: 2 }))
  await cluster.settle()
  assert.equal((await statusOf(cluster))?.disruptionsAllowed, 1)
  assert.equal(await evict(cluster, victim), undefined)
  const gone = await cluster.client.get(resources.pods, victim, place)
  const announced = gone.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  assert.deepEqual([announced?.status, announced?.reason], ['True', 'EvictionByEvictionAPI'])
  assert.equal((await evict(cluster, next))?.code, 429)
  await cluster.settle()
  const after = await statusOf(cluster)
  assert.deepEqual([after?.currentHealthy, after?.disruptionsAllowed, after?.disruptedPods], [3, 1, undefined])
})

test('a share of a deployment counts its wanted replicas, and pods nobody owns are told of', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  const lone = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'lone', labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'img' }] },
  }
  await cluster.apply([workload('StatefulSet', 4), lone, budget({ maxUnavailable: '25%' })])
  await cluster.settle()
  const status = await statusOf(cluster)
  assert.deepEqual([status?.expectedPods, status?.desiredHealthy, status?.currentHealthy], [4, 3, 5])
  const { items } = await cluster.client.list(resources.events, place)
  assert.ok(items.some(({ reason, source }) => reason === 'UnmanagedPods' && source?.component === 'controllermanager'))
})

test('pods of a workload without a scale allow nothing, and the eviction says why', async () => {
  await using cluster = await createCluster()
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'web' },
    spec: {
      template: {
        metadata: {
          labels: { app: 'web' },
          annotations: { 'simulation.gantry.dev/behaviour': JSON.stringify({ exit: null }) },
        },
        spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'img' }] },
      },
    },
  }
  await cluster.apply(budget({ maxUnavailable: 1 }))
  await cluster.settle()
  await cluster.apply(job)
  await cluster.settle()
  const message = 'jobs.batch does not implement the scale subresource'
  assert.deepEqual(
    (await statusOf(cluster))?.conditions?.map(({ reason, message: text }) => [reason, text]),
    [['SyncFailed', message]],
  )
  const [name = ''] = await podNames(cluster)
  const refused = await evict(cluster, name)
  assert.equal(
    refused?.details?.causes?.[0]?.message,
    `The disruption budget web does not allow evicting pods currently because it failed sync: ${message}`,
  )
})

test('a pod that is not ready goes as its budget says', async () => {
  await using cluster = await createCluster()
  const broken = workload('Deployment', 1) as { spec: { template: { metadata: object; spec: object } } }
  broken.spec.template.spec = {
    containers: [{ name: 'c', image: 'img', readinessProbe: { tcpSocket: { port: 1 } } }],
  }
  broken.spec.template.metadata = {
    labels: { app: 'web' },
    annotations: { 'simulation.gantry.dev/behaviour': JSON.stringify({ readyAfterMs: null }) },
  }
  await cluster.apply([broken, budget({ minAvailable: 1 })])
  await cluster.settle()
  const [name = ''] = await podNames(cluster)
  assert.equal((await evict(cluster, name))?.code, 429)
  await cluster.apply(budget({ minAvailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' }))
  await cluster.settle()
  assert.equal(await evict(cluster, name), undefined)
})

const kubectl = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].find((path) => existsSync(path))

test(
  'kubectl drains a node as fast as the budget lets it',
  { skip: kubectl === undefined && 'kubectl is not installed' },
  async () => {
    await using cluster = await createCluster({ nodes: 2, listen: true })
    await cluster.apply([workload('Deployment', 4), budget({ minAvailable: 3 })])
    await cluster.settle()
    const args = ['--kubeconfig', cluster.kubeconfig ?? '', 'drain', 'sim-0', '--timeout=100s']
    const { stdout, stderr } = await promisify(execFile)(kubectl ?? '', args)
    assert.match(stdout, /node\/sim-0 (cordoned[\s\S]*node\/sim-0 )?(drained|evicted)/)
    assert.match(
      stderr,
      /error when evicting pods?\/"web-[\s\S]*Cannot evict pod as it would violate the pod's disruption budget\./,
    )
    const { items } = await cluster.client.list(resources.pods, place)
    const left = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    assert.deepEqual(new Set(left.map(({ spec }) => spec.nodeName)), new Set(['sim-1']))
  },
)
