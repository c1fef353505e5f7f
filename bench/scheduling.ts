/**
 * Scheduling throughput through the API in one process: NODES nodes (5,000), then PODS pods (10,000), created by 64 callers
 * at once; from the first creation to the last binding. Run: `node -C source bench/scheduling.ts [NODES] [PODS]`.
 */
import { nodes, pods } from '#clients/kubernetes/resources.table.ts'
import { createApiServer } from '#cluster/apiserver/api-server.ts'
import { someNode, somePod } from '#cluster/scheduler/scheduling.contract.ts'
import { startScheduler } from '#cluster/scheduler/scheduler.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'

const [nodeCount = 5000, podCount = 10_000] = process.argv.slice(2).map(Number)
const clock = createClock()
const random = createRandom()
const store = createMemoryStore({ clock })
await using api = await createApiServer({ clock, random, store, log: silentLog })
const client = api.clientFor({ name: 'bench', groups: ['system:masters'] })
await client.create({ group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace', namespaced: false }, {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'bench' },
} as never)
await client
  .create({ group: '', version: 'v1', resource: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true }, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'bench' },
  } as never)
  .catch(() => undefined)

for (let index = 0; index < nodeCount; index++) {
  const { metadata, status, ...rest } = someNode(`node-${index}`, {
    labels: { 'topology.kubernetes.io/zone': `zone-${index % 3}` },
  })
  const made = await client.create(nodes, { ...rest, metadata })
  const ready = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }]
  await client.updateStatus(nodes, { ...made, status: { ...status, conditions: ready } } as typeof made)
  await client.patch(nodes, metadata.name, { spec: { taints: null } }, { type: 'merge' })
}
await using scheduler = startScheduler({ client, clock, random, log: silentLog })
await scheduler.synced

let bound = 0
const done = Promise.withResolvers<void>()
const watching = (async () => {
  for await (const event of client.watch(pods, {})) {
    if (event.type === 'MODIFIED' && event.object.spec.nodeName !== undefined && ++bound >= podCount) done.resolve()
  }
})()
watching.catch(done.reject)
const began = performance.now()
const cpuBefore = process.cpuUsage()
let next = 0
const caller = async (): Promise<void> => {
  while (next < podCount) {
    const index = next++
    const { uid: _, ...metadata } = somePod(`pod-${index}`, { namespace: 'bench' }).metadata
    await client.create(pods, { ...somePod('x', { cpu: '100m', memory: '500Mi' }), metadata })
  }
}
await Promise.all(Array.from({ length: 64 }, caller))
await done.promise
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage(cpuBefore)
const cpuSeconds = (user + system) / 1e6
console.log(
  JSON.stringify({
    nodeCount,
    podCount,
    podsPerSecond: Math.round(podCount / seconds),
    podsPerCpuSecond: Math.round(podCount / cpuSeconds),
    rssMb: Math.round(process.memoryUsage().rss / 1e6),
  }),
)
process.exit(0)
