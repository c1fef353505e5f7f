/** What takes days, hardware or luck elsewhere: a lost node, a change of clocks, load, a bad network. `from 'gantry'` in your project. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { badDay, createCluster, resources } from '../../src/index.ts'

const namespace = 'default'

const deployment = (image: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop' } },
      spec: { containers: [{ name: 'shop', image, resources: { requests: { cpu: '100m' } } }] },
    },
  },
})

test('a rollout goes on without the node that is lost in the middle of it', async () => {
  await using cluster = await createCluster({ nodes: 3 })
  await cluster.apply(deployment('shop:1'))
  await cluster.settle()

  await cluster.apply(deployment('shop:2'))
  cluster.nodes.lose('sim-1')
  // A pod tolerates a node that does not answer for five minutes.
  await cluster.time.advance('10 minutes')

  const { items } = await cluster.client.list(resources.pods, { namespace, labelSelector: 'app=shop' })
  const serving = items.filter(({ metadata, status }) => !metadata.deletionTimestamp && status?.phase === 'Running')
  assert.equal(serving.length, 3)
  assert.ok(serving.every(({ spec }) => spec.nodeName !== 'sim-1' && spec.containers[0]?.image === 'shop:2'))
})

test('an hourly report in Berlin leaves out the hour that the clocks leave out', async () => {
  await using cluster = await createCluster({ startMs: Date.parse('2026-03-28T23:55:00Z') })
  await cluster.apply(`
apiVersion: batch/v1
kind: CronJob
metadata: { name: report }
spec:
  schedule: '0 * * * *'
  timeZone: Europe/Berlin
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: report, image: 'report:1' }] } } } }
`)
  await cluster.time.advance('2 hours')
  const { items } = await cluster.client.list(resources.jobs, { namespace })
  const times = items.map(({ metadata }) => metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'])
  assert.deepEqual(times, ['2026-03-29T01:00:00+01:00', '2026-03-29T03:00:00+02:00'])
})

test('an autoscaler follows the load', async () => {
  await using cluster = await createCluster({
    nodes: 3,
    behaviours: [{ image: 'shop:1', behaviour: { usage: { cpu: '160m' } } }],
  })
  await cluster.apply(deployment('shop:1'))
  await cluster.apply(`
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: shop }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }
  maxReplicas: 10
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`)
  await cluster.time.advance('5 minutes')
  const { spec } = await cluster.client.get(resources.deployments, 'shop', { namespace })
  assert.equal(spec.replicas, 10, 'each pod uses twice what it should, however many there are')
})

test('what holds on a good day holds on a bad one, and the same seed has the same bad day', async () => {
  const histories: string[] = []
  for (let round = 0; round < 2; round++) {
    await using cluster = await createCluster({ nodes: 3, seed: 'friday', faults: badDay })
    await cluster.apply(deployment('shop:1'))
    await cluster.time.advance('15 minutes')
    const shop = await cluster.client.get(resources.deployments, 'shop', { namespace })
    assert.equal(shop.status?.updatedReplicas, 3)
    histories.push(cluster.history())
  }
  assert.equal(histories[0], histories[1])
})
