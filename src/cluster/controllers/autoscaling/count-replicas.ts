/**
 * How many replicas a metric asks for: the ready pods' usage against the target, with pods that are not ready or have no
 * value counted so that they never make the decision bolder (pkg/controller/podautoscaler, v1.36). Pure.
 */
import { lastingContainers } from '#spec/kubernetes/pods/pod-containers.ts'
import { conditionOf } from '#kit/reconcile/conditions.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { isPodReady } from '../workloads/pod-state.ts'
import { milliOf, type PodValue, type PodValues, totalOf } from './metric-values.ts'

/** How long after its start a pod's CPU usage is believed only when it was measured while ready. */
const cpuInitializationMs = 300_000
/** A pod that turned unready within this time of its start has never been ready. */
const initialReadinessMs = 30_000
const replicasMax = 2_147_483_647

/** How far usage may be from the target before anything happens, as a share. */
export interface Tolerances {
  readonly up: number
  readonly down: number
}

export interface Counting {
  readonly currentReplicas: number
  /** The pods that the target selects. */
  readonly pods: readonly Pod[]
  readonly tolerances: Tolerances
  readonly nowMs: number
}

/** What a metric asks for, and what was measured. */
export interface Count {
  readonly replicas: number
  /** Average usage of a pod, in thousandths. */
  readonly usage: number
  /** Usage as percentage of what was requested. */
  readonly utilization?: number
}

/** A count, or why there is none. */
export type Counted = Count | string

const isWithin = (ratio: number, { up, down }: Tolerances): boolean => 1 - down <= ratio && ratio <= 1 + up

interface Groups {
  readonly ready: number
  readonly unready: ReadonlySet<string>
  readonly missing: ReadonlySet<string>
  readonly ignored: ReadonlySet<string>
}

function groupPods(values: PodValues, resource: string, { pods, nowMs }: Counting): Groups {
  const [unready, missing, ignored] = [new Set<string>(), new Set<string>(), new Set<string>()]
  let ready = 0
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata
    const phase = pod.status?.phase
    const value = values.get(name)
    if (deletionTimestamp !== undefined || phase === 'Failed') ignored.add(name)
    else if (phase === 'Pending') unready.add(name)
    else if (value === undefined) missing.add(name)
    else if (resource === 'cpu' && !isMeasuredReady(pod, value, nowMs)) unready.add(name)
    else ready++
  }
  return { ready, unready, missing, ignored }
}

/** False while a pod's CPU usage may still be that of its start. */
function isMeasuredReady(
  { status }: Pod,
  { timestampMs, windowMs }: { readonly timestampMs: number; readonly windowMs: number },
  nowMs: number,
): boolean {
  const condition = conditionOf(status?.conditions, 'Ready')
  const startMs = epochMsOf(status?.startTime)
  if (condition === undefined || startMs === undefined) return false
  const sinceMs = epochMsOf(condition.lastTransitionTime) ?? 0
  if (startMs + cpuInitializationMs > nowMs) return condition.status !== 'False' && timestampMs >= sinceMs + windowMs
  return !(condition.status === 'False' && startMs + initialReadinessMs > sinceMs)
}

/** Replicas that bring the average utilisation of what pods request to `target` percent. */
export function countByUtilization(
  values: PodValues,
  terms: { readonly resource: string; readonly container: string; readonly target: number },
  counting: Counting,
): Counted {
  const { resource, container, target } = terms
  if (counting.pods.length === 0) return noPods
  const groups = groupPods(values, resource, counting)
  const measured = without(values, groups)
  if (measured.size === 0) return noMetrics
  const requests = requestsOf(counting.pods, container, resource)
  if (typeof requests === 'string') return requests
  const known = utilizationOf(measured, requests)
  if (known === undefined) return 'no metrics returned matched known pods'
  const { utilization, usage } = known
  const replicas = replicasFor(measured, groups, {
    counting,
    ratioOf: (all) => (utilizationOf(all, requests)?.utilization ?? 0) / target,
    idle: (name) => ((requests.get(name) ?? 0) * Math.max(100, target)) / 100,
  })
  return { replicas, usage, utilization }
}

/** Replicas that bring the average value of the pods to `target` thousandths. */
export function countByAverage(
  values: PodValues,
  { resource, target }: { readonly resource: string; readonly target: number },
  counting: Counting,
): Counted {
  if (counting.pods.length === 0) return noPods
  const groups = groupPods(values, resource, counting)
  const measured = without(values, groups)
  if (measured.size === 0) return noMetrics
  const averageOf = (all: PodValues): number => Math.trunc(totalOf(all) / all.size)
  const replicas = replicasFor(measured, groups, {
    counting,
    ratioOf: (all) => averageOf(all) / target,
    idle: () => target,
  })
  return { replicas, usage: averageOf(measured) }
}

