import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pods, resourceClaims } from '#clients/kubernetes/resources.table.ts'
import { createCluster } from './cluster.ts'

const configuration = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
- schedulerName: packer
  plugins: { score: { disabled: [{ name: '*' }], enabled: [{ name: NodeResourcesFit }] } }
  pluginConfig:
  - { name: NodeResourcesFit, args: { scoringStrategy: { type: MostAllocated } } }
`

/** On how many of four nodes eight pods of a scheduler end up. */
async function nodesUsed(schedulerName: string): Promise<number> {
  await using cluster = await createCluster({ nodes: 4, scheduler: configuration })
  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }]
  const labels = { app: 'web' }
  await cluster.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 8,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { schedulerName, containers } },
    },
  })
  await cluster.settle()
  const { items } = await cluster.client.list(pods)
  assert.deepEqual(new Set(items.map(({ status }) => status?.phase)), new Set(['Running']))
  return new Set(items.map(({ spec }) => spec.nodeName)).size
}

test('pods choose among the profiles of a configuration by schedulerName', async () => {
  assert.equal(await nodesUsed('default-scheduler'), 4)
  assert.equal(await nodesUsed('packer'), 1)
})

test('a configuration that makes no sense keeps the cluster from starting', async () => {
  await assert.rejects(createCluster({ scheduler: { kind: 'KubeSchedulerConfiguration' } }), /apiVersion/)
})

test('a pod whose volume is made for its node first tells that node before it is bound there, and no longer after', async () => {
  await using cluster = await createCluster({ nodes: 1 })
  const metadata = { name: 'data', namespace: 'default' }
  await cluster.apply([
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'slow' },
      provisioner: 'example.com/slow',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata,
      spec: { storageClassName: 'slow', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }],
      },
    },
  ])
  await cluster.time.advance('5 seconds')
  const nodes = async (): Promise<(string | undefined)[]> => {
    const { spec, status } = await cluster.client.get(pods, 'p', { namespace: 'default' })
    return [spec.nodeName, status?.nominatedNodeName]
  }
  assert.deepEqual(await nodes(), [undefined, 'sim-0'])
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'made' },
    spec: {
      storageClassName: 'slow',
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      csi: { driver: 'slow.example.com', volumeHandle: 'h' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...metadata },
    },
  })
  await cluster.time.advance('30 seconds')
  assert.deepEqual(await nodes(), ['sim-0', undefined])
})

test('a pod gets devices for an extended resource, by a claim that is made for it and goes with it', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  const group = { apiVersion: 'resource.k8s.io/v1' }
  const resource = 'example.com/gpu'
  const device = { ...{ driver: 'gpu.example.com', nodeName: 'sim-1' }, devices: [{ name: 'g0' }, { name: 'g1' }] }
  await cluster.apply([
    {
      ...group,
      kind: 'ResourceSlice',
      metadata: { name: 's' },
      spec: { ...device, pool: { name: 'sim-1', generation: 1, resourceSliceCount: 1 } },
    },
    { ...group, kind: 'DeviceClass', metadata: { name: 'gpus' }, spec: { extendedResourceName: resource } },
    ...['first', 'second'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { [resource]: '2' } } }] },
    })),
  ])
  await cluster.settle()
  const bound = (await cluster.client.list(pods)).items.filter(({ spec }) => spec.nodeName !== undefined)
  assert.equal(bound.length, 1)
  const [pod] = bound
  const claims = await cluster.client.list(resourceClaims)
  assert.equal(claims.items.length, 1)
  const [claim] = claims.items
  assert.match(claim?.metadata.name ?? '', new RegExp(`^${pod?.metadata.name}-extended-resources-`))
  assert.deepEqual(pod?.status?.extendedResourceClaimStatus, {
    requestMappings: [{ containerName: 'c', resourceName: resource, requestName: 'container-0-request-0' }],
    resourceClaimName: claim?.metadata.name,
  })
  assert.deepEqual(
    claim?.status?.allocation?.devices?.results?.map((result) => result.device),
    ['g0', 'g1'],
  )
  assert.deepEqual(claim?.status?.reservedFor?.[0]?.name, pod?.metadata.name)
  await cluster.client.delete(pods, pod?.metadata.name ?? '', { namespace: 'default' })
  await cluster.time.advance('2 minutes')
  const after = await cluster.client.list(resourceClaims)
  const [other] = (await cluster.client.list(pods)).items
  assert.equal(other?.spec.nodeName, 'sim-1')
  assert.deepEqual(
    after.items.map(({ metadata }) => metadata.name),
    [other.status?.extendedResourceClaimStatus?.resourceClaimName],
  )
})
