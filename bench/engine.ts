/**
 * Compares this engine with Debian's dockerd in one run, interleaved, through the stock client: `node -C source
 * bench/engine.ts [--rounds N]`. Both are started privately (dockerd in network and mount namespaces of its own) and
 * taken away again. Figures are medians of wall time; the ratio is Gantry's to dockerd's, below 1: Gantry is faster.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const gantry = join(root, 'gantry')
const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'))
const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1] || 15)

/** Longer than either engine waits before it returns memory. */
const idleMs = 12_000

interface Engine {
  readonly name: string
  readonly socket: string
  pid: number
}

interface Row {
  readonly what: string
  readonly figures: Map<string, number[]>
  readonly unit: string
}

const rows: Row[] = []
const engines: Engine[] = [{ name: 'gantry', socket: join(folder, 'gantry/docker.sock'), pid: 0 }]

function docker(engine: Engine, args: readonly string[], input?: string): string {
  const result = spawnSync('docker', args, {
    env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_BUILDKIT: '0', DOCKER_CLI_HINTS: 'false' },
    input: input ?? '',
    encoding: 'utf8',
    maxBuffer: 512 * 1024 * 1024,
  })
  if (result.status !== 0) throw new Error(`${engine.name}: docker ${args.join(' ')}: ${result.stderr}`)
  return result.stdout
}

function record(what: string, engine: Engine, figure: number | { readonly mb: number }): void {
  const [value, unit] = typeof figure === 'number' ? [figure, 'ms'] : [figure.mb, 'MB']
  let row = rows.find((one) => one.what === what)
  if (row === undefined) rows.push((row = { what, unit, figures: new Map() }))
  row.figures.set(engine.name, [...(row.figures.get(engine.name) ?? []), value])
}

/** Times `work` on each engine in turn, beginning with another one each round. */
function measure(what: string, count: number, work: (engine: Engine, round: number) => void): void {
  for (let round = 0; round < count; round += 1)
    for (const engine of round % 2 === 0 ? engines : engines.toReversed()) {
      const started = performance.now()
      work(engine, round)
      record(what, engine, performance.now() - started)
    }
}

