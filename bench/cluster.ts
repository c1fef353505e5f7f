/**
 * The library: how long until `createCluster()` takes its first object, how fast pods are placed in one process, how long a
 * big cluster and a simulated day take. Run: `node -C source bench/cluster.ts [ROW…]` (start, place, take, big, day).
 */
import { deployments, nodes, pods } from '#clients/kubernetes/resources.table.ts'
import { someNode } from '#cluster/scheduler/scheduling.contract.ts'
import { type Cluster, createCluster } from '#roles/cluster/cluster.ts'

/** What each row must stay within; the peer's figure is what its users publish (envtest, without controllers). */
const rows: Readonly<Record<string, { readonly goal: string; readonly run: () => Promise<string> }>> = {
  start: { goal: '≤ 300 ms to the first accepted object (envtest 2-7 s)', run: firstObject },
  place: { goal: '≥ 2,000 pods/s scheduled in one process', run: placePods },
  take: { goal: 'as many as may be', run: takeUpPods },
  big: { goal: '≤ 15 s for 1,000 nodes and 5,000 running pods', run: bigCluster },
  day: { goal: '≤ 60 s for a simulated day of 100 nodes with churn', run: simulatedDay },
}

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(2)} s`

async function firstObject(): Promise<string> {
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    await using cluster = await createCluster()
    await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'first', namespace: 'default' } })
    times.push(performance.now() - began)
  }
  return `${Math.round(times[0] ?? 0)} ms the first time, ${Math.round(times.toSorted((a, b) => a - b)[2] ?? 0)} ms median of 5`
}

const template = (app: string): object => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'main', image: 'app', resources: { requests: { cpu: '50m', memory: '64Mi' } } }] },
})

const deployment = (name: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
})

/** As many at once as a controller has on its way. */
const callers = 64
const podCount = Number(process.env['GANTRY_BENCH_PODS'] ?? 10_000)
const objectNodes = 5000

/** Pods for nodes that are objects only, as the peer's scheduler is measured: what a pod costs until it is bound. */
async function placePods(): Promise<string> {
  await using cluster = await createCluster({ nodes: 0 })
  await each(objectNodes, async (index) => {
    const { metadata, status, ...rest } = someNode(`node-${index}`, {
      labels: { 'topology.kubernetes.io/zone': `zone-${index % 3}` },
    })
    await cluster.client.create(nodes, { ...rest, metadata })
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }]
    const ready = { status: { ...status, conditions } } as never
    await cluster.client.patch(nodes, metadata.name, ready, { type: 'strategic', subresource: 'status' })
  })
  await cluster.settle()
  const rates: number[] = []
  for (const round of ['first', 'next']) {
    const bound = followBindings(cluster)
    const began = performance.now()
    await createPods(cluster, round)
    await Promise.all([bound, cluster.settle()])
    rates.push(perSecond(began, await bound))
  }
  return `${rates[0]} pods/s created and bound of the first ${podCount}, ${rates[1]} of the next (${objectNodes} nodes, with controllers)`
}

/** The same with kubelets, which report that they have the pod. */
async function takeUpPods(): Promise<string> {
  await using cluster = await createCluster({ nodes: 200 })
  await cluster.settle()
  const began = performance.now()
  await createPods(cluster)
  while ((await unplaced(cluster)) > 0) await cluster.time.advance(100)
  return `${perSecond(began, performance.now())} pods/s created, bound and taken up (${podCount} pods on 200 simulated kubelets)`
}

const perSecond = (fromMs: number, toMs: number): number => Math.round((podCount / (toMs - fromMs)) * 1000)

/** Resolves to when the last pod was bound. */
async function followBindings({ client }: Cluster): Promise<number> {
  const bound = new Set<string>()
  for await (const { type, object } of client.watch(pods, {})) {
    if (type === 'MODIFIED' && object.spec.nodeName !== undefined) bound.add(object.metadata.name)
    if (bound.size === podCount) return performance.now()
  }
  throw new Error('the watch has ended')
}

const unplaced = async ({ client }: Cluster): Promise<number> =>
  (await client.list(pods, { namespace: 'default', fieldSelector: 'spec.nodeName=' })).items.length

async function createPods({ client }: Cluster, name = 'p'): Promise<void> {
  await each(podCount, async (index) => {
    const metadata = { name: `${name}-${index}`, namespace: 'default', labels: { app: 'p' } }
    await client.create(pods, { apiVersion: 'v1', kind: 'Pod', ...template('p'), metadata } as never)
  })
}

/** Does it for each index below `count`, some at once. */
async function each(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: callers }, caller))
}

/** Smaller to look at it by a profiler. */
const bigNodes = Number(process.env['GANTRY_BENCH_NODES'] ?? 1000)

async function bigCluster(): Promise<string> {
  const began = performance.now()
  await using cluster = await createCluster({ nodes: bigNodes })
  for (let index = 0; index < bigNodes / 20; index++) {
    await cluster.apply(deployment(`d-${index}`, 100) as never)
  }
  const running = async (): Promise<number> =>
    (await cluster.client.list(pods, { fieldSelector: 'status.phase=Running' })).items.length
  while ((await running()) < bigNodes * 5) await cluster.time.advance('1 second')
  return `${seconds(began)} (${Math.round(process.memoryUsage().rss / 1e6)} MB)`
}

const dayHours = Number(process.env['GANTRY_BENCH_HOURS'] ?? 24)

async function simulatedDay(): Promise<string> {
  await using cluster = await createCluster({ nodes: 100 })
  for (let index = 0; index < 20; index++) {
    await cluster.apply(deployment(`d-${index}`, 10) as never)
  }
  await cluster.settle()
  const began = performance.now()
  for (let hour = 0; hour < dayHours; hour++) {
    // Every hour one deployment rolls and another is scaled: pods come and go all day.
    const image = `app:${hour}`
    const patch = { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } }
    const scaled = { spec: { replicas: 5 + (hour % 10) } }
    await cluster.client.patch(deployments, `d-${hour % 20}`, patch, { namespace: 'default', type: 'strategic' })
    await cluster.client.patch(deployments, `d-${(hour + 7) % 20}`, scaled, { namespace: 'default', type: 'merge' })
    await cluster.time.advance('1 hour')
  }
  return `${seconds(began)} for ${dayHours} hours (${Math.round(process.memoryUsage().rss / 1e6)} MB)`
}

const asked = process.argv.slice(2)
for (const [name, { goal, run }] of Object.entries(rows)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const before = process.cpuUsage()
  const result = await run()
  const { user, system } = process.cpuUsage(before)
  console.log(`${name.padEnd(6)} ${result}; ${((user + system) / 1e6).toFixed(1)} s of CPU; wanted: ${goal}`)
}
process.exit(0)
