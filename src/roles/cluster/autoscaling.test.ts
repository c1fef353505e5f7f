import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { promisify } from 'node:util'
import * as resources from '#clients/kubernetes/resources.table.ts'
import type { ApiResource } from '#kit/reconcile/api-client.ts'
import type { UsageShape } from '#cluster/simulated-nodes/pod-usage.ts'
import type { HorizontalPodAutoscaler } from '#spec/kubernetes/objects/autoscaling-v2.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { type Cluster, createCluster } from './cluster.ts'

const place = { namespace: 'default' }

const deployment = (name: string, replicas: number, cpu = '100m'): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'c', image: 'img', resources: { requests: { cpu } } }] },
    },
  },
})

const cpuMetric = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
}

const autoscaler = (target: string, more: object = {}): object => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: target },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
    minReplicas: 1,
    maxReplicas: 10,
    metrics: [cpuMetric],
    ...more,
  },
})

/** All pods use CPU as the shape says. */
const using = (cpu: UsageShape): Parameters<typeof createCluster>[0] => ({
  nodes: 2,
  behaviours: [{ behaviour: { usage: { cpu } } }],
})

const autoscalerOf = (cluster: Cluster, name: string): Promise<HorizontalPodAutoscaler> =>
  cluster.client.get(resources.horizontalPodAutoscalers, name, place)
const replicasOf = async (cluster: Cluster, name: string): Promise<number | undefined> =>
  (await cluster.client.get(resources.deployments, name, place)).spec.replicas
const conditionsOf = async (cluster: Cluster, name: string): Promise<string[]> =>
  ((await autoscalerOf(cluster, name)).status?.conditions ?? []).map(
    ({ type, status, reason = '' }) => `${type}=${status} ${reason}`,
  )

test('a load that pods share grows the deployment until each carries its part, and shrinks it five minutes after', async () => {
  let load = '200m'
  const usage = (seen: { readonly peers: number }): string => `${Math.trunc(Number.parseInt(load, 10) / seen.peers)}m`
  await using cluster = await createCluster(using(usage))
  await cluster.apply([deployment('web', 1), autoscaler('web')])
  await cluster.time.advance('10 seconds')
  assert.equal((await autoscalerOf(cluster, 'web')).status?.conditions, undefined)
  await cluster.time.advance('3 minutes')
  assert.equal(await replicasOf(cluster, 'web'), 4)
  const { status } = await autoscalerOf(cluster, 'web')
  assert.deepEqual(status?.currentMetrics, [
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 50, averageValue: '50m' } } },
  ])
  assert.deepEqual(await conditionsOf(cluster, 'web'), [
    'AbleToScale=True ReadyForNewScale',
    'ScalingActive=True ValidMetricFound',
    'ScalingLimited=False DesiredWithinRange',
  ])
  const { items } = await cluster.client.list(resources.events, place)
  const rescaled = items.filter(({ reason }) => reason === 'SuccessfulRescale').map(({ message }) => message)
  assert.deepEqual(rescaled, ['New size: 4; reason: cpu resource utilization (percentage of request) above target'])
  load = '40m'
  await cluster.time.advance('4 minutes')
  assert.equal(await replicasOf(cluster, 'web'), 4)
  assert.ok((await conditionsOf(cluster, 'web')).includes('AbleToScale=True ScaleDownStabilized'))
  await cluster.time.advance('3 minutes')
  assert.equal(await replicasOf(cluster, 'web'), 1)
})

test('bounds hold whatever is measured, and nothing is scaled from zero', async () => {
  await using cluster = await createCluster(using('5'))
  await cluster.apply([deployment('web', 2), autoscaler('web', { maxReplicas: 3 })])
  await cluster.time.advance('3 minutes')
  assert.equal(await replicasOf(cluster, 'web'), 3)
  assert.ok((await conditionsOf(cluster, 'web')).includes('ScalingLimited=True TooManyReplicas'))
  await cluster.client.patch(resources.deployments, 'web', { spec: { replicas: 6 } }, { ...place, type: 'merge' })
  await cluster.time.advance('20 seconds')
  assert.equal(await replicasOf(cluster, 'web'), 3)
  await cluster.client.patch(resources.deployments, 'web', { spec: { replicas: 0 } }, { ...place, type: 'merge' })
  await cluster.time.advance('1 minute')
  assert.equal(await replicasOf(cluster, 'web'), 0)
  assert.ok((await conditionsOf(cluster, 'web')).includes('ScalingActive=False ScalingDisabled'))
})

