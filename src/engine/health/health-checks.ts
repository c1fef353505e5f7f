/**
 * Health checks of running containers: one loop a container, a probe at a time through exec. What the probes found is
 * kept in a file beside the container, so that an engine that starts again does not call a healthy container "starting".
 */
import { join } from 'node:path'
import { errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { Instant } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { attributesOf } from '#engine/containers/event-attributes.ts'
import type { HealthProbe, HealthState } from '#engine/containers/health-state.ts'
import { folderOf } from '#engine/containers/prepare-start.ts'
import type { Execs } from '#engine/exec/execs.ts'
import type { ExecConfig } from '#engine/exec/plan-exec.ts'
import {
  applyProbe,
  boundOutput,
  endHealth,
  nextProbeMs,
  planHealth,
  probeOutputBytesMax,
  startingHealth,
  timeoutText,
} from './plan-health.ts'
import type { HealthPlan } from './plan-health.ts'

export interface HealthChecks extends AsyncDisposable {
  /** A run began, or the engine found it going on: probes start. */
  onStarted(containerId: string): void
  /** A run ended: probes stop. */
  onEnded(containerId: string): void
  /** Undefined for a container without a check. */
  healthOf(containerId: string): HealthState | undefined
}

/** A container's check during one run. */
interface Watch {
  readonly plan: HealthPlan
  readonly startedAt: Instant
  readonly stop: AbortController
  state: HealthState
  done: Promise<void>
}

/** What the file holds; another run's state says nothing about this one. */
interface KeptHealth {
  readonly startedAt: Instant
  readonly state: HealthState
}

const keptBytesMax = 256 * 1024

function execConfigOf(plan: HealthPlan): ExecConfig {
  return {
    cmd: plan.command,
    env: [],
    user: '',
    workingDirectory: '',
    privileged: false,
    tty: false,
    attachStdin: false,
    attachStdout: true,
    attachStderr: true,
    detachKeys: '',
  }
}

const planOf = (container: Container): HealthPlan | undefined =>
  planHealth(container.record.config.Healthcheck, container.record.config.Shell)

class Checks implements HealthChecks {
  readonly #parts: EngineParts
  readonly #execs: Execs
  readonly #watches = new Map<string, Watch>()

  constructor(parts: EngineParts, execs: Execs) {
    this.#parts = parts
    this.#execs = execs
  }

  healthOf(containerId: string): HealthState | undefined {
    return this.#watches.get(containerId)?.state
  }

  onStarted(containerId: string): void {
    this.#forgetRemoved()
    const container = this.#parts.book.find(containerId)
    const plan = container === undefined ? undefined : planOf(container)
    this.#watches.get(containerId)?.stop.abort()
    if (container === undefined || plan === undefined) {
      this.#watches.delete(containerId)
      return
    }
    const { startedAt } = container.record.state
    const watch: Watch = {
      plan,
      startedAt,
      stop: new AbortController(),
      state: startingHealth,
      done: Promise.resolve(),
    }
    this.#watches.set(containerId, watch)
    watch.done = this.#follow(container, watch).catch((error: unknown) => {
      if (!watch.stop.signal.aborted) this.#parts.log.error('a health check stopped', { container: containerId, error })
    })
  }

  onEnded(containerId: string): void {
    const watch = this.#watches.get(containerId)
    if (watch === undefined) return
    watch.stop.abort()
    watch.state = endHealth(watch.state)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stop } of this.#watches.values()) stop.abort()
    await Promise.all([...this.#watches.values()].map(({ done }) => done))
  }

  #forgetRemoved(): void {
    for (const id of this.#watches.keys()) if (this.#parts.book.find(id) === undefined) this.#watches.delete(id)
  }

  async #follow(container: Container, watch: Watch): Promise<void> {
    const { clock } = this.#parts.world
    const { signal } = watch.stop
    await this.#restore(container, watch)
    while (!signal.aborted) {
      await clock.sleep(nextProbeMs(watch.plan, watch.state, clock.now() - watch.startedAt), signal)
      const { state } = container.record
      if (!isAlive(state)) return
      if (state.status === 'paused') continue
      const probe = await this.#probe(container, watch)
      if (probe !== undefined) await this.#settle(container, watch, probe)
    }
  }

  /** One probe; undefined when it says nothing because the container ended or stood still meanwhile. */
  async #probe(container: Container, watch: Watch): Promise<HealthProbe | undefined> {
    const { clock } = this.#parts.world
    const limit = new AbortController()
    using _timer = clock.setTimer(watch.plan.timeoutMs, () => limit.abort())
    const start = clock.now()
    let exitCode = -1
    let output: string
    try {
      const result = await this.#execs.runToEnd(container, execConfigOf(watch.plan), {
        // One byte more than is kept: then it shows whether there was more.
        outputBytesMax: probeOutputBytesMax + 1,
        signal: AbortSignal.any([limit.signal, watch.stop.signal]),
      })
      if (!limit.signal.aborted) ({ exitCode } = result)
      output = boundOutput(result.output)
      if (limit.signal.aborted) output = timeoutText(watch.plan, output)
    } catch (error) {
      output = messageOf(error)
    }
    if (watch.stop.signal.aborted || container.record.state.status !== 'running') return undefined
    return { start, end: clock.now(), exitCode, output }
  }

  async #settle(container: Container, watch: Watch, probe: HealthProbe): Promise<void> {
    const before = watch.state.status
    watch.state = applyProbe(watch.plan, watch.state, { probe, startedAt: watch.startedAt })
    if (watch.state.status === before) return
    this.#parts.emit({
      type: 'container',
      action: `health_status: ${watch.state.status}`,
      id: container.id,
      attributes: attributesOf(container.record),
    })
    const kept: KeptHealth = { startedAt: watch.startedAt, state: watch.state }
    await this.#parts.world.files
      .replace(this.#pathOf(container.id), JSON.stringify(kept), { mode: 0o600 })
      .catch((error: unknown) => {
        // Its folder may be gone with the container.
        if (errnoOf(error) !== 'ENOENT') throw error
      })
  }

  async #restore(container: Container, watch: Watch): Promise<void> {
    try {
      const text = await this.#parts.world.files.readText(this.#pathOf(container.id), { maxBytes: keptBytesMax })
      const kept = JSON.parse(text) as KeptHealth
      if (kept.startedAt === watch.startedAt && !watch.stop.signal.aborted) watch.state = kept.state
    } catch (error) {
      // None was kept, or it was cut off by a crash: the check starts afresh.
      if (errnoOf(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error
    }
  }

  #pathOf(containerId: string): string {
    return join(folderOf(this.#parts, containerId), 'health.json')
  }
}

/** The health checks of an engine; `execs` runs the probes. */
export function createHealthChecks(parts: EngineParts, execs: Execs): HealthChecks {
  return new Checks(parts, execs)
}
