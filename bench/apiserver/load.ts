/** What a server is asked to do, and what it needed for that. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connections, type Target } from './target.ts'

export interface Measured {
  /** As it is printed. */
  readonly text: string
  /** CPU for each operation, µs. */
  readonly cpuUs?: number
}

export interface LoadOptions {
  readonly podCount: number
  readonly watcherCount: number
}

/** One kind of load; it may be run on one server after another. */
export type Load = (target: Target) => Promise<Measured>

const namespace = 'bench'
const place = `/api/v1/namespaces/${namespace}/pods`
const pad = 'lorem-ipsum-'.repeat(60)
const container = {
  name: 'main',
  image: 'registry.example/app/server:1.2.3',
  command: ['/bin/server', '--port=8080'],
  ports: [{ name: 'http', containerPort: 8080 }],
  env: [
    { name: 'A', value: 'one' },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ],
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  livenessProbe: { httpGet: { path: '/healthz', port: 8080 } },
}

/** A pod of 3.8 KB as it is stored; one in a hundred has the group's label. */
function podText(name: string, group: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { app: 'bench', group: `g${group}`, tier: 'backend' },
      annotations: { 'bench/pad': pad },
    },
    spec: {
      schedulerName: 'nobody',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [container],
    },
  })
}

function createPod(target: Target, name: string, group: number): Promise<number> {
  return target.call({ method: 'POST', path: place, body: podText(name, group) })
}

/** Runs `count` operations on the connections. */
async function measure(
  target: Target,
  count: number,
  operation: (index: number) => Promise<unknown>,
): Promise<Measured> {
  const [cpuBefore, beganMs] = [target.cpuUs(), performance.now()]
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await operation(next++)
  }
  await Promise.all(Array.from({ length: Math.min(connections, count) }, worker))
  const cpuUs = (target.cpuUs() - cpuBefore) / count
  const perSecond = count / ((performance.now() - beganMs) / 1000)
  const shown = cpuUs >= 10_000 ? `${(cpuUs / 1000).toFixed(0)} ms` : `${Math.round(cpuUs)} µs`
  return { text: `${shown} of CPU, ${perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1)}/s`, cpuUs }
}

/** The namespace, and the account without which no pod is let in where no controller makes it. */
export async function prepare(target: Target): Promise<void> {
  const create = (path: string, object: object): Promise<unknown> =>
    target.call({ method: 'POST', path, body: JSON.stringify(object) })
  await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await sleep(1000)
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, account).catch(() => undefined)
}

/** The loads by name, in the order in which they are to be run: `fill` makes the pods that the others need. */
export function loads({ podCount, watcherCount }: LoadOptions): Readonly<Record<string, Load>> {
  const groups = Math.max(1, Math.round(podCount / 100))
  let made = 0
  return {
    fill: (target) => measure(target, podCount, (index) => createPod(target, `p-${index}`, index % groups)),
    get: (target) => measure(target, 40_000, (index) => target.call({ path: `${place}/p-${index % podCount}` })),
    list: (target) => measure(target, 5, () => target.call({ path: '/api/v1/pods' })),
    selector: (target) =>
      measure(target, 300, (index) => target.call({ path: `${place}?labelSelector=group%3Dg${index % groups}` })),
    create: (target) => measure(target, 10_000, () => createPod(target, `c-${made++}`, groups + 1)),
    status: (target) => measure(target, 10_000, (index) => patchStatus(target, index, podCount)),
    watch: (target) => fanOut(target, watcherCount),
  }
}

function patchStatus(target: Target, index: number, podCount: number): Promise<number> {
  const conditions = [{ type: 'Ready', status: index % 2 === 0 ? 'True' : 'False' }]
  return target.call({
    method: 'PATCH',
    path: `${place}/p-${index % podCount}/status`,
    body: JSON.stringify({ status: { phase: 'Running', message: `m${index}`, conditions } }),
    type: 'application/strategic-merge-patch+json',
  })
}

const eventsPerSecond = 20
const fanOutSeconds = 5
const opensAtOnce = 50
const lagsMax = 200_000

/** One object changes at a steady rate while many watch: deliveries and their lag. */
async function fanOut(target: Target, watcherCount: number): Promise<Measured> {
  await createPod(target, 'watched', 0)
  const lagsMs: number[] = []
  const sentAtMs = new Map<string, number>()
  let deliveries = 0
  const hear = (chunk: Buffer): void => {
    const text = chunk.toString('latin1')
    deliveries += text.split('"type":"MODIFIED"').length - 1
    const mark = /"message":"(w\d+)"/.exec(text)?.[1]
    const at = mark === undefined ? undefined : sentAtMs.get(mark)
    if (at !== undefined && lagsMs.length < lagsMax) lagsMs.push(performance.now() - at)
  }
  const path = `${place}?watch=1&fieldSelector=metadata.name%3Dwatched&resourceVersion=0`
  for (let from = 0; from < watcherCount; from += opensAtOnce) {
    const count = Math.min(opensAtOnce, watcherCount - from)
    await Promise.all(Array.from({ length: count }, () => target.watch(path, hear)))
  }
  await sleep(1000)
  const [cpuBefore, before, beganMs] = [target.cpuUs(), deliveries, performance.now()]
  for (let index = 0; index < eventsPerSecond * fanOutSeconds; index++) {
    sentAtMs.set(`w${index}`, performance.now())
    const body = JSON.stringify({ status: { message: `w${index}` } })
    const type = 'application/merge-patch+json'
    await target.call({ method: 'PATCH', path: `${place}/watched/status`, body, type })
    await sleep(Math.max(0, beganMs + ((index + 1) * 1000) / eventsPerSecond - performance.now()))
  }
  const seconds = (performance.now() - beganMs) / 1000
  await sleep(500)
  target.endWatches()
  const delivered = deliveries - before
  const cpuUs = (target.cpuUs() - cpuBefore) / Math.max(1, delivered)
  const p99 = lagsMs.toSorted((a, b) => a - b)[Math.floor(lagsMs.length * 0.99)] ?? 0
  const rate = `${Math.round(delivered / seconds)} deliveries/s to ${watcherCount}`
  return {
    text: `${cpuUs.toFixed(1)} µs of CPU, ${rate}, p99 lag ${Math.round(p99)} ms (reader included)`,
    cpuUs,
  }
}
