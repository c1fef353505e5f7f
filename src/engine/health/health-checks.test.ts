import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EngineEvent, EngineParts } from '#engine/containers/engine-parts.ts'
import type { Execs } from '#engine/exec/execs.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSimFiles } from '#world/sim/files.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { createHealthChecks } from './health-checks.ts'
import type { HealthChecks } from './health-checks.ts'

const id = 'b'.repeat(64)

type Probe = (signal: AbortSignal) => Promise<{ readonly exitCode: number; readonly output: string }>

interface Fixture {
  readonly clock: SimClock
  readonly checks: HealthChecks
  readonly events: EngineEvent[]
  readonly state: { status: string; startedAt: number }
  /** The same container under an engine that starts again. */
  restart(): HealthChecks
}

/** A container whose probes the test answers; time passes only when it says so. */
async function fixture(context: TestContext, health: object, probe: Probe): Promise<Fixture> {
  const clock = new SimClock()
  const files = createSimFiles({ clock, random: createSeededRandom(1) })
  await files.makeDirectory(`/containers/${id}`, { recursive: true })
  const events: EngineEvent[] = []
  const state = { status: 'running', startedAt: clock.now() }
  const config = { Healthcheck: { Test: ['CMD', 'probe'], Interval: 2e7, ...health }, Labels: {}, Image: 'i' }
  const container = { id, record: { id, name: 'n', config, state } }
  const parts = {
    world: { files, clock },
    book: { find: (wanted: string) => (wanted === id ? container : undefined) },
    paths: { containers: '/containers' },
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
  })
  return { clock, checks: start(), events, state, restart: start }
}

const answers =
  (exitCode: number): Probe =>
  () =>
    Promise.resolve({ exitCode, output: `said ${exitCode}` })

async function until({ clock }: Fixture, condition: () => boolean, what: string): Promise<void> {
  for (let look = 0; look < 100 && !condition(); look += 1) await clock.advance(5)
  assert.ok(condition(), what)
}

const actions = ({ events }: Fixture): string[] => events.map(({ action }) => action)

test('a container starts as starting, becomes healthy once, and is unhealthy after its end', async (context) => {
  const engine = await fixture(context, {}, answers(0))
  assert.equal(engine.checks.healthOf(id), undefined)
  engine.checks.onStarted(id)
  assert.equal(engine.checks.healthOf(id)?.status, 'starting')
  await until(engine, () => (engine.checks.healthOf(id)?.log.length ?? 0) >= 3, 'three probes')
  assert.equal(engine.checks.healthOf(id)?.log[0]?.output, 'said 0')
  assert.deepEqual(actions(engine), ['health_status: healthy'])
  engine.checks.onEnded(id)
  assert.equal(engine.checks.healthOf(id)?.status, 'unhealthy')
  const { length } = engine.checks.healthOf(id)?.log ?? []
  await engine.clock.advance(60)
  assert.equal(engine.checks.healthOf(id)?.log.length, length)
})

test('failures add up to unhealthy', async (context) => {
  const engine = await fixture(context, { Retries: 2 }, answers(7))
  engine.checks.onStarted(id)
  await until(engine, () => engine.checks.healthOf(id)?.status === 'unhealthy', 'unhealthy')
  assert.equal(engine.checks.healthOf(id)?.log[0]?.exitCode, 7)
  assert.deepEqual(actions(engine), ['health_status: unhealthy'])
})

test('a probe that takes too long is stopped and failed', async (context) => {
  const slow: Probe = (signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve({ exitCode: 137, output: '' })))
  const engine = await fixture(context, { Timeout: 3e7, Retries: 1 }, slow)
  engine.checks.onStarted(id)
  await until(engine, () => engine.checks.healthOf(id)?.status === 'unhealthy', 'unhealthy')
  const [probe] = engine.checks.healthOf(id)?.log ?? []
  assert.deepEqual([probe?.exitCode, probe?.output], [-1, 'Health check exceeded timeout (30ms)'])
})

test('a probe that cannot run says why', async (context) => {
  const engine = await fixture(context, { Retries: 1 }, () =>
    Promise.reject(new GantryError('X', 'invalid', 'no such program')),
  )
  engine.checks.onStarted(id)
  await until(engine, () => engine.checks.healthOf(id)?.status === 'unhealthy', 'unhealthy')
  const [probe] = engine.checks.healthOf(id)?.log ?? []
  assert.deepEqual([probe?.exitCode, probe?.output], [-1, 'no such program'])
})

test('a paused container is not probed and keeps its health', async (context) => {
  const engine = await fixture(context, {}, answers(0))
  engine.checks.onStarted(id)
  await until(engine, () => engine.checks.healthOf(id)?.status === 'healthy', 'healthy')
  engine.state.status = 'paused'
  await engine.clock.advance(40)
  const { length } = engine.checks.healthOf(id)?.log ?? []
  await engine.clock.advance(80)
  assert.equal(engine.checks.healthOf(id)?.log.length, length)
  assert.equal(engine.checks.healthOf(id)?.status, 'healthy')
})

test('an engine that starts again knows how the same run fared, and nothing of another', async (context) => {
  const engine = await fixture(context, {}, answers(0))
  engine.checks.onStarted(id)
  await until(engine, () => actions(engine).length === 1, 'healthy')
  await engine.clock.advance(20)
  await engine.checks[Symbol.asyncDispose]()
  const again = engine.restart()
  again.onStarted(id)
  await until(engine, () => again.healthOf(id)?.status === 'healthy', 'healthy again')
  assert.deepEqual(actions(engine), ['health_status: healthy'], 'no second event')
  await again[Symbol.asyncDispose]()
  engine.state.startedAt += 1000
  const later = engine.restart()
  later.onStarted(id)
  await engine.clock.advance(10)
  assert.equal(later.healthOf(id)?.status, 'starting')
})

test('a container without a check has no health', async (context) => {
  const engine = await fixture(context, { Test: ['NONE'] }, answers(0))
  engine.checks.onStarted(id)
  assert.equal(engine.checks.healthOf(id), undefined)
})
