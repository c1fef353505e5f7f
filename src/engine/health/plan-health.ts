/**
 * Health checks decided: when the next probe is due and what its outcome means (Engine API `HealthConfig`, moby
 * `daemon/health.go`). Pure.
 *
 *     starting ──exit 0──▶ healthy ◀──exit 0── unhealthy
 *        └──── `retries` failures in a row, not counted in the start period ────▶ unhealthy
 */
import type { HealthProbe, HealthState } from '#engine/containers/health-state.ts'
import type { Instant } from '#engine/containers/container-record.ts'
import type { HealthConfig } from '#spec/docker/container-config.ts'
import { formatGoDuration } from '#base/data/duration.ts'

/** A health check with every default filled in. */
export interface HealthPlan {
  readonly command: readonly string[]
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly startPeriodMs: number
  readonly startIntervalMs: number
  readonly retries: number
}

/** Bytes of a probe's output that are kept. */
export const probeOutputBytesMax = 4096
const keptProbes = 5
const nanosPerMs = 1e6
const defaults = { intervalMs: 30_000, timeoutMs: 30_000, startIntervalMs: 5000, retries: 3 }
const defaultShell: readonly string[] = ['/bin/sh', '-c']

/** How every run of a container with a check begins. */
export const startingHealth: HealthState = { status: 'starting', failingStreak: 0, log: [] }

function commandOf(test: readonly string[], shell: readonly string[]): readonly string[] | undefined {
  const [kind, ...words] = test
  if (words.length === 0) return undefined
  if (kind === 'CMD') return words
  return kind === 'CMD-SHELL' ? [...shell, ...words] : undefined
}

const orDefault = (nanos: number | undefined, fallbackMs: number): number =>
  nanos === undefined || nanos === 0 ? fallbackMs : nanos / nanosPerMs

/**
 * The check of a container; undefined when it has none (`NONE`, an empty test, an unknown kind).
 * @param shell the container's own shell for `CMD-SHELL`; undefined or empty: /bin/sh.
 */
export function planHealth(
  check: HealthConfig | null | undefined,
  shell: readonly string[] | null | undefined,
): HealthPlan | undefined {
  if (check === undefined || check === null) return undefined
  const { Test = [], Retries: retries = 0 } = check
  const command = commandOf(Test, (shell ?? []).length > 0 ? (shell ?? []) : defaultShell)
  if (command === undefined) return undefined
  return {
    command,
    intervalMs: orDefault(check.Interval, defaults.intervalMs),
    timeoutMs: orDefault(check.Timeout, defaults.timeoutMs),
    startPeriodMs: orDefault(check.StartPeriod, 0),
    startIntervalMs: orDefault(check.StartInterval, defaults.startIntervalMs),
    retries: retries > 0 ? retries : defaults.retries,
  }
}

/** Milliseconds until the next probe: more often while the container is still starting up. */
export function nextProbeMs(plan: HealthPlan, state: HealthState, sinceStartMs: number): number {
  const startingUp = state.status === 'starting' && sinceStartMs < plan.startPeriodMs
  return startingUp ? plan.startIntervalMs : plan.intervalMs
}

/** What a probe's outcome makes of the state. Failures that began in the start period do not count. */
export function applyProbe(
  plan: HealthPlan,
  state: HealthState,
  outcome: { readonly probe: HealthProbe; readonly startedAt: Instant },
): HealthState {
  const { probe, startedAt } = outcome
  const log = [...state.log, probe].slice(-keptProbes)
  if (probe.exitCode === 0) return { status: 'healthy', failingStreak: 0, log }
  if (state.status === 'starting' && probe.start - startedAt < plan.startPeriodMs) return { ...state, log }
  const failingStreak = state.failingStreak + 1
  return { status: failingStreak >= plan.retries ? 'unhealthy' : state.status, failingStreak, log }
}

/** A container that ended is not healthy, as Docker has it; what the probes found stays. */
export function endHealth(state: HealthState): HealthState {
  return { ...state, status: 'unhealthy' }
}

/** The text of a probe that took too long, with what it had written by then. */
export function timeoutText(plan: HealthPlan, output: string): string {
  const told = `Health check exceeded timeout (${formatGoDuration(Math.round(plan.timeoutMs * nanosPerMs))})`
  return output === '' ? told : `${told}: ${output}`
}

/** Output cut to what is kept, marked when it was longer. */
export function boundOutput(output: string): string {
  const bytes = Buffer.from(output)
  if (bytes.length <= probeOutputBytesMax) return output
  // A character that the cut went through is left out.
  return `${bytes.toString('utf8', 0, probeOutputBytesMax).replace(/\uFFFD$/, '')}...`
}
