/**
 * The API server under load: TLS, HTTP/1.1, 32 connections, pods of 3.8 KB, the whole pipeline, SQLite durable. What is
 * printed is the server's CPU per operation (steadier than rates on a busy machine), beside what kube-apiserver 1.36.3 with
 * etcd 3.6 needed on one core of an idle machine (the figures of the project's plan, measured once; not run here).
 * Run: `node -C source bench/apiserver.ts [--pods N] [--watchers N] [--etcd-servers URLS] [--etcd BINARY] [ROW…]`; the row `etcd`
 * starts an etcd of its own, for the restart of a server that keeps its objects there.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pods: { type: 'string', default: '10000' },
    watchers: { type: 'string', default: '1000' },
    'etcd-servers': { type: 'string' },
    etcd: { type: 'string', default: 'etcd' },
  },
})
const podCount = Number(values.pods)
const watcherCount = Number(values.watchers)
const groups = Math.max(1, Math.round(podCount / 100))
const connections = 32
/** How long one row may take, on a machine that has other work too. */
const rowMs = 180_000

interface Peer {
  readonly text: string
  /** CPU per operation in µs, where the peer's is known. */
  readonly cpuUs?: number
  readonly goal: string
}

/** kube-apiserver 1.36.3 with etcd 3.6, one core, from the project's plan. */
const peers: Readonly<Record<string, Peer>> = {
  get: { text: '1,550/s', cpuUs: 540, goal: '≤ 90 µs' },
  list: { text: '0.57 s', cpuUs: 570_000, goal: '≤ 0.35x' },
  selector: { text: '14 ms', cpuUs: 14_000, goal: '≤ 0.25x' },
  create: { text: '600/s', cpuUs: 1600, goal: '≤ 400 µs' },
  status: { text: '417/s', cpuUs: 2400, goal: '≤ 600 µs' },
  watch: { text: '35,000 deliveries/s', goal: '≥ 1.5x, p99 ≤ 33 ms at 20,000/s' },
  restart: { text: 'not measured', goal: '≤ 1 s' },
  etcd: { text: 'not measured', goal: '≤ 1 s' },
  memory: { text: '693 MB at 10,000 pods', goal: '≤ 0.35x; idle ≤ 120 MB' },
}

const root = mkdtempSync(join(tmpdir(), 'gantry-bench-'))
const project = join(import.meta.dirname, '..')
const bundle = join(project, 'dist/main.js')
const program = existsSync(bundle) ? [bundle] : ['-C', 'source', join(project, 'src/main.ts')]
const etcd = values['etcd-servers']

/** Starts a server as the launcher does, on the same state each time; resolves when it says that it is ready. */
async function start(port: string): Promise<ChildProcess> {
  const flags = ['server', '--root', root, '--listen', `127.0.0.1:${port}`]
  if (etcd !== undefined) flags.push('--etcd-servers', etcd)
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=8', '--invocation-count-for-turbofan=1000', ...program, ...flags],
    {
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => chunk.includes('server ready') && resolve())
    child.once('exit', () => reject(new Error('the server ended')))
  })
  return child
}

const began = performance.now()
let server = await start('0')
console.log(
  `server      ready after ${Math.round(performance.now() - began)} ms (${program.length === 1 ? 'bundle' : 'sources'})`,
)

const readFile = (): Promise<string> => Promise.reject(new Error('the kubeconfig holds everything'))
const connection = await readKubeconfig(readFileSync(join(root, 'admin.kubeconfig'), 'utf8'), { readFile })
const url = new URL(connection.url)
const tls = { ca: connection.authority, cert: connection.certificate, key: connection.key }
const agent = new Agent({ keepAlive: true, maxSockets: connections, ...tls })

interface Call {
  readonly method?: string
  readonly path: string
  readonly body?: string
  readonly type?: string
}

