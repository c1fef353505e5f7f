/** Whether and when a container that ended runs again (Docker `restartmanager`). Pure. */
import type { RestartPolicy } from '#spec/docker/container-config.ts'

const firstDelayMs = 100
const delayMsMax = 60_000
/** A run this long counts as success: the back-off starts over. */
const steadyRunMs = 10_000

export interface EndedRun {
  readonly policy: RestartPolicy
  readonly exitCode: number
  readonly restartCount: number
  /** How long the process ran. */
  readonly ranMs: number
  readonly stoppedByUser: boolean
  /** The delay before the run that just ended; 0 for a first run. */
  readonly lastDelayMs: number
}

export type RestartPlan = { readonly restart: false } | { readonly restart: true; readonly delayMs: number }

/** What follows the end of a run. */
export function planRestart(run: EndedRun): RestartPlan {
  if (run.stoppedByUser || !wanted(run)) return { restart: false }
  const delayMs =
    run.ranMs >= steadyRunMs || run.lastDelayMs === 0 ? firstDelayMs : Math.min(run.lastDelayMs * 2, delayMsMax)
  return { restart: true, delayMs }
}

function wanted({ policy, exitCode, restartCount }: EndedRun): boolean {
  switch (policy.Name) {
    case 'always':
    case 'unless-stopped':
      return true
    case 'on-failure':
      return exitCode !== 0 && (policy.MaximumRetryCount === 0 || restartCount < policy.MaximumRetryCount)
    default:
      return false
  }
}

/** Whether a container that is not running starts with the engine. */
export function startsWithEngine(
  policy: RestartPolicy,
  state: { readonly stoppedByUser: boolean; readonly wasStarted: boolean; readonly exitCode: number },
): boolean {
  if (!state.wasStarted) return false
  if (policy.Name === 'always') return true
  if (policy.Name === 'unless-stopped') return !state.stoppedByUser
  return policy.Name === 'on-failure' && !state.stoppedByUser && state.exitCode !== 0
}
