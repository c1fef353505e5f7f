/** A simulated pod's status as a kubelet (v1.36) reports it: phase, conditions, containers, addresses. Pure. */
import { isConditionTrue, withCondition } from '#kit/reconcile/conditions.ts'
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type ContainerRun, statusOfRun } from './container-run.ts'
import type { PodBehaviour } from './pod-behaviour.ts'
import { isFinished, isInitialized, type PodRun, readyAt } from './pod-run.ts'

export interface StatusInput {
  readonly pod: Pod
  readonly behaviour: PodBehaviour
  readonly nowMs: number
  readonly hostIp: string
  /** The first family's first. */
  readonly podIps: readonly string[]
  /** Milliseconds of the run to the API's text. */
  readonly timeOf: (ms: number) => string
}

/** The whole status. */
export function podStatus(run: PodRun, input: StatusInput): PodStatus {
  const { pod, hostIp, podIps, timeOf } = input
  const containers = run.containers.map((each, index) =>
    show(each, pod.spec.containers[index] as Container, { run, input }),
  )
  const init = run.init.map((each, index) =>
    show(each, (pod.spec.initContainers ?? [])[index] as Container, { run, input }),
  )
  const phase = phaseOf(run, pod)
  const hasNetwork = hasStarted(run)
  return {
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: conditionsOf(run, { input, containers, phase }),
    ...run.failure,
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(hasNetwork ? { podIP: podIps[0] ?? '', podIPs: podIps.map((ip) => ({ ip })) } : {}),
    startTime: timeOf(run.arrivedMs),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: containers,
  }
}

function hasStarted({ init, containers }: PodRun): boolean {
  return [...init, ...containers].some(({ state, last }) => state.is !== 'waiting' || last !== undefined)
}

function show(
  each: ContainerRun,
  container: Container,
  { run, input }: { readonly run: PodRun; readonly input: StatusInput },
): ContainerStatus {
  const { pod, behaviour, nowMs, timeOf } = input
  const isRunning = each.state.is === 'running'
  const readyMs = each.state.is === 'running' ? readyAt(container, each.state.startedMs, behaviour) : undefined
  const isInit = (pod.spec.initContainers ?? []).includes(container)
  const hasDone = isInit && each.state.is === 'terminated' && each.state.exitCode === 0
  const status = statusOfRun(each, {
    container,
    uid: pod.metadata.uid ?? '',
    timeOf,
    isReady: hasDone || (readyMs !== undefined && readyMs <= nowMs),
    isStarted: isRunning,
  })
  const isBlocked = !isInit && !isInitialized(run, pod) && each.state.is === 'waiting' && each.last === undefined
  return isBlocked ? { ...status, state: { waiting: { reason: 'PodInitializing' } } } : status
}

function phaseOf(run: PodRun, pod: Pod): NonNullable<PodStatus['phase']> {
  if (run.failure !== undefined) return 'Failed'
  const isOver = isFinished(run, pod) || run.containers.every(({ state }) => state.is === 'terminated')
  if (isOver && (run.stoppingMs !== undefined || isFinished(run, pod))) {
    const all = [...run.init, ...run.containers]
    return all.some(({ state }) => state.is === 'terminated' && state.exitCode !== 0) ? 'Failed' : 'Succeeded'
  }
  if (!isInitialized(run, pod)) return 'Pending'
  const allWereStarted = run.containers.every(({ state, last }) => state.is !== 'waiting' || last !== undefined)
  return allWereStarted ? 'Running' : 'Pending'
}

interface Shown {
  readonly input: StatusInput
  readonly containers: readonly ContainerStatus[]
  readonly phase: string
}

interface Why {
  readonly reason?: string
  readonly message?: string
}
type Told = readonly [type: string, isTrue: boolean, why: Why]

function conditionsOf(run: PodRun, { input, containers, phase }: Shown): readonly PodCondition[] {
  const { pod, nowMs, timeOf } = input
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  const told: readonly Told[] = [
    ['PodReadyToStartContainers', hasStarted(run) && !(isOver && run.stoppingMs !== undefined), {}],
    initializedCondition(run, { pod, phase, isOver }),
    ...readyConditions(pod, { containers, phase, isOver }),
    ['PodScheduled', true, {}],
  ]
  const { generation } = pod.metadata
  const lastTransitionTime = timeOf(nowMs)
  return told.reduce<readonly PodCondition[]>(
    (conditions, [type, isTrue, why]) =>
      withCondition(conditions, {
        type,
        status: isTrue ? 'True' : 'False',
        ...(generation === undefined ? {} : { observedGeneration: generation }),
        lastTransitionTime,
        ...why,
      }),
    pod.status?.conditions ?? [],
  )
}

function initializedCondition(
  run: PodRun,
  { pod, phase, isOver }: { readonly pod: Pod; readonly phase: string; readonly isOver: boolean },
): Told {
  const isInit = isInitialized(run, pod) || (isOver && run.failure === undefined)
  if (!isInit) return ['Initialized', false, initWhy(run)]
  return ['Initialized', true, phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}]
}

/** Ready and ContainersReady. */
function readyConditions(
  pod: Pod,
  {
    containers,
    phase,
    isOver,
  }: { readonly containers: readonly ContainerStatus[]; readonly phase: string; readonly isOver: boolean },
): readonly Told[] {
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name)
  if (isOver || unready.length > 0) {
    const over = { reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted' }
    const waiting = { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` }
    const why = isOver ? over : waiting
    return [
      ['Ready', false, why],
      ['ContainersReady', false, why],
    ]
  }
  const missing = (pod.spec.readinessGates ?? []).find(
    ({ conditionType }) => !isConditionTrue(pod.status?.conditions, conditionType),
  )
  const gateWhy = (type: string): Why => ({
    reason: 'ReadinessGatesNotReady',
    message: `corresponding condition of pod readiness gate "${type}" does not exist.`,
  })
  return [
    ['Ready', missing === undefined, missing === undefined ? {} : gateWhy(missing.conditionType)],
    ['ContainersReady', true, {}],
  ]
}

function initWhy({ init }: PodRun): { readonly reason: string; readonly message: string } {
  const names = init.filter(({ state }) => state.is !== 'terminated' || state.exitCode !== 0).map(({ name }) => name)
  return { reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${names.join(' ')}]` }
}