/** Sends one request; resolves with the bytes of the answer. */
function call({ method = 'GET', path, body, type = 'application/json' }: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'application/json',
      'user-agent': 'bench',
      ...(body === undefined ? {} : { 'content-type': type }),
    }
    const sent = request({ agent, host: url.hostname, port: url.port, method, path, headers }, (reply) => {
      let sizeBytes = 0
      reply.on('data', (chunk: Buffer) => (sizeBytes += chunk.length))
      reply.on('end', () =>
        (reply.statusCode ?? 500) < 300
          ? resolve(sizeBytes)
          : reject(new Error(`${method} ${path}: ${reply.statusCode}`)),
      )
      reply.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** The server's CPU time so far, µs (10 ms ticks). */
function serverCpuUs(): number {
  const stat = readFileSync(`/proc/${server.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

function serverMegabytes(): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? 0) / 1000)
}

const results: string[] = []

function print(name: string, measured: string, cpuUs?: number): void {
  const peer = peers[name]
  const ratio = cpuUs === undefined || peer?.cpuUs === undefined ? '' : ` (${(cpuUs / peer.cpuUs).toFixed(2)}x)`
  const line = `${name.padEnd(11)} ${measured}${ratio}; kube-apiserver ${peer?.text ?? '-'}; wanted ${peer?.goal ?? '-'}`
  results.push(line)
  console.log(line)
}

/** Runs `count` operations on the connections; prints CPU per operation and rate. */
async function measure(name: string, count: number, operation: (index: number) => Promise<unknown>): Promise<void> {
  const [cpuBefore, beganMs] = [serverCpuUs(), performance.now()]
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await operation(next++)
  }
  await Promise.all(Array.from({ length: Math.min(connections, count) }, worker))
  const cpuUs = (serverCpuUs() - cpuBefore) / count
  const perSecond = count / ((performance.now() - beganMs) / 1000)
  const shown = cpuUs >= 10_000 ? `${(cpuUs / 1000).toFixed(0)} ms` : `${Math.round(cpuUs)} µs`
  print(name, `${shown} of CPU each, ${perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1)}/s`, cpuUs)
}

const namespace = 'bench'
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
const pod = (name: string, group: number): string =>
  JSON.stringify({
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
const place = `/api/v1/namespaces/${namespace}/pods`
const createPod = (name: string, group: number): Promise<number> =>
  call({ method: 'POST', path: place, body: pod(name, group) })
const statusOf = (index: number): string =>
  JSON.stringify({
    status: {
      phase: 'Running',
      message: `m${index}`,
      conditions: [{ type: 'Ready', status: index % 2 === 0 ? 'True' : 'False' }],
    },
  })
const patchStatus = (index: number): Promise<number> =>
  call({
    method: 'PATCH',
    path: `${place}/p-${index % podCount}/status`,
    body: statusOf(index),
    type: 'application/strategic-merge-patch+json',
  })

/** One object changes at a steady rate while many watch; prints deliveries and their lag. */
async function fanOut(): Promise<void> {
  const target = 'watched'
  await createPod(target, groups + 1)
  const lagsMs: number[] = []
  const sentAtMs = new Map<string, number>()
  let deliveries = 0
  const many = new Agent({ keepAlive: true, maxSockets: watcherCount, ...tls })
  const path = `${place}?watch=1&fieldSelector=metadata.name%3D${target}&resourceVersion=0`
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request(
        { agent: many, host: url.hostname, port: url.port, path, headers: { accept: 'application/json' } },
        (reply) => {
          if (reply.statusCode === 200) resolve()
          else reject(new Error(`a watch was answered with ${reply.statusCode}`))
          reply.on('data', (chunk: Buffer) => {
            deliveries += chunk.toString('latin1').split('"type":"MODIFIED"').length - 1
            const mark = /"message":"(w\d+)"/.exec(chunk.toString('latin1'))?.[1]
            const at = mark === undefined ? undefined : sentAtMs.get(mark)
            if (at !== undefined && lagsMs.length < 200_000) lagsMs.push(performance.now() - at)
          })
          reply.on('error', () => undefined)
        },
      )
      sent.on('error', reject)
      sent.end()
    })
  for (let from = 0; from < watcherCount; from += 50)
    await Promise.all(Array.from({ length: Math.min(50, watcherCount - from) }, open))
  await sleep(1000)
  const [cpuBefore, before, beganMs] = [serverCpuUs(), deliveries, performance.now()]
  const eventsPerSecond = 20
  for (let index = 0; index < eventsPerSecond * 5; index++) {
    sentAtMs.set(`w${index}`, performance.now())
    const body = JSON.stringify({ status: { message: `w${index}` } })
    await call({ method: 'PATCH', path: `${place}/${target}/status`, body, type: 'application/merge-patch+json' })
    await sleep(Math.max(0, beganMs + ((index + 1) * 1000) / eventsPerSecond - performance.now()))
  }
  await sleep(500)
  const seconds = (performance.now() - beganMs - 500) / 1000
  const delivered = deliveries - before
  lagsMs.sort((a, b) => a - b)
  const p99 = lagsMs[Math.floor(lagsMs.length * 0.99)] ?? 0
  const cpuUs = (serverCpuUs() - cpuBefore) / Math.max(1, delivered)
  print(
    'watch',
    `${watcherCount} watchers: ${Math.round(delivered / seconds)} deliveries/s at ${eventsPerSecond} events/s, ${cpuUs.toFixed(1)} µs of CPU each, p99 lag ${Math.round(p99)} ms (reader included)`,
  )
  many.destroy()
}

const isReady = (): Promise<boolean> =>
  call({ path: '/readyz' }).then(
    () => true,
    () => false,
  )

/** Ends the server and starts it again on what is stored; prints the time until it answers that it is ready. */
async function restart(): Promise<void> {
  const times: string[] = []
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGKILL'] as const) {
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
    const beganMs = performance.now()
    server = await start(url.port)
    while (!(await isReady())) await sleep(10)
    times.push(`${Math.round(performance.now() - beganMs)} ms after ${signal}`)
  }
  print('restart', `ready with ${podCount} pods ${times.join(', ')}`)
}

/** The row `restart` on an etcd that lives as long as the row: run by this program in another process. */
async function restartOnEtcd(): Promise<void> {
  if (spawnSync(values.etcd, ['--version']).status !== 0) {
    console.log('etcd        etcd not found: name its binary with --etcd')
    return
  }
  const [client, peer] = await Promise.all([freeUrl(), freeUrl()])
  const listen = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer]
  const member = ['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`]
  const folder = ['--data-dir', join(root, 'etcd'), '--log-level', 'panic']
  const child = spawn(values.etcd, [...listen, ...member, ...folder], { stdio: 'ignore' })
  try {
    const again = ['-C', 'source', import.meta.filename, '--pods', values.pods, '--etcd-servers', client, 'restart']
    const { stdout } = await promisify(execFile)(process.execPath, again)
    const line = /^restart +(.*?);/m.exec(stdout)?.[1]
    print('etcd', line ?? 'failed')
  } finally {
    child.kill('SIGKILL')
  }
}

async function freeUrl(): Promise<string> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  listener.close()
  return `http://127.0.0.1:${port}`
}

