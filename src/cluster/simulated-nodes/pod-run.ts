/** One simulated pod through time: init containers one after the other, then all containers, at last the end. Pure. */
import { isSidecar } from '#spec/kubernetes/pods/pod-containers.ts'
import type { Container, ContainerStatus, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { advanceRun, type ContainerRun, endOf, newRun, type RunContext, stopRun } from './container-run.ts'
import type { Exit, PodBehaviour } from './pod-behaviour.ts'

export interface PodRun {
  readonly arrivedMs: number
  readonly init: readonly ContainerRun[]
  readonly containers: readonly ContainerRun[]
  /** When the pod was told to stop; undefined while it may run. */
  readonly stoppingMs: number | undefined
  /** Why the kubelet ended the pod itself. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined
}

/** A pod that has just come to its node. */
export function arrive(pod: Pod, nowMs: number): PodRun {
  return {
    arrivedMs: nowMs,
    init: (pod.spec.initContainers ?? []).map(({ name }) => newRun(name)),
    containers: pod.spec.containers.map(({ name }) => newRun(name)),
    stoppingMs: undefined,
    failure: undefined,
  }
}

/**
 * A pod that a kubelet finds when it starts (a fork of a cluster, a node that came back): taken over as its status says.
 * Whole seconds of the status are the best that is known.
 */
export function takeOver(pod: Pod, nowMs: number, msOf: (time: string | undefined) => number | undefined): PodRun {
  const fresh = arrive(pod, msOf(pod.status?.startTime) ?? nowMs)
  const statuses = new Map(
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].map((s) => [s.name, s]),
  )
  const restore = (run: ContainerRun): ContainerRun => restoreRun(run, statuses.get(run.name), { nowMs, msOf })
  return { ...fresh, init: fresh.init.map(restore), containers: fresh.containers.map(restore) }
}

function restoreRun(
  run: ContainerRun,
  status: ContainerStatus | undefined,
  { nowMs, msOf }: { readonly nowMs: number; readonly msOf: (time: string | undefined) => number | undefined },
): ContainerRun {
  if (status === undefined) return run
  const common = { ...run, restarts: status.restartCount }
  const { running, terminated, waiting } = status.state ?? {}
  if (running !== undefined) return { ...common, state: { is: 'running', startedMs: msOf(running.startedAt) ?? nowMs } }
  if (terminated !== undefined) {
    const { startedAt, finishedAt, exitCode, reason = '' } = terminated
    const at = { startedMs: msOf(startedAt) ?? nowMs, finishedMs: msOf(finishedAt) ?? nowMs }
    return { ...common, state: { is: 'terminated', ...at, exitCode, reason } }
  }
  return { ...common, state: waitingState(waiting, nowMs) }
}

function waitingState(
  waiting: { readonly reason?: string; readonly message?: string } = {},
  nowMs: number,
): ContainerRun['state'] {
  const { reason = 'ContainerCreating', message = '' } = waiting
  const untilMs = reason === 'CrashLoopBackOff' ? nowMs + 10_000 : Infinity
  return { is: 'waiting', untilMs, reason, message }
}

export interface Advance {
  readonly pod: Pod
  readonly behaviour: PodBehaviour
  readonly nowMs: number
}

const isOver = ({ state }: ContainerRun): boolean => state.is === 'terminated'

/** True when no container will run again. */
export function isFinished(run: PodRun, pod: Pod): boolean {
  if (run.failure !== undefined) return true
  const policy = pod.spec.restartPolicy ?? 'Always'
  const hasFailedInit = run.init.some(({ state }) => state.is === 'terminated' && state.exitCode !== 0)
  if (hasFailedInit && policy === 'Never') return true
  if (policy === 'Always') return false
  return run.containers.every(({ state }) => state.is === 'terminated' && (policy === 'Never' || state.exitCode === 0))
}

/** The pod at `nowMs`. Calling it again at the same time changes nothing. */
export function advance(run: PodRun, at: Advance): PodRun {
  const { pod, nowMs } = at
  let next = run
  if (next.stoppingMs === undefined && pod.metadata.deletionTimestamp !== undefined)
    next = { ...next, stoppingMs: nowMs }
  if (next.stoppingMs !== undefined) return stopWhenDue(next, at)
  const deadline = pod.spec.activeDeadlineSeconds
  if (deadline !== undefined && nowMs >= next.arrivedMs + deadline * 1000 && !isFinished(next, pod)) {
    const message = 'Pod was active on the node longer than the specified deadline'
    return stopAll({ ...next, failure: { reason: 'DeadlineExceeded', message } }, nowMs, 137)
  }
  if (isFinished(next, pod)) return stopSidecars(next, nowMs)
  next = { ...next, init: advanceInit(next, at) }
  if (!isInitialized(next, pod)) return next
  const readyMs = next.init.length === 0 ? next.arrivedMs + at.behaviour.startMs : nowMs
  const containers = next.containers.map((each, index) =>
    advanceOne(due(each, readyMs), pod.spec.containers[index] as Container, at),
  )
  return stopSidecarsWhenDone({ ...next, containers }, pod, nowMs)
}

/** A container whose turn has come: the first start has a time now. */
function due(run: ContainerRun, atMs: number): ContainerRun {
  return run.state.is === 'waiting' && run.state.untilMs === Infinity
    ? { ...run, state: { ...run.state, untilMs: atMs } }
    : run
}

/** Advances through as many states as have come due. */
function advanceOne(run: ContainerRun, container: Container, at: Advance): ContainerRun {
  let current = run
  for (;;) {
    const next = advanceRun(current, contextOf(current, container, at))
    if (next === current) return current
    current = next
  }
}

function contextOf(run: ContainerRun, container: Container, { pod, behaviour, nowMs }: Advance): RunContext {
  const isInit = (pod.spec.initContainers ?? []).includes(container)
  const policy = isSidecar(container) ? 'Always' : (pod.spec.restartPolicy ?? 'Always')
  return {
    container,
    behaviour,
    exit: exitOf(run, container, { behaviour, isInit }),
    nowMs,
    restarts: (code) =>
      (policy === 'Always' && (!isInit || isSidecar(container))) || (policy !== 'Never' && code !== 0),
    podName: `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`,
  }
}

function exitOf(
  run: ContainerRun,
  container: Container,
  { behaviour, isInit }: { readonly behaviour: PodBehaviour; readonly isInit: boolean },
): Exit | null {
  if (isInit) return isSidecar(container) ? null : { afterMs: behaviour.initMs, code: 0 }
  const later = run.restarts === 0 ? undefined : behaviour.laterExits[run.restarts - 1]
  return later === undefined ? behaviour.exit : later
}

function advanceInit(run: PodRun, at: Advance): readonly ContainerRun[] {
  const done: ContainerRun[] = []
  let startsMs: number | undefined = run.arrivedMs + at.behaviour.startMs
  for (const [index, each] of run.init.entries()) {
    const container = (at.pod.spec.initContainers ?? [])[index] as Container
    if (startsMs === undefined) {
      done.push(each)
      continue
    }
    const next = advanceOne(due(each, startsMs), container, at)
    done.push(next)
    startsMs = nextStart(next, container, at.nowMs)
  }
  return done
}

/** When the container after this one may start; undefined: not yet. */
function nextStart({ state }: ContainerRun, container: Container, nowMs: number): number | undefined {
  if (isSidecar(container)) return state.is === 'running' ? nowMs : undefined
  return state.is === 'terminated' && state.exitCode === 0 ? nowMs : undefined
}

/** True when all init containers have done their work and all sidecars run. */
export function isInitialized(run: PodRun, pod: Pod): boolean {
  return run.init.every(({ state }, index) => {
    const container = pod.spec.initContainers?.[index]
    if (container !== undefined && isSidecar(container)) return state.is === 'running' || run.containers.every(isOver)
    return state.is === 'terminated' && state.exitCode === 0
  })
}

function stopSidecarsWhenDone(run: PodRun, pod: Pod, nowMs: number): PodRun {
  return isFinished(run, pod) ? stopSidecars(run, nowMs) : run
}

function stopSidecars(run: PodRun, nowMs: number): PodRun {
  if (run.init.every(isOver)) return run
  return { ...run, init: run.init.map((each) => (each.state.is === 'running' ? stopRun(each, nowMs, 0) : each)) }
}

function stopAll(run: PodRun, nowMs: number, exitCode: number): PodRun {
  const stop = (each: ContainerRun): ContainerRun => stopRun(each, nowMs, exitCode)
  return { ...run, init: run.init.map(stop), containers: run.containers.map(stop) }
}

/** How long the pod takes to stop: its own time, at most its grace. */
function stopTime({ pod, behaviour }: Pick<Advance, 'pod' | 'behaviour'>): {
  readonly ms: number
  readonly isKilled: boolean
} {
  const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30) * 1000
  return behaviour.stopMs > graceMs ? { ms: graceMs, isKilled: true } : { ms: behaviour.stopMs, isKilled: false }
}

