import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EngineEvent, EngineParts } from '#engine/containers/engine-parts.ts'
import type { Execs } from '#engine/exec/execs.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createHealthChecks } from './health-checks.ts'
import type { HealthChecks } from './health-checks.ts'

const files = createFiles()
const clock = createClock()
const id = 'b'.repeat(64)

type Probe = (signal: AbortSignal) => Promise<{ readonly exitCode: number; readonly output: string }>

interface Fixture {
  readonly checks: HealthChecks
  readonly events: EngineEvent[]
  readonly state: { status: string; startedAt: number }
  /** The same container under an engine that starts again. */
  restart(): HealthChecks
}

/** A container whose probes the test answers; everything else that health checks use of an engine is real. */
async function fixture(context: TestContext, health: object, probe: Probe): Promise<Fixture> {
  const scratch = await files.temporaryDirectory('gantry-health-')
  await files.makeDirectory(`${scratch.path}/${id}`)
  const events: EngineEvent[] = []
  const state = { status: 'running', startedAt: clock.now() }
  const config = { Healthcheck: { Test: ['CMD', 'probe'], Interval: 2e7, ...health }, Labels: {}, Image: 'i' }
  const container = { id, record: { id, name: 'n', config, state } }
  const parts = {
    world: { files, clock },
    book: { find: (wanted: string) => (wanted === id ? container : undefined) },
    paths: { containers: scratch.path },
    log: { error: (message: string) => assert.fail(message) },
    emit: (event: EngineEvent) => events.push(event),
  } as unknown as EngineParts
  const execs = {
    runToEnd: (_container: unknown, _config: unknown, { signal }: { signal: AbortSignal }) => probe(signal),
  }
  const made: HealthChecks[] = []
  const start = (): HealthChecks => {
    const checks = createHealthChecks(parts, execs as unknown as Execs)
    made.push(checks)
    return checks
  }
  context.after(async () => {
    for (const checks of made) await checks[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })
  return { checks: start(), events, state, restart: start }
}

const answers =
  (exitCode: number): Probe =>
  () =>
    Promise.resolve({ exitCode, output: `said ${exitCode}` })

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let look = 0; look < 3000 && !condition(); look += 1) await clock.sleep(5)
  assert.ok(condition(), what)
}

const actions = ({ events }: Fixture): string[] => events.map(({ action }) => action)

test('a container starts as starting, becomes healthy once, and is unhealthy after its end', async (context) => {
  const engine = await fixture(context, {}, answers(0))
  assert.equal(engine.checks.healthOf(id), undefined)
  engine.checks.onStarted(id)
  assert.equal(engine.checks.healthOf(id)?.status, 'starting')
  await until(() => (engine.checks.healthOf(id)?.log.length ?? 0) >= 3, 'three probes')
  assert.equal(engine.checks.healthOf(id)?.log[0]?.output, 'said 0')
  assert.deepEqual(actions(engine), ['health_status: healthy'])
  engine.checks.onEnded(id)
  assert.equal(engine.checks.healthOf(id)?.status, 'unhealthy')
  const { length } = engine.checks.healthOf(id)?.log ?? []
  await clock.sleep(60)
  assert.equal(engine.checks.healthOf(id)?.log.length, length)
})

test('failures add up to unhealthy', async (context) => {
  const engine = await fixture(context, { Retries: 2 }, answers(7))
  engine.checks.onStarted(id)
  await until(() => engine.checks.healthOf(id)?.status === 'unhealthy', 'unhealthy')
  assert.equal(engine.checks.healthOf(id)?.log[0]?.exitCode, 7)
  assert.deepEqual(actions(engine), ['health_status: unhealthy'])
})

test('a probe that takes too long is stopped and failed', async (context) => {
  const slow: Probe = (signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve({ exitCode: 137, output: '' })))
  const engine = await fixture(context, { Timeout: 3e7, Retries: 1 }, slow)
  engine.checks.onStarted(id)
  await until(() => engine.checks.healthOf(id)?.status === 'unhealthy', 'unhealthy')
  const [probe] = engine.checks.healthOf(id)?.log ?? []
  assert.deepEqual([probe?.exitCode, probe?.output], [-1, 'Health check exceeded timeout (30ms)'])
})

test('a probe that cannot run says why', async (context) => {
  const engine = await fixture(context, { Retries: 1 }, () =>
    Promise.reject(new GantryError('X', 'invalid', 'no such program')),
  )
  engine.checks.onStarted(id)
  await until(() => engine.checks.healthOf(id)?.status === 'unhealthy', 'unhealthy')
  const [probe] = engine.checks.healthOf(id)?.log ?? []
  assert.deepEqual([probe?.exitCode, probe?.output], [-1, 'no such program'])
})

test('a paused container is not probed and keeps its health', async (context) => {
  const engine = await fixture(context, {}, answers(0))
  engine.checks.onStarted(id)
  await until(() => engine.checks.healthOf(id)?.status === 'healthy', 'healthy')
  engine.state.status = 'paused'
  await clock.sleep(40)
  const { length } = engine.checks.healthOf(id)?.log ?? []
  await clock.sleep(80)
  assert.equal(engine.checks.healthOf(id)?.log.length, length)
  assert.equal(engine.checks.healthOf(id)?.status, 'healthy')
})

test('an engine that starts again knows how the same run fared, and nothing of another', async (context) => {
  const engine = await fixture(context, {}, answers(0))
  engine.checks.onStarted(id)
  await until(() => actions(engine).length === 1, 'healthy')
  await clock.sleep(20)
  await engine.checks[Symbol.asyncDispose]()
  const again = engine.restart()
  again.onStarted(id)
  await until(() => again.healthOf(id)?.status === 'healthy', 'healthy again')
  assert.deepEqual(actions(engine), ['health_status: healthy'], 'no second event')
  await again[Symbol.asyncDispose]()
  engine.state.startedAt += 1000
  const later = engine.restart()
  later.onStarted(id)
  await clock.sleep(10)
  assert.equal(later.healthOf(id)?.status, 'starting')
})

test('a container without a check has no health', async (context) => {
  const engine = await fixture(context, { Test: ['NONE'] }, answers(0))
  engine.checks.onStarted(id)
  assert.equal(engine.checks.healthOf(id), undefined)
})
