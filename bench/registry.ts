/**
 * Push and pull of a 100 MB image in four layers: Gantry's registry against Debian's docker-registry 2.8, interleaved, each
 * in a process of its own, curl as the client. Prints medians and ratios (above 1: we are faster).
 *
 *     node -C source bench/registry.ts [rounds] [directory]
 */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

const run = promisify(execFile)
const rounds = Number(process.argv[2] ?? 7)
const directory = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'gantry-bench-registry-'))
const layerBytes = 25 * 2 ** 20
const layerCount = 4

interface Layer {
  readonly path: string
  readonly digest: string
}

interface Server {
  readonly name: string
  readonly url: string
  readonly child: ChildProcess
}

async function start(name: string, command: (port: number) => readonly [string, ...string[]]): Promise<Server> {
  const port = await freePort()
  const [program, ...args] = command(port)
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 200; tries += 1) {
    const { exitCode } = await curl(['-o', '/dev/null', `${url}/v2/`])
    if (exitCode === 0) return { name, url, child }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${name} did not start`)
}

async function curl(args: readonly string[]): Promise<{ readonly stdout: string; readonly exitCode: number }> {
  try {
    return { stdout: (await run('curl', ['-s', '-S', '-H', 'Expect:', ...args])).stdout, exitCode: 0 }
  } catch (error) {
    return { stdout: '', exitCode: Number((error as { code?: unknown }).code ?? 1) }
  }
}

const locationOf = (head: string, base: string): string =>
  new URL(/^location: (.*)$/im.exec(head)?.[1]?.trim() ?? '', base).href

async function pushLayer(server: Server, repository: string, layer: Layer): Promise<void> {
  const begun = await curl([
    '-D',
    '-',
    '-o',
    '/dev/null',
    '-X',
    'POST',
    `${server.url}/v2/${repository}/blobs/uploads/`,
  ])
  const sent = await curl([
    '-D',
    '-',
    '-o',
    '/dev/null',
    '-X',
    'PATCH',
    '-H',
    'Content-Type: application/octet-stream',
    '-T',
    layer.path,
    locationOf(begun.stdout, server.url),
  ])
  const last = new URL(locationOf(sent.stdout, server.url))
  last.searchParams.set('digest', layer.digest)
  const done = await curl(['-o', '/dev/null', '-w', '%{http_code}', '-X', 'PUT', last.href])
  if (done.stdout !== '201') throw new Error(`${server.name}: push answered ${done.stdout}`)
}

async function pullLayer(server: Server, repository: string, layer: Layer): Promise<void> {
  const got = await curl([
    '-o',
    '/dev/null',
    '-w',
    '%{http_code} %{size_download}',
    `${server.url}/v2/${repository}/blobs/${layer.digest}`,
  ])
  if (got.stdout !== `200 ${layerBytes}`) throw new Error(`${server.name}: pull answered ${got.stdout}`)
}

interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
}

/** Processor time of a process so far (fields 14 and 15 of /proc/pid/stat, clock ticks of 10 ms). */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function timed(server: Server, work: () => Promise<unknown>): Promise<Cost> {
  const pid = server.child.pid ?? 0
  const cpuBefore = cpuMsOf(pid)
  const before = performance.now()
  await work()
  return { wallMs: performance.now() - before, cpuMs: cpuMsOf(pid) - cpuBefore }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function makeLayers(round: string): Layer[] {
  return Array.from({ length: layerCount }, (_, index) => {
    const content = randomBytes(layerBytes)
    const path = join(directory, `${round}-${index}`)
    writeFileSync(path, content)
    return { path, digest: `sha256:${createHash('sha256').update(content).digest('hex')}` }
  })
}

const source = (durable: boolean): string => `
  const [{ createRegistry }, { createClock }, { createFiles }, { createRandom }] = await Promise.all(
    ['registry/registry', 'world/real/clock', 'world/real/files', 'world/real/random'].map((name) => import('${new URL('../src/', import.meta.url).pathname}' + name + '.ts')))
  const deps = { clock: createClock(), files: createFiles(), random: createRandom() }
  await createRegistry(deps, { root: process.argv[1], listen: { port: Number(process.argv[2]) }, limits: { durable: ${durable} } })`

const gantry = (name: string, durable: boolean): Promise<Server> =>
  start(name, (port) => [
    process.execPath,
    '-C',
    'source',
    '--input-type=module',
    '-e',
    source(durable),
    join(directory, name),
    String(port),
  ])

async function dockerRegistry(): Promise<Server> {
  const config = join(directory, 'peer.yml')
  return start('docker-registry', (port) => {
    writeFileSync(
      config,
      `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${join(directory, 'peer')}}, cache: {blobdescriptor: inmemory}}
http: {addr: "127.0.0.1:${port}"}
`,
    )
    return ['docker-registry', 'serve', config]
  })
}

async function main(): Promise<void> {
  const servers: Server[] = []
  try {
    mkdirSync(directory, { recursive: true })
    servers.push(await dockerRegistry(), await gantry('gantry', true), await gantry('gantry-unsynced', false))
    const times = new Map(servers.map(({ name }) => [name, { push: [] as Cost[], pull: [] as Cost[] }]))
    for (let round = 0; round < rounds + 1; round += 1) {
      const layers = makeLayers(String(round))
      for (const server of servers) {
        const repository = `bench/r${round}`
        const push = await timed(server, () => Promise.all(layers.map((layer) => pushLayer(server, repository, layer))))
        const pull = await timed(server, () => Promise.all(layers.map((layer) => pullLayer(server, repository, layer))))
        // The first round warms caches and compilers of all of them.
        const row = round === 0 ? undefined : times.get(server.name)
        row?.push.push(push)
        row?.pull.push(pull)
      }
      for (const { path } of layers) rmSync(path)
    }
    const peer = times.get('docker-registry')
    for (const [name, { push, pull }] of times) {
      const row = (what: 'push' | 'pull', own: readonly Cost[]): string => {
        const other = peer?.[what] ?? []
        const [wall, cpu] = (['wallMs', 'cpuMs'] as const).map((key) => {
          const value = median(own.map((cost) => cost[key]))
          return `${value.toFixed(0).padStart(5)} ms (${(median(other.map((cost) => cost[key])) / value).toFixed(2)}x)`
        })
        return `${what} ${wall} cpu ${cpu}`
      }
      process.stdout.write(`${name.padEnd(16)} ${row('push', push)}   ${row('pull', pull)}\n`)
    }
  } finally {
    for (const { child } of servers) child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

await main()
