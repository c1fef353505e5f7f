import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pods } from '#clients/kubernetes/resources.table.ts'
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
