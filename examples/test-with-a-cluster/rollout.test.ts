/**
 * A test against a whole Kubernetes cluster: no root, no containers, no waiting. Run it with `node --test`.
 * In your own project the import is `from 'gantry'`.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { createCluster, resources } from '../../src/index.ts'

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 3
  selector:
    matchLabels: { app: shop }
  template:
    metadata:
      labels: { app: shop }
    spec:
      containers:
        - name: shop
          image: shop:1
          readinessProbe:
            httpGet: { path: /healthz, port: 8080 }
`

test('a rollout to an image that never becomes ready keeps the old pods serving', async () => {
  await using cluster = await createCluster({
    nodes: 3,
    behaviours: [{ image: 'shop:2', behaviour: { readyAfterMs: null } }],
  })
  await cluster.settle()
  await cluster.apply(manifest)
  await cluster.settle()

  await cluster.apply(manifest.replace('shop:1', 'shop:2'))
  await cluster.time.advance('15 minutes')

  const shop = await cluster.client.get(resources.deployments, 'shop', { namespace: 'default' })
  assert.equal(shop.status?.availableReplicas, 3)
  const progressing = shop.status?.conditions?.find(({ type }) => type === 'Progressing')
  assert.equal(progressing?.reason, 'ProgressDeadlineExceeded')
})

test('what would happen is tried in a fork; the cluster itself stays as it is', async () => {
  await using cluster = await createCluster({ nodes: 2 })
  await cluster.settle()
  await cluster.apply(manifest)
  await cluster.settle()

  await using trial = await cluster.fork()
  await trial.client.delete(resources.deployments, 'shop', { namespace: 'default' })
  await trial.settle()

  const here = await cluster.client.list(resources.pods, { namespace: 'default' })
  const there = await trial.client.list(resources.pods, { namespace: 'default' })
  assert.deepEqual([here.items.length, there.items.length], [3, 0])
})