/** Runs one row; one that fails or never ends is told and does not keep the others from being measured. */
async function row(name: string, run: () => Promise<void>): Promise<void> {
  const late = sleep(rowMs).then(() => Promise.reject(new Error(`not done after ${rowMs / 1000} s`)))
  try {
    await Promise.race([run(), late])
  } catch (error) {
    process.exitCode = 1
    console.log(`${name.padEnd(11)} failed: ${String(error)}`)
  }
}

try {
  await sleep(2000)
  const idle = serverMegabytes()
  await call({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }),
  })
  await sleep(1000)
  await measure('create', podCount, (index) => createPod(`p-${index}`, index % groups))
  await sleep(3000)
  print(
    'memory',
    `${serverMegabytes()} MB with ${podCount} pods, ${idle} MB idle (${(serverMegabytes() / 693).toFixed(2)}x)`,
  )
  const rows: Readonly<Record<string, () => Promise<void>>> = {
    get: () => measure('get', 40_000, (index) => call({ path: `${place}/p-${index % podCount}` })),
    list: () => measure('list', 5, () => call({ path: '/api/v1/pods' })),
    selector: () =>
      measure('selector', 300, (index) => call({ path: `${place}?labelSelector=group%3Dg${index % groups}` })),
    status: () => measure('status', 5000, patchStatus),
    watch: fanOut,
    restart,
    etcd: restartOnEtcd,
  }
  for (const [name, run] of Object.entries(rows)) {
    if (positionals.length === 0 || positionals.includes(name)) await row(name, run)
  }
} finally {
  server.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
}
process.exit()
