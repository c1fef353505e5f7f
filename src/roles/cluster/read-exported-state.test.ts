import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import { deployments, nodes, pods, secrets } from '#clients/kubernetes/resources.table.ts'
import { exportPath } from '#cluster/apiserver/export-state.ts'
import { createCluster } from './cluster.ts'
import { readExportedState } from './read-exported-state.ts'

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 4
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web }] }
`

test('an exported cluster goes on as a simulation of its own: same objects, same nodes, same versions', async () => {
  await using live = await createCluster({ nodes: [{ name: 'east' }, { name: 'west', labels: { zone: 'w' } }] })
  await live.apply(deployment)
  await live.client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', namespace: 'default' },
    data: { a: 'Yg==' },
  })
  await live.settle()
  const { status, body } = await live.client.raw({ path: exportPath })
  assert.equal(status, 200)
  const before = await live.client.list(pods, { namespace: 'default' })
  await using copy = await createCluster({ from: Buffer.from(body).toString(), seed: 7 })
  assert.ok(Math.abs(copy.time.now() - live.time.now()) < 1000)
  const after = await copy.client.list(pods, { namespace: 'default' })
  assert.deepEqual(
    after.items.map(({ metadata, spec }) => [metadata.name, metadata.uid, metadata.resourceVersion, spec.nodeName]),
    before.items.map(({ metadata, spec }) => [metadata.name, metadata.uid, metadata.resourceVersion, spec.nodeName]),
  )
  assert.equal((await copy.client.get(secrets, 's', { namespace: 'default' })).data?.['a'], 'Yg==')
  // A change that is tried here: one node goes, its pods come back on the other; the original knows nothing of it.
  await copy.settle()
  copy.nodes.lose('west')
  await copy.client.delete(nodes, 'west')
  await copy.time.advance('20 minutes')
  const moved = await copy.client.list(pods, { namespace: 'default' })
  assert.deepEqual([...new Set(moved.items.map(({ spec }) => spec.nodeName))], ['east'])
  assert.equal((await copy.client.get(deployments, 'web', { namespace: 'default' })).status?.readyReplicas, 4)
  assert.equal((await live.client.list(nodes)).items.length, 2)
})

test('a state without nodes, or with too few, gets those that are asked for', async () => {
  await using live = await createCluster({ nodes: [{ name: 'sim-1' }] })
  await live.settle()
  const { body } = await live.client.raw({ path: exportPath })
  const from = Buffer.from(body).toString()
  await using copy = await createCluster({ from, nodes: [{}, { name: 'east' }] })
  await copy.apply(deployment)
  await copy.settle()
  const { items } = await copy.client.list(nodes)
  assert.deepEqual(items.map(({ metadata }) => metadata.name).toSorted(), ['east', 'sim-1', 'sim-2'])
  assert.equal(new Set(items.map(({ status }) => status?.addresses?.[0]?.address)).size, 3)
  const placed = (await copy.client.list(pods, { namespace: 'default' })).items.map(({ spec }) => spec.nodeName)
  assert.equal(new Set(placed).size, 3)
  await using trial = await copy.fork()
  assert.equal((await trial.client.list(nodes)).items.length, 3)
})

test('only administrators are shown the state', async () => {
  await using cluster = await createCluster()
  const reader = cluster.clientFor({ name: 'somebody', groups: ['system:authenticated'] })
  assert.equal((await reader.raw({ path: exportPath })).status, 403)
})

test('what is no state is refused with the line that is wrong', () => {
  const head = '{"kind":"GantryClusterState","version":1,"revision":5,"timeMs":1000}'
  const cases: readonly [string, RegExp][] = [
    ['', /line 1 is not JSON/],
    ['{"kind":"List"}', /line 1 does not say/],
    [head.replace('"version":1', '"version":2'), /line 1 has a version/],
    [head.replace('"revision":5', '"revision":"5"'), /line 1 lacks/],
    [`${head}\n{"key":"/pods/a/b","obj`, /line 2 is not JSON/],
    [`${head}\n{"key":"../x","object":{"metadata":{}}}`, /line 2 has no key/],
    [`${head}\n{"key":"/pods/a/b","object":[]}`, /line 2 has no object/],
  ]
  for (const [text, message] of cases)
    assert.throws(
      () => readExportedState(text),
      (error) => error instanceof GantryError && message.test(error.message) && error.remedy !== undefined,
    )
})