async function measureParallel(what: string, each: (engine: Engine) => string[][]): Promise<void> {
  for (const engine of engines) {
    const started = performance.now()
    const ends = each(engine).map(
      (args) =>
        new Promise<void>((resolve) => {
          const child = spawn('docker', args, {
            env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}` },
            stdio: 'ignore',
          })
          child.on('close', () => resolve())
        }),
    )
    await Promise.all(ends)
    record(what, engine, performance.now() - started)
  }
}

interface ProcessTable {
  readonly names: ReadonlyMap<number, string>
  readonly children: ReadonlyMap<number, readonly number[]>
}

function readProcesses(): ProcessTable {
  const children = new Map<number, number[]>()
  const names = new Map<number, string>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = readOrNothing(`/proc/${name}/stat`)
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    names.set(Number(name), readOrNothing(`/proc/${name}/cmdline`))
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  return { names, children }
}

/** Processes end while they are looked at. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Kilobytes that the kernel counts for a process, by the name of the sum. */
function countedKb(pid: number, sum: 'Rss' | 'Pss'): number {
  return Number(new RegExp(`^${sum}: +(\\d+)`, 'm').exec(readOrNothing(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
}

/**
 * Memory of an engine as if it were alone on the machine. Of the engine itself every page counts: its share (PSS) of
 * Node's own pages would fall with each other Node program that happens to run, this one included. Of the helpers beside
 * containers, which are many of one kind, each counts its share.
 */
function memoryMb(engine: Engine): number {
  const { names, children } = readProcesses()
  const own = new Set<number>()
  const visit = (pid: number): void => {
    if (own.has(pid) || /^(sleep|sh|conmon|crun)\0|containerd-shim/.test(names.get(pid) ?? '')) return
    own.add(pid)
    for (const child of children.get(pid) ?? []) visit(child)
  }
  visit(engine.pid)
  const [helper, mark] = engine.name === 'gantry' ? ['conmon', '/run/gantry/'] : ['containerd-shim', folder]
  const helpers = [...names].filter(([, name]) => name.includes(helper) && name.includes(mark)).map(([pid]) => pid)
  const kilobytes = [...[...own].map((pid) => countedKb(pid, 'Rss')), ...helpers.map((pid) => countedKb(pid, 'Pss'))]
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024
}

/** Debian's dockerd on a socket of its own; undefined when it is not here or does not start. */
async function startDockerd(): Promise<{ engine: Engine; child: ChildProcess } | undefined> {
  const base = join(folder, 'dockerd')
  const socket = join(folder, 'dockerd.sock')
  const command = `mount --make-rprivate /; ip link set lo up; exec dockerd --data-root ${base} --exec-root ${base}-run --pidfile ${base}.pid -H unix://${socket} >${base}.log 2>&1`
  if (spawnSync('sh', ['-c', 'command -v dockerd']).status !== 0) return undefined
  const child = spawn('unshare', ['--net', '--mount', 'sh', '-c', command], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  })
  const engine: Engine = { name: 'dockerd', socket, pid: child.pid ?? 0 }
  for (let round = 0; round < 200 && child.exitCode === null; round += 1) {
    if (spawnSync('docker', ['-H', `unix://${socket}`, 'version', '-f', '{{.Server.Version}}']).status === 0)
      return { engine, child }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  child.kill()
  return undefined
}

/** An image of one layer: `count` files that do not compress, `megabytes` in all. */
function writeBigContext(path: string, count: number, megabytes: number): void {
  const script = `mkdir -p ${path}/d && cd ${path} && head -c ${megabytes}M /dev/urandom | split -b ${Math.floor((megabytes * 2 ** 20) / count)} -a 4 - d/f && printf 'FROM scratch\\nCOPY d /d\\n' > Dockerfile`
  if (spawnSync('sh', ['-c', script]).status !== 0) throw new Error('the test image could not be written')
}

async function measureAll(): Promise<void> {
  // Both give back what their start and the first image took, a while later.
  await new Promise((resolve) => setTimeout(resolve, idleMs))
  for (const engine of engines) record('idle engine', engine, { mb: memoryMb(engine) })
  measure('run --rm busybox true', rounds, (engine) => docker(engine, ['run', '--rm', 'busybox', 'true']))
  for (const engine of engines) docker(engine, ['run', '-d', '--name', 'held', 'busybox', 'sleep', '100000'])
  measure('exec true', rounds, (engine) => docker(engine, ['exec', 'held', 'true']))
  for (const engine of engines) docker(engine, ['rm', '-f', 'held'])
  const names = Array.from({ length: 30 }, (_, index) => `p${index}`)
  const before = new Map(engines.map((engine) => [engine.name, memoryMb(engine)]))
  await measureParallel('30 × run -d at once', () =>
    names.map((name) => ['run', '-d', '--name', name, 'busybox', 'sleep', '100000']),
  )
  for (const engine of engines)
    record('beside each container', engine, { mb: (memoryMb(engine) - (before.get(engine.name) ?? 0)) / names.length })
  measure('stop -t 0 of 30', 1, (engine) => docker(engine, ['stop', '-t', '0', ...names]))
  measure('rm of 30', 1, (engine) => docker(engine, ['rm', ...names]))
  const steps = Array.from({ length: 10 }, (_, index) => `RUN echo ${index} > /f${index}`).join('\n')
  const context = (round: number): string => `FROM busybox\nENV ROUND=${round}\n${steps}\n`
  measure('build of 10 steps, cold', 3, (engine, round) => docker(engine, ['build', '-q', '-'], context(round)))
  measure('build of 10 steps, cached', 5, (engine) => docker(engine, ['build', '-q', '-'], context(0)))
  const big = join(folder, 'big')
  writeBigContext(big, 8000, 100)
  const [first] = engines
  if (first !== undefined) {
    docker(first, ['build', '-q', '-t', 'big', big])
    docker(first, ['save', '-o', join(folder, 'big.tar'), 'big'])
    docker(first, ['rmi', 'big'])
  }
  for (let round = 0; round < 3; round += 1) {
    for (const engine of engines) {
      const started = performance.now()
      docker(engine, ['load', '-q', '-i', join(folder, 'big.tar')])
      record('load 100 MB, 8000 files', engine, performance.now() - started)
      docker(engine, ['rmi', 'big'])
    }
  }
  measure('50 MB of log lines written', 3, (engine, round) => {
    docker(engine, [
      'run',
      '--name',
      `talks${round}`,
      '-d',
      'busybox',
      'sh',
      '-c',
      'yes 0123456789012345678901234567890123456789012345678 | head -n 1000000',
    ])
    docker(engine, ['wait', `talks${round}`])
  })
  measure('50 MB of log lines read', 3, (engine) => docker(engine, ['logs', 'talks0']))
  measure('create of 100', 1, (engine) => {
    for (let index = 0; index < 100; index += 1) docker(engine, ['create', '--name', `c${index}`, 'busybox', 'true'])
  })
  measure('ps -a of 100', 9, (engine) => docker(engine, ['ps', '-a']))
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function report(): void {
  const shown = (value: number): string =>
    Number.isNaN(value) ? '-' : value >= 100 ? value.toFixed(0) : value.toFixed(1)
  console.log(`${'what'.padEnd(30)} ${'gantry'.padStart(9)} ${'dockerd'.padStart(9)}   ratio`)
  for (const { what, unit, figures } of rows) {
    const [ours, theirs] = ['gantry', 'dockerd'].map((name) => median(figures.get(name) ?? []))
    const ratio = (ours ?? 0) / (theirs ?? Number.NaN)
    console.log(
      `${`${what}, ${unit}`.padEnd(30)} ${shown(ours ?? Number.NaN).padStart(9)} ${shown(theirs ?? Number.NaN).padStart(9)}   ${Number.isNaN(ratio) ? '-' : ratio.toFixed(2)}`,
    )
  }
}

const owned: (() => void)[] = []
try {
  const [ours] = engines
  if (ours === undefined) throw new Error('no engine')
  const place = join(folder, 'gantry')
  const up = spawnSync(gantry, ['up', '--root', place], { encoding: 'utf8' })
  if (up.status !== 0) throw new Error(up.stderr)
  owned.push(() => spawnSync(gantry, ['down', '--purge', '--time', '0', '--root', place]))
  ours.pid = (JSON.parse(readFileSync(join(place, 'engine.json'), 'utf8')) as { pid: number }).pid
  const made = spawnSync(gantry, ['image', 'bootstrap', '--root', place, 'busybox'], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr)
  const peer = await startDockerd()
  if (peer === undefined) console.log("dockerd does not run here: Gantry's figures alone")
  else {
    engines.push(peer.engine)
    owned.push(() => peer.child.kill('SIGTERM'))
    writeFileSync(join(folder, 'busybox.tar'), '')
    docker(ours, ['save', '-o', join(folder, 'busybox.tar'), 'busybox'])
    docker(peer.engine, ['load', '-q', '-i', join(folder, 'busybox.tar')])
  }
  await measureAll()
  report()
} finally {
  for (const undo of owned.toReversed()) undo()
  await new Promise((resolve) => setTimeout(resolve, 3000))
  rmSync(folder, { recursive: true, force: true })
}
