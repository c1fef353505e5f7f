/**
 * The API server under load: TLS, HTTP/1.1, 32 connections, pods of 3.8 KB, the whole pipeline, SQLite durable. What counts
 * is the server's CPU for each operation, which is steadier than rates on a busy machine. With a kube-apiserver named, each
 * load runs on both in turn and the ratio is of this run; without one it is of the plan's figures (1.36.3, etcd 3.6, one core
 * of an idle machine).
 * Run: `node -C source bench/apiserver.ts [--pods N] [--watchers N] [--peer KUBECONFIG --peer-pids SERVER,ETCD]
 * [--etcd-servers URLS] [--etcd BINARY] [ROW…]`; the row `etcd` starts an etcd of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Load, loads, type Measured, prepare } from './apiserver/load.ts'
import { form, startServer } from './apiserver/own-server.ts'
import { restartOnEtcd } from './apiserver/restart-on-etcd.ts'
import { openTarget, type Target } from './apiserver/target.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pods: { type: 'string', default: '10000' },
    watchers: { type: 'string', default: '1000' },
    peer: { type: 'string' },
    'peer-pids': { type: 'string', default: '' },
    'etcd-servers': { type: 'string' },
    etcd: { type: 'string', default: 'etcd' },
  },
})
const podCount = Number(values.pods)
/** How long one row may take, on a machine that has other work too. */
const rowMs = 180_000

interface Plan {
  /** What the peer did; left out where that is not known. */
  readonly text?: string
  /** The peer's CPU for each operation in µs, where it is known. */
  readonly cpuUs?: number
  readonly goal: string
}

const plans: Readonly<Record<string, Plan>> = {
  fill: { text: '600/s', cpuUs: 1600, goal: 'no more than creates later on, but for a program that has just started' },
  get: { text: '1,550/s', cpuUs: 540, goal: '≤ 90 µs' },
  list: { text: '0.57 s', cpuUs: 570_000, goal: '≤ 0.35x' },
  selector: { text: '14 ms', cpuUs: 14_000, goal: '≤ 0.25x' },
  create: { text: '600/s', cpuUs: 1600, goal: '≤ 400 µs' },
  status: { text: '417/s', cpuUs: 2400, goal: '≤ 600 µs' },
  watch: { text: '35,000 deliveries/s', goal: '≥ 1.5x, p99 ≤ 33 ms at 20,000/s' },
  restart: { goal: '≤ 1 s' },
  etcd: { goal: '≤ 1 s' },
  memory: { text: '693 MB at 10,000 pods', goal: '≤ 0.35x; idle ≤ 120 MB' },
}

function print(name: string, own: Measured, peer?: Measured): void {
  const plan = plans[name]
  const peerUs = peer === undefined ? plan?.cpuUs : peer.cpuUs
  const ratio = own.cpuUs === undefined || peerUs === undefined ? '' : ` (${(own.cpuUs / peerUs).toFixed(2)}x)`
  const planned = plan?.text === undefined ? '' : `; kube-apiserver ${plan.text} by the plan`
  const beside = peer === undefined ? planned : `; kube-apiserver ${peer.text}`
  console.log(`${name.padEnd(9)} ${own.text}${ratio}${beside}; wanted ${plan?.goal ?? '-'}`)
}

/** Runs one row; one that fails or never ends is told and does not keep the others from being measured. */
async function row(name: string, run: () => Promise<void>): Promise<void> {
  const late = sleep(rowMs).then(() => Promise.reject(new Error(`not done after ${rowMs / 1000} s`)))
  try {
    await Promise.race([run(), late])
  } catch (error) {
    process.exitCode = 1
    console.log(`${name.padEnd(9)} failed: ${String(error)}`)
  }
}

const root = mkdtempSync(join(tmpdir(), 'gantry-bench-'))
const began = performance.now()
const server = await startServer(root, values['etcd-servers'])
console.log(`server    ready after ${Math.round(performance.now() - began)} ms (${form})`)

try {
  const own = await openTarget({
    name: 'gantry',
    kubeconfig: join(root, 'admin.kubeconfig'),
    pids: () => [server.pid],
  })
  const peerPids = values['peer-pids'].split(',').filter(Boolean).map(Number)
  const peer =
    values.peer === undefined
      ? undefined
      : await openTarget({ name: 'kube-apiserver', kubeconfig: values.peer, pids: () => peerPids })
  await sleep(2000)
  const idleMegabytes = own.megabytes()
  await prepare(own)
  if (peer !== undefined) await prepare(peer)

  const both = async (name: string, load: Load): Promise<void> =>
    print(name, await load(own), peer === undefined ? undefined : await load(peer))
  const memory = (target: Target): Measured => ({ text: `${target.megabytes()} MB with ${podCount} pods` })
  const isReady = (): Promise<boolean> =>
    own.call({ path: '/readyz' }).then(
      () => true,
      () => false,
    )
  const restart = async (): Promise<void> => {
    const times: string[] = []
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGKILL'] as const) {
      const startMs = await server.restart(signal, own.port)
      const beganMs = performance.now()
      while (!(await isReady())) await sleep(10)
      times.push(`${Math.round(startMs + performance.now() - beganMs)} ms after ${signal}`)
    }
    print('restart', { text: `ready with ${podCount} pods ${times.join(', ')}` })
  }
  const onEtcd = async (): Promise<void> => {
    const text = await restartOnEtcd(values.etcd, join(root, 'etcd'), ['--pods', values.pods])
    print('etcd', { text: text ?? 'etcd not found: name its binary with --etcd' })
  }

  const { fill, ...others } = loads({ podCount, watcherCount: Number(values.watchers) })
  if (fill !== undefined) await row('fill', () => both('fill', fill))
  await sleep(3000)
  const text = `${memory(own).text}, ${idleMegabytes} MB idle`
  print('memory', { text }, peer === undefined ? undefined : memory(peer))
  const rows: readonly (readonly [string, () => Promise<void>])[] = [
    ...Object.entries(others).map(([name, load]) => [name, () => both(name, load)] as const),
    ['restart', restart],
    ['etcd', onEtcd],
  ]
  for (const [name, run] of rows) if (positionals.length === 0 || positionals.includes(name)) await row(name, run)
} finally {
  // The end below ends the program at once: what is merely declared with `using` would stay.
  await server[Symbol.asyncDispose]()
  rmSync(root, { recursive: true, force: true })
}
process.exit()