test('an autoscaler says what it cannot read', async () => {
  await using cluster = await createCluster(using('100m'))
  const external = { type: 'External', external: { metric: { name: 'jobs' }, target: { type: 'Value', value: '1' } } }
  const pods = { type: 'Pods', pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue: '1' } } }
  await cluster.apply([
    deployment('web', 1),
    autoscaler('web', { metrics: [external] }),
    autoscaler('gone'),
    autoscaler('custom', { metrics: [pods] }),
    deployment('custom', 1),
    autoscaler('job', { scaleTargetRef: { apiVersion: 'batch/v1', kind: 'Job', name: 'x' } }),
  ])
  await cluster.time.advance('1 minute')
  const messages = async (name: string): Promise<(string | undefined)[]> =>
    ((await autoscalerOf(cluster, name)).status?.conditions ?? [])
      .filter(({ status }) => status === 'False')
      .map(({ message }) => message)
  assert.deepEqual(await messages('web'), [
    'the HPA was unable to compute the replica count: unable to get external metric default/jobs/nil: unable to fetch ' +
      'metrics from external metrics API: the server could not find the requested resource (get jobs.external.metrics.k8s.io)',
  ])
  assert.deepEqual(await messages('gone'), [
    'the HPA controller was unable to get the target\'s current scale: deployments.apps "gone" not found',
  ])
  assert.deepEqual(await messages('custom'), [
    'the HPA was unable to compute the replica count: unable to get metric qps: unable to fetch metrics from custom ' +
      'metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
  ])
  assert.match((await messages('job'))[0] ?? '', /jobs\.batch does not implement the scale subresource/)
})

test('two autoscalers of the same pods stand still', async () => {
  await using cluster = await createCluster(using('100m'))
  await cluster.apply([deployment('web', 1), autoscaler('web'), { ...autoscaler('web'), metadata: { name: 'twin' } }])
  await cluster.time.advance('1 minute')
  assert.ok((await conditionsOf(cluster, 'web')).includes('ScalingActive=False AmbiguousSelector'))
  const { status } = await autoscalerOf(cluster, 'twin')
  assert.match(
    status?.conditions?.find(({ type }) => type === 'ScalingActive')?.message ?? '',
    /^pods by selector app=web are controlled by multiple HPAs: \[default\/twin default\/web\]$/,
  )
})

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'farms.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'farms', singular: 'farm', kind: 'Farm' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
      },
    ],
  },
}
const farms: ApiResource<KubernetesObject> = {
  group: 'example.com',
  version: 'v1',
  resource: 'farms',
  kind: 'Farm',
  namespaced: true,
}

test('a custom resource with a scale is scaled as any workload, and its pods count in a budget', async () => {
  await using cluster = await createCluster(using('100m'))
  const { client } = cluster
  await cluster.apply(definition)
  await cluster.settle()
  const farm = await client.create(
    farms,
    { apiVersion: 'example.com/v1', kind: 'Farm', metadata: { name: 'f', ...place }, spec: { replicas: 2 } } as never,
    place,
  )
  const status = { replicas: 2, selector: 'app=f' }
  await client.patch(farms, 'f', { status }, { ...place, type: 'merge', subresource: 'status' })
  const owner = { apiVersion: 'example.com/v1', kind: 'Farm', name: 'f', uid: farm.metadata.uid, controller: true }
  const spec = { containers: [{ name: 'c', image: 'img', resources: { requests: { cpu: '100m' } } }] }
  await cluster.apply([
    ...['a', 'b'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: 'f' }, ownerReferences: [owner] },
      spec,
    })),
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'f' },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'f' } } },
    },
    autoscaler('f', { scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Farm', name: 'f' } }),
  ])
  await cluster.time.advance('1 minute')
  const scaled = (await client.get(farms, 'f', place)) as { readonly spec?: { readonly replicas?: number } }
  assert.equal(scaled.spec?.replicas, 4)
  const budget = await client.get(resources.podDisruptionBudgets, 'f', place)
  assert.deepEqual([budget.status?.expectedPods, budget.status?.disruptionsAllowed], [2, 1])
})

const kubectl = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].find((path) => existsSync(path))

test(
  'kubectl top shows what simulated pods and nodes use',
  { skip: kubectl === undefined && 'kubectl is not installed' },
  async () => {
    await using cluster = await createCluster({ ...using({ shared: '300m' }), listen: true })
    await cluster.apply(deployment('web', 3))
    await cluster.time.advance('1 minute')
    const top = async (...args: readonly string[]): Promise<string[][]> => {
      const config = ['--kubeconfig', cluster.kubeconfig ?? '']
      const { stdout } = await promisify(execFile)(kubectl ?? '', [...config, 'top', ...args, '--no-headers'])
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
    }
    const pods = await top('pods', '-n', 'default')
    assert.deepEqual(
      pods.map(([, cpu, memory]) => [cpu, memory]),
      Array.from({ length: 3 }, () => ['100m', '32Mi']),
    )
    const nodes = await top('nodes')
    assert.deepEqual(
      nodes.map(([name]) => name),
      ['sim-0', 'sim-1'],
    )
    const total = nodes.reduce((sum, [, cpu = '']) => sum + Number.parseInt(cpu, 10), 0)
    assert.equal(total, 400)
  },
)