function stopWhenDue(run: PodRun, at: Advance): PodRun {
  const { ms, isKilled } = stopTime(at)
  if (at.nowMs < (run.stoppingMs ?? at.nowMs) + ms) return run
  return stopAll(run, at.nowMs, isKilled ? 137 : 0)
}

/** True when everything has ended that was told to stop: the pod can be removed. */
export function isStopped(run: PodRun): boolean {
  return run.stoppingMs !== undefined && [...run.init, ...run.containers].every(isOver)
}

/** When time alone will change the pod next, after `nowMs`; undefined when it will not. */
export function nextChangeMs(run: PodRun, at: Advance): number | undefined {
  const times: number[] = []
  if (run.stoppingMs !== undefined) return isStopped(run) ? undefined : run.stoppingMs + stopTime(at).ms
  if (isFinished(run, at.pod)) return undefined
  const { activeDeadlineSeconds } = at.pod.spec
  if (activeDeadlineSeconds !== undefined) times.push(run.arrivedMs + activeDeadlineSeconds * 1000)
  const consider = (each: ContainerRun, container: Container): void => {
    if (each.state.is === 'waiting' && each.state.untilMs !== Infinity) times.push(each.state.untilMs)
    if (each.state.is !== 'running') return
    const { startedMs } = each.state
    const end = endOf(startedMs, contextOf(each, container, at))
    if (end !== undefined) times.push(end.atMs)
    const readyMs = readyAt(container, startedMs, at.behaviour)
    if (readyMs !== undefined) times.push(readyMs)
  }
  for (const [index, each] of run.init.entries()) consider(each, (at.pod.spec.initContainers ?? [])[index] as Container)
  for (const [index, each] of run.containers.entries()) consider(each, at.pod.spec.containers[index] as Container)
  const isUnborn = [...run.init, ...run.containers].every(
    ({ state }) => state.is === 'waiting' && state.untilMs === Infinity,
  )
  if (isUnborn) times.push(run.arrivedMs + at.behaviour.startMs)
  const ahead = times.filter((time) => time > at.nowMs)
  return ahead.length === 0 ? undefined : ahead.reduce((a, b) => Math.min(a, b))
}

/** When a running container becomes ready; undefined: never. */
export function readyAt(container: Container, startedMs: number, { readyAfterMs }: PodBehaviour): number | undefined {
  const probe = container.readinessProbe
  if (probe === undefined) return startedMs
  return readyAfterMs === null ? undefined : startedMs + (probe.initialDelaySeconds ?? 0) * 1000 + readyAfterMs
}
