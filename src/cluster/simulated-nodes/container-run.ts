/**
 * One simulated container through time:
 *
 *   waiting ── its turn ──▶ running ── exit, failed probe ──▶ terminated ── policy says again ──▶ waiting (back-off)
 *      └─ image missing: ErrImagePull, then ImagePullBackOff
 */
import type { Container, ContainerState, ContainerStatus } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Exit, PodBehaviour } from './pod-behaviour.ts'

export interface Ended {
  readonly startedMs: number
  readonly finishedMs: number
  readonly exitCode: number
  readonly reason: string
}

export type RunState =
  | { readonly is: 'waiting'; readonly untilMs: number; readonly reason: string; readonly message: string }
  | { readonly is: 'running'; readonly startedMs: number }
  | ({ readonly is: 'terminated' } & Ended)

export interface ContainerRun {
  readonly name: string
  readonly state: RunState
  readonly last: Ended | undefined
  readonly restarts: number
  /** Attempts to pull that failed. */
  readonly pulls: number
}

const backoffFirstMs = 10_000
const backoffMostMs = 300_000
/** Running longer than this forgives earlier failures. */
const forgivenAfterMs = 600_000

/** A container that has not been looked at yet. */
export function newRun(name: string): ContainerRun {
  return {
    name,
    state: { is: 'waiting', untilMs: Infinity, reason: 'ContainerCreating', message: '' },
    last: undefined,
    restarts: 0,
    pulls: 0,
  }
}

/** The back-off before a start, after so many restarts (kubelet: 10 s doubling to 5 min). */
export function backoffMs(restarts: number): number {
  return Math.min(backoffMostMs, backoffFirstMs * 2 ** Math.min(restarts, 10))
}

export interface RunContext {
  readonly container: Container
  readonly behaviour: PodBehaviour
  readonly exit: Exit | null
  readonly nowMs: number
  /** Whether the container starts again after an end with this code. */
  readonly restarts: (exitCode: number) => boolean
  /** `name_namespace(uid)`, as messages name the pod. */
  readonly podName: string
}

/** The container at `nowMs`, as far as time alone brings it. */
export function advanceRun(run: ContainerRun, context: RunContext): ContainerRun {
  const { state } = run
  switch (state.is) {
    case 'waiting':
      return state.untilMs > context.nowMs ? run : start(run, context)
    case 'running':
      return endIfDue(run, state.startedMs, context)
    case 'terminated':
      return context.restarts(state.exitCode) ? restart(run, state, context) : run
  }
}

function start(run: ContainerRun, { container, behaviour, nowMs }: RunContext): ContainerRun {
  const image = container.image ?? ''
  if (behaviour.missingImages.includes(image)) {
    const isFirst = run.pulls % 2 === 0
    const waitMs = isFirst ? 1000 : backoffMs(run.pulls >> 1)
    const message = isFirst
      ? `failed to pull and unpack image "${image}": not found`
      : `Back-off pulling image "${image}"`
    const reason = isFirst ? 'ErrImagePull' : 'ImagePullBackOff'
    return { ...run, pulls: run.pulls + 1, state: { is: 'waiting', untilMs: nowMs + waitMs, reason, message } }
  }
  return { ...run, state: { is: 'running', startedMs: nowMs } }
}

/** When a running container ends by itself or by a failing probe. */
export function endOf(
  startedMs: number,
  { container, behaviour, exit }: Pick<RunContext, 'container' | 'behaviour' | 'exit'>,
): (Exit & { readonly atMs: number }) | undefined {
  const own = exit === null ? undefined : { ...exit, atMs: startedMs + exit.afterMs }
  const probed = container.livenessProbe !== undefined && behaviour.livenessFailsAfterMs !== null
  const killed = probed
    ? { afterMs: 0, code: 137, reason: 'Error', atMs: startedMs + (behaviour.livenessFailsAfterMs ?? 0) }
    : undefined
  if (own === undefined || killed === undefined) return own ?? killed
  return own.atMs <= killed.atMs ? own : killed
}

function endIfDue(run: ContainerRun, startedMs: number, context: RunContext): ContainerRun {
  const end = endOf(startedMs, context)
  if (end === undefined || end.atMs > context.nowMs) return run
  const reason = end.reason ?? (end.code === 0 ? 'Completed' : 'Error')
  return { ...run, state: { is: 'terminated', startedMs, finishedMs: context.nowMs, exitCode: end.code, reason } }
}

/** Ends a running container by force of the kubelet. */
export function stopRun(run: ContainerRun, nowMs: number, exitCode: number): ContainerRun {
  if (run.state.is === 'terminated') return run
  const startedMs = run.state.is === 'running' ? run.state.startedMs : nowMs
  const reason = exitCode === 0 ? 'Completed' : 'Error'
  return { ...run, state: { is: 'terminated', startedMs, finishedMs: nowMs, exitCode, reason } }
}

function restart(run: ContainerRun, ended: Ended, { container, podName }: RunContext): ContainerRun {
  const isForgiven = ended.finishedMs - ended.startedMs >= forgivenAfterMs
  const waitMs = run.restarts === 0 || isForgiven ? 0 : backoffMs(run.restarts - 1)
  const message = `back-off ${describeWait(waitMs)} restarting failed container=${container.name} pod=${podName}`
  return {
    ...run,
    last: ended,
    restarts: run.restarts + 1,
    state: { is: 'waiting', untilMs: ended.finishedMs + waitMs, reason: 'CrashLoopBackOff', message },
  }
}

function describeWait(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.trunc(seconds / 60)}m${seconds % 60}s`
}

export interface StatusContext {
  readonly container: Container
  readonly uid: string
  readonly timeOf: (ms: number) => string
  readonly isReady: boolean
  readonly isStarted: boolean
}

/** The container as the pod's status shows it. */
export function statusOfRun(run: ContainerRun, context: StatusContext): ContainerStatus {
  const { container, uid, timeOf, isReady, isStarted } = context
  const hasRun = run.state.is !== 'waiting' || run.last !== undefined
  const idOf = (restarts: number): string => `sim://${uid}/${run.name}/${restarts}`
  const state = stateOf(run.state, timeOf, idOf(run.restarts))
  const lastState = run.last === undefined ? {} : { terminated: terminated(run.last, timeOf, idOf(run.restarts - 1)) }
  const requests = container.resources?.requests
  return {
    name: run.name,
    state,
    lastState,
    ready: isReady,
    restartCount: run.restarts,
    image: container.image ?? '',
    imageID: hasRun ? `sim://image/${container.image ?? ''}` : '',
    ...(hasRun ? { containerID: idOf(run.state.is === 'waiting' ? run.restarts - 1 : run.restarts) } : {}),
    started: isStarted,
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    ...(container.resources === undefined ? {} : { resources: container.resources }),
  }
}

function stateOf(state: RunState, timeOf: (ms: number) => string, id: string): ContainerState {
  switch (state.is) {
    case 'waiting':
      return { waiting: { reason: state.reason, ...(state.message === '' ? {} : { message: state.message }) } }
    case 'running':
      return { running: { startedAt: timeOf(state.startedMs) } }
    case 'terminated':
      return { terminated: terminated(state, timeOf, id) }
  }
}

function terminated(
  { exitCode, reason, startedMs, finishedMs }: Ended,
  timeOf: (ms: number) => string,
  containerID: string,
): NonNullable<ContainerState['terminated']> {
  return { exitCode, reason, startedAt: timeOf(startedMs), finishedAt: timeOf(finishedMs), containerID }
}
