/**
 * `npm test`: the gate, then test/e2e against an engine that is started for it in a root of its own and taken away
 * afterwards, then test/cluster, whose suites start control planes. `npm test -- check`, `-- e2e` or `-- cluster` runs one
 * part. What cannot run here is listed with its reason.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const root = join(import.meta.dirname, '../..')
const gantry = join(root, 'gantry')
const nothing: Counts = { passed: 0, failed: 0, skipped: 0 }
/** Bounds for what hangs, not budgets: a slow machine shall come to the end. */
const suitesWithinMs = 45 * 60_000
const checkWithinMs = 25 * 60_000

let running: ReturnType<typeof spawn> | undefined

/** Runs a program, shows its output as it comes and returns it. The program is ended, with its children, after the time. */
function show(
  argv: readonly string[],
  options: { env?: NodeJS.ProcessEnv; withinMs: number },
): Promise<{ ok: boolean; output: string }> {
  const [file = '', ...args] = argv
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: root,
      // Colours would hide the counts.
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    running = child
    let output = ''
    let late = false
    const timer = setTimeout(() => {
      late = true
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }, options.withinMs)
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      process.stdout.write(chunk)
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      running = undefined
      if (late) console.log(`FAIL did not end within ${options.withinMs / 1000} s: ${argv.join(' ')}`)
      resolve({ ok: code === 0, output })
    })
    child.on('error', () => resolve({ ok: false, output }))
  })
}

/** Every step of the gate is one test, except those that count their own. */
function countGate(output: string, ok: boolean): Counts {
  const steps = [...output.matchAll(/^(ok {2}|FAIL) (\S+) +[\d.]+ s {2}(.*)$/gm)]
  let counts = nothing
  for (const [, verdict, , note = ''] of steps) {
    const counted = /^(\d+) passed(?:, (\d+) failed)?(?:, (\d+) skipped)? in/.exec(note)
    const bad = verdict === 'FAIL' ? 1 : 0
    counts =
      counted === null
        ? add(counts, { passed: 1 - bad, failed: bad, skipped: 0 })
        : add(counts, { passed: Number(counted[1]), failed: Number(counted[2] ?? 0), skipped: Number(counted[3] ?? 0) })
  }
  return !ok && counts.failed === 0 ? add(counts, { ...nothing, failed: 1 }) : counts
}

function countTests(output: string, ok: boolean): Counts {
  const sum = (word: string): number =>
    [...output.matchAll(new RegExp(`^ℹ ${word} (\\d+)$`, 'gm'))].reduce((total, [, count]) => total + Number(count), 0)
  const counts = { passed: sum('pass'), failed: sum('fail') + sum('cancelled'), skipped: sum('skipped') }
  return !ok && counts.failed === 0 ? add(counts, { ...nothing, failed: 1 }) : counts
}

function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

async function runGate(): Promise<Counts> {
  console.log('== the gate (npm run check)')
  const { ok, output } = await show([process.execPath, '-C', 'source', 'tools/check/check.ts'], {
    withinMs: checkWithinMs,
  })
  return countGate(output, ok)
}

/** The suites against a given engine (GANTRY_E2E_TARGET), else against one of our own. */
async function runEndToEnd(): Promise<Counts> {
  console.log('\n== black-box suites (test/e2e)')
  const given = process.env['GANTRY_E2E_TARGET']
  if (given !== undefined) return runSuites(given)
  const doctor = spawnSync(gantry, ['doctor'], { encoding: 'utf8' })
  if (doctor.status !== 0) {
    console.log(`skipped: test/e2e needs containers, and they cannot run here:\n${doctor.stdout}${doctor.stderr}`)
    return { ...nothing, skipped: 1 }
  }
  const engineRoot = mkdtempSync(join(tmpdir(), 'gantry-test-'))
  const down = (): void => {
    spawnSync(gantry, ['down', '--purge', '--time', '1', '--root', engineRoot], { encoding: 'utf8', timeout: 240_000 })
    rmSync(engineRoot, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      if (running?.pid !== undefined) process.kill(-running.pid, 'SIGKILL')
      down()
      process.exit(130)
    })
  try {
    const up = spawnSync(gantry, ['up', '--root', engineRoot], { encoding: 'utf8', timeout: 240_000 })
    if (up.status !== 0) {
      console.log(`FAIL the engine did not start:\n${up.stdout}${up.stderr}`)
      return { ...nothing, failed: 1 }
    }
    for (const name of ['busybox', 'node:7']) {
      const made = spawnSync(gantry, ['image', 'bootstrap', '--root', engineRoot, name], {
        encoding: 'utf8',
        timeout: 600_000,
      })
      if (made.status !== 0) console.log(`image ${name} could not be made: ${made.stderr.trim()}`)
    }
    return await runSuites(`unix://${engineRoot}/docker.sock`)
  } finally {
    down()
  }
}

function runSuites(target: string): Promise<Counts> {
  return runFiles('test/e2e/**/*.test.ts', {
    GANTRY_E2E_TARGET: target,
    DOCKER_HOST: target,
    DOCKER_BUILDKIT: '0',
    DOCKER_CLI_HINTS: 'false',
  })
}

/** Suites that drive control planes with stock clients; they need no container and no root. */
function runCluster(): Promise<Counts> {
  console.log('\n== suites for the cluster (test/cluster)')
  return runFiles('test/cluster/**/*.test.ts', {})
}

/** One file after the other. */
async function runFiles(pattern: string, env: NodeJS.ProcessEnv): Promise<Counts> {
  const flags = ['--test', '--test-concurrency=1', '--test-timeout=900000', '--test-reporter=spec']
  const { ok, output } = await show([process.execPath, '-C', 'source', ...flags, pattern], {
    env: { ...env, NODE_NO_WARNINGS: '1' },
    withinMs: suitesWithinMs,
  })
  const skips = [...output.matchAll(/^\s*﹣ (.*?)(?: \([\d.]+ms\))? # (.*)$/gm)]
  if (skips.length > 0) console.log('\nNot run here:')
  for (const [, name, reason] of skips) console.log(`  ${name}: ${reason}`)
  return countTests(output, ok)
}

const parts: Readonly<Record<string, () => Promise<Counts>>> = { check: runGate, e2e: runEndToEnd, cluster: runCluster }
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')} (there are ${Object.keys(parts).join(', ')})`)
  process.exit(2)
}
let total = nothing
for (const [name, part] of Object.entries(parts))
  if (wanted.length === 0 || wanted.includes(name)) total = add(total, await part())
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
