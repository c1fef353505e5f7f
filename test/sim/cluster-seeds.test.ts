/** Whole clusters on seeds: the same seed is the same history, and no fault breaks an invariant. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { badDay, type Cluster, createCluster, resources } from '../../src/index.ts'

const seedsAll = 200
const wanted = process.env['GANTRY_SIM_SEED']
/** Seeds that once found a mistake, one a line with what it was. */
const known = readFileSync(new URL('seeds/clusters.txt', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => (/^\d+/.test(line) ? [Number.parseInt(line, 10)] : []))

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'one', resources: { requests: { cpu: '100m' } } }] },
    },
  },
}
const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'work' },
  spec: { completions: 2, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
}

/** A busy minute: roll out, change, scale, delete. Resolves to the history's digest. */
async function busyMinute(seed: number): Promise<string> {
  // Every other seed has a bad day.
  await using cluster: Cluster = await createCluster({ nodes: 2, seed, faults: seed % 2 === 0 ? badDay : {} })
  await cluster.time.advance('5 seconds')
  await cluster.apply([web, job])
  await cluster.time.advance('20 seconds')
  await cluster.client.patch(
    resources.deployments,
    'web',
    { spec: { replicas: 4 } },
    { namespace: 'default', type: 'merge' },
  )
  const [pod] = (await cluster.client.list(resources.pods, { namespace: 'default' })).items
  if (pod !== undefined) await cluster.client.delete(resources.pods, pod.metadata.name, { namespace: 'default' })
  await cluster.time.advance('40 seconds')
  assert.deepEqual(cluster.violations, [])
  return cluster.history()
}

const seeds =
  wanted === undefined ? [...known, ...Array.from({ length: seedsAll }, (_, index) => index + 1)] : [Number(wanted)]

test(`${seeds.length} seeds replay to the same history, each its own`, async () => {
  const histories = new Set<string>()
  for (const seed of seeds) {
    const first = await busyMinute(seed)
    assert.equal(await busyMinute(seed), first, `seed ${seed} has two histories: GANTRY_SIM_SEED=${seed} shows it`)
    histories.add(first)
  }
  assert.equal(histories.size, new Set(seeds).size)
})
