/** Whole clusters that lose a node: on every seed its pods are evicted and replaced, whatever else fails. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { badDay, createCluster, resources } from '../../src/index.ts'

const seedsAll = 200
/** Every so many seeds are run twice, to see that they replay. */
const replayEvery = 20
const wanted = process.env['GANTRY_SIM_SEED']
const replicas = 6
const lost = 'sim-1'

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'one' }] } },
  },
}

/** Loses a node for good, waits out the tolerations, at last deletes the node. Resolves to the history's digest. */
async function loseNode(seed: number): Promise<string> {
  // Every other seed has a bad day besides.
  const faults = seed % 2 === 0 ? { ...badDay, nodeLoss: 0 } : {}
  await using cluster = await createCluster({ nodes: 3, seed, faults })
  const podsOn = async (isLost: boolean): Promise<number> => {
    const { items } = await cluster.client.list(resources.pods, { namespace: 'default' })
    const ready = items.filter(({ status }) =>
      status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True'),
    )
    return isLost
      ? items.filter(({ spec }) => spec.nodeName === lost).length
      : ready.filter(({ spec }) => spec.nodeName !== lost).length
  }
  const says = `seed ${seed}: GANTRY_SIM_SEED=${seed} shows it`
  await cluster.time.advance('5 seconds')
  await cluster.apply([web])
  await cluster.time.advance('30 seconds')
  cluster.nodes.lose(lost)
  await cluster.time.advance('2 minutes')
  const early = await cluster.client.get(resources.nodes, lost)
  assert.ok(early.spec.taints?.some(({ effect }) => effect === 'NoExecute') === true, says)
  await cluster.time.advance('6 minutes')
  assert.equal(await podsOn(false), replicas, says)
  await cluster.client.delete(resources.nodes, lost)
  await cluster.time.advance('2 minutes')
  assert.deepEqual([await podsOn(true), await podsOn(false)], [0, replicas], says)
  assert.deepEqual(cluster.violations, [], says)
  return cluster.history()
}

const seeds = wanted === undefined ? Array.from({ length: seedsAll }, (_, index) => index + 1) : [Number(wanted)]

test(`on ${seeds.length} seeds the pods of a lost node are evicted, replaced and collected`, async () => {
  for (const seed of seeds) {
    const first = await loseNode(seed)
    if (seed % replayEvery === 0) assert.equal(await loseNode(seed), first, `seed ${seed} has two histories`)
  }
})
