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
