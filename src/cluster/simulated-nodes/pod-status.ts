/** A simulated pod's status as a kubelet (v1.36) reports it: phase, conditions, containers, addresses. Pure. */
import { withCondition } from '#kit/reconcile/conditions.ts'
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
  readonly podIp: string
  /** Milliseconds of the run to the API's text. */
  readonly timeOf: (ms: number) => string
}

/** The whole status. */
export function podStatus(run: PodRun, input: StatusInput): PodStatus {
  const { pod, hostIp, podIp, timeOf } = input
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
    ...(run.failure ?? {}),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(hasNetwork ? { podIP: podIp, podIPs: [{ ip: podIp }] } : {}),
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

function conditionsOf(run: PodRun, { input, containers, phase }: Shown): readonly PodCondition[] {
  const { pod } = input
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name)
  const names = unready.join(' ')
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  const why = isOver
    ? { reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${names}]` }
  const containersReady = unready.length === 0 && !isOver
  const missingGate = (pod.spec.readinessGates ?? []).find(
    ({ conditionType }) =>
      !pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  )
  const gateWhy = {
    reason: 'ReadinessGatesNotReady',
    message: `corresponding condition of pod readiness gate "${missingGate?.conditionType ?? ''}" does not exist.`,
  }
  const isReady = containersReady && missingGate === undefined
  const isInit = isInitialized(run, pod) || (isOver && run.failure === undefined)
  const wanted: readonly (readonly [string, boolean, { readonly reason?: string; readonly message?: string }])[] = [
    ['PodReadyToStartContainers', hasStarted(run) && !(isOver && run.stoppingMs !== undefined), {}],
    [
      'Initialized',
      isInit,
      isOver && isInit && phase === 'Succeeded' ? { reason: 'PodCompleted' } : isInit ? {} : initWhy(run),
    ],
    ['Ready', isReady, isReady ? {} : containersReady ? gateWhy : why],
    ['ContainersReady', containersReady, containersReady ? {} : why],
    ['PodScheduled', true, {}],
  ]
  let conditions = pod.status?.conditions
  for (const [type, isTrue, reason] of wanted) {
    conditions = withCondition(conditions, {
      type,
      status: isTrue ? 'True' : 'False',
      ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
      lastTransitionTime: input.timeOf(input.nowMs),
      ...reason,
    })
  }
  return conditions ?? []
}

function initWhy({ init }: PodRun): { readonly reason: string; readonly message: string } {
  const names = init.filter(({ state }) => state.is !== 'terminated' || state.exitCode !== 0).map(({ name }) => name)
  return { reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${names.join(' ')}]` }
}