const noPods = 'no pods returned by selector while calculating replica count'
const noMetrics = 'did not receive metrics for targeted pods (pods might be unready)'

function without(values: PodValues, { ignored, unready }: Groups): PodValues {
  return new Map([...values].filter(([name]) => !ignored.has(name) && !unready.has(name)))
}

interface Weighing {
  readonly counting: Counting
  readonly ratioOf: (values: PodValues) => number
  /** What a pod without a value is taken to use when scaling down. */
  readonly idle: (name: string) => number
}

/** Pods without a value are taken to use their target when scaling down and nothing when scaling up. */
function replicasFor(measured: PodValues, groups: Groups, { counting, ratioOf, idle }: Weighing): number {
  const { currentReplicas, tolerances } = counting
  const ratio = ratioOf(measured)
  const growsWithUnready = groups.unready.size > 0 && ratio > 1
  if (!growsWithUnready && groups.missing.size === 0)
    return isWithin(ratio, tolerances) ? currentReplicas : bounded(ratio * groups.ready)
  const all = new Map(measured)
  if (ratio !== 1) assume(all, groups.missing, ratio < 1 ? idle : () => 0)
  if (growsWithUnready) assume(all, groups.unready, () => 0)
  const next = ratioOf(all)
  const replicas = bounded(next * all.size)
  const isSettled = isWithin(next, tolerances) || isOpposite(ratio - 1, next - 1)
  return isSettled || isOpposite(next - 1, replicas - currentReplicas) ? currentReplicas : replicas
}

const isOpposite = (a: number, b: number): boolean => (a < 0 && b > 0) || (a > 0 && b < 0)

function assume(values: Map<string, PodValue>, names: Iterable<string>, milliFor: (name: string) => number): void {
  for (const name of names) values.set(name, { milli: Math.trunc(milliFor(name)), timestampMs: 0, windowMs: 0 })
}

const bounded = (replicas: number): number => Math.min(replicasMax, Math.ceil(replicas))

function utilizationOf(
  values: PodValues,
  requests: ReadonlyMap<string, number>,
): { readonly utilization: number; readonly usage: number } | undefined {
  let [used, requested, count] = [0, 0, 0]
  for (const [name, { milli }] of values) {
    const request = requests.get(name)
    if (request === undefined) continue
    used += milli
    requested += request
    count++
  }
  if (requested === 0) return undefined
  return { utilization: Math.trunc((used * 100) / requested), usage: Math.trunc(used / count) }
}

/** What each pod requests of a resource, in thousandths, or which container requests none. */
function requestsOf(pods: readonly Pod[], container: string, resource: string): ReadonlyMap<string, number> | string {
  const requests = new Map<string, number>()
  for (const pod of pods) {
    const request = requestOf(pod, container, resource)
    if (typeof request === 'string') return request
    requests.set(pod.metadata.name, request)
  }
  return requests
}

function requestOf(pod: Pod, container: string, resource: string): number | string {
  const { name } = pod.metadata
  const whole = pod.spec.resources?.requests
  if (container === '' && whole !== undefined) {
    const request = whole[resource]
    return request === undefined ? `missing pod-level request for ${resource} in Pod ${name}` : milliOf(request)
  }
  const chosen = lastingContainers(pod.spec).filter((one) => container === '' || one.name === container)
  if (chosen.length === 0) return `container ${container} not found in Pod ${name}`
  const silent = chosen.find(({ resources }) => resources?.requests?.[resource] === undefined)
  if (silent !== undefined) return `missing request for ${resource} in container ${silent.name} of Pod ${name}`
  return chosen.reduce((sum, { resources }) => sum + milliOf(resources?.requests?.[resource]), 0)
}

/** Replicas that bring one value, in thousandths, to its target. */
export function countByValue(value: number, target: number, counting: Counting): Counted {
  const ratio = value / target
  const { currentReplicas, pods, tolerances } = counting
  if (currentReplicas === 0) return { replicas: bounded(ratio), usage: value }
  if (isWithin(ratio, tolerances)) return { replicas: currentReplicas, usage: value }
  if (pods.length === 0) return `unable to calculate ready pods: ${noPods}`
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length
  return { replicas: bounded(ratio * ready), usage: value }
}

/** Replicas that bring each one's share of a value to its target; both in thousandths. */
export function countByShare(
  value: number,
  target: number,
  { statusReplicas, tolerances }: { readonly statusReplicas: number; readonly tolerances: Tolerances },
): Count {
  const ratio = value / (target * statusReplicas)
  const replicas = isWithin(ratio, tolerances) ? statusReplicas : bounded(value / target)
  return { replicas, usage: statusReplicas === 0 ? value : Math.ceil(value / statusReplicas) }
}
