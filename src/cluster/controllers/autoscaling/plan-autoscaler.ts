/** Decides how many replicas an autoscaler's target should have, and what its status says (pkg/controller/podautoscaler, v1.36). */
import { horizontalPodAutoscalers } from '#clients/kubernetes/resources.table.ts'
import { tryParseQuantity } from '#base/data/quantity.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { withCondition } from '#kit/reconcile/conditions.ts'
import type { Action, EventText, Plan } from '#kit/reconcile/plan.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '#spec/kubernetes/objects/autoscaling-v2.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { FoundScale } from '../workloads/read-scale.ts'
import type { Tolerances } from './count-replicas.ts'
import { limitScaling, newMemory, type ScalingMemory, settleOrder } from './limit-scaling.ts'
import { type Proposal, proposeReplicas } from './propose-replicas.ts'
import type { Reading } from './read-metrics.ts'

/** Between two looks at the same autoscaler. */
export const periodMs = 15_000
const defaultTolerance = 0.1
const nanosPerUnit = 1e9

/** What is wrong with the selector of the target's pods. */
export interface SelectorProblem {
  readonly reason: string
  readonly event: string
  readonly condition: string
}

export interface AutoscalerObserved {
  readonly autoscaler: HorizontalPodAutoscaler
  /** The target's scale, or why it cannot be read. */
  readonly scale: FoundScale | { readonly problem: string }
  /** The target's pods; undefined where they were not needed. */
  readonly pods: readonly Pod[]
  readonly selectorProblem: SelectorProblem | undefined
  /** One for each metric. */
  readonly readings: readonly Reading[]
  readonly memory: ScalingMemory | undefined
  readonly nowMs: number
}

export interface AutoscalerPlan {
  readonly plan: Plan
  readonly memory: ScalingMemory | undefined
}

/** True when what is there already says how many there should be, without any metric. */
export function needsMetrics({ spec }: HorizontalPodAutoscaler, currentReplicas: number): boolean {
  return currentReplicas > 0 && currentReplicas <= spec.maxReplicas && currentReplicas >= (spec.minReplicas ?? 1)
}

/** One look at an autoscaler. */
export function planAutoscaler(observed: AutoscalerObserved): AutoscalerPlan {
  const { autoscaler, scale, memory, nowMs } = observed
  const conditions = new Conditions(autoscaler, nowMs)
  if ('problem' in scale) {
    const message = `the HPA controller was unable to get the target's current scale: ${scale.problem}`
    conditions.set('AbleToScale', 'False', { reason: 'FailedGetScale', message })
    const events = [warning('FailedGetScale', scale.problem)]
    return { plan: { ...statusPlan(observed, { ...autoscaler.status }, conditions), events }, memory }
  }
  const message = "the HPA controller was able to get the target's current scale"
  conditions.set('AbleToScale', 'True', { reason: 'SucceededGetScale', message })
  const current = scale.scale.spec?.replicas ?? 0
  const settled =
    memory === undefined ? newMemory(current, nowMs) : settleOrder(memory, current, autoscaler.spec.behavior)
  return planScale({ ...observed, scale, current, memory: settled, conditions })
}

interface Look extends AutoscalerObserved {
  readonly scale: FoundScale
  readonly current: number
  readonly memory: ScalingMemory
  readonly conditions: Conditions
}

function planScale(look: Look): AutoscalerPlan {
  const { autoscaler, current, conditions } = look
  const { maxReplicas, minReplicas = 1 } = autoscaler.spec
  if (needsMetrics(autoscaler, current)) return planByMetrics(look)
  const events: readonly EventText[] = []
  if (current === 0) {
    const message = 'scaling is disabled since the replica count of the target is zero'
    conditions.set('ScalingActive', 'False', { reason: 'ScalingDisabled', message })
    return finish(look, { desired: 0, why: '', metrics: [], events, memory: look.memory })
  }
  const why =
    current > maxReplicas
      ? 'Current number of replicas above Spec.MaxReplicas'
      : 'Current number of replicas below Spec.MinReplicas'
  const desired = current > maxReplicas ? maxReplicas : minReplicas
  return finish(look, { desired, why, metrics: [], events, memory: look.memory })
}

function planByMetrics(look: Look): AutoscalerPlan {
  const { autoscaler, current, conditions, memory, nowMs } = look
  const chosen = chooseReplicas(look)
  if ('failure' in chosen) {
    const { failure, metrics, events } = chosen
    const { desiredReplicas = 0 } = autoscaler.status ?? {}
    const status = statusOf(autoscaler, { currentReplicas: current, desiredReplicas, metrics })
    const told = [...events, warning('FailedComputeMetricsReplicas', failure)]
    return { plan: { ...statusPlan(look, status, conditions), events: told }, memory }
  }
  const { replicas, name, metrics, events } = chosen
  const rises = replicas > current ? `${replicas > 0 ? name : ''} above target` : ''
  const why = replicas < current ? 'All metrics below target' : rises
  const { minReplicas: least = 1, maxReplicas: most, behavior } = autoscaler.spec
  const limited = limitScaling({ current, desired: replicas, least, most, behavior, nowMs }, memory)
  conditions.set('AbleToScale', 'True', limited.able)
  conditions.set('ScalingLimited', limited.limited.isLimited ? 'True' : 'False', limited.limited)
  return finish(look, { desired: limited.desired, why, metrics, events, memory: limited.memory })
}

interface Chosen {
  readonly metrics: readonly MetricStatus[]
  readonly events: readonly EventText[]
}

/** The greatest number that a metric asks for. A metric that fails may keep the number from falling, never from rising. */
function chooseReplicas(
  look: Look,
): (Chosen & { readonly failure: string }) | (Chosen & { readonly replicas: number; readonly name: string }) {
  const { autoscaler, conditions, selectorProblem, current } = look
  if (selectorProblem !== undefined) {
    const { reason, event, condition } = selectorProblem
    conditions.set('ScalingActive', 'False', {
      reason: event === 'SelectorRequired' ? 'InvalidSelector' : event,
      message: condition,
    })
    return { failure: reason, metrics: [], events: [warning(event, reason)] }
  }
  const proposals = proposalsOf(look)
  const failed = proposals.filter((one) => 'told' in one)
  const events = failed.map(({ reason, message }) => warning(reason, message))
  const metrics = proposals.map((one): MetricStatus => ('status' in one ? one.status : { type: '' }))
  let best: { readonly replicas: number; readonly name: string } = { replicas: 0, name: '' }
  for (const one of proposals) if ('status' in one && (best.replicas === 0 || one.replicas > best.replicas)) best = one
  const [first] = failed
  if (first !== undefined && (failed.length >= proposals.length || best.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${first.message}`
    conditions.set('ScalingActive', 'False', { reason: first.reason, message })
    const count = `${failed.length} invalid out of ${(autoscaler.spec.metrics ?? []).length}`
    return { failure: `invalid metrics (${count}), first error is: ${first.told}`, metrics, events }
  }
  const message = `the HPA was able to successfully calculate a replica count from ${best.name}`
  conditions.set('ScalingActive', 'True', { reason: 'ValidMetricFound', message })
  return { replicas: best.replicas, name: best.name, metrics, events }
}

function proposalsOf({ autoscaler, scale, readings, pods, current, nowMs }: Look): readonly Proposal[] {
  const terms = {
    namespace: autoscaler.metadata.namespace ?? '',
    currentReplicas: current,
    statusReplicas: scale.scale.status?.replicas ?? 0,
    pods,
    tolerances: tolerancesOf(autoscaler),
    nowMs,
  }
  return (autoscaler.spec.metrics ?? []).map((metric, at) =>
    proposeReplicas(metric, readings[at] ?? { problem: 'not read' }, terms),
  )
}

function tolerancesOf({ spec: { behavior } }: HorizontalPodAutoscaler): Tolerances {
  const share = (text: string | undefined): number => {
    const quantity = text === undefined ? undefined : tryParseQuantity(text)
    return quantity === undefined ? defaultTolerance : Number(quantity.nanos) / nanosPerUnit
  }
  return { up: share(behavior?.scaleUp?.tolerance), down: share(behavior?.scaleDown?.tolerance) }
}

interface Outcome extends Chosen {
  readonly desired: number
  readonly why: string
  readonly memory: ScalingMemory
}

/** The order to the target, where its number changes, and the status. */
function finish(look: Look, { desired, why, metrics, events, memory }: Outcome): AutoscalerPlan {
  const { autoscaler, current, conditions, nowMs } = look
  if (desired === current) {
    const status = statusOf(autoscaler, { currentReplicas: current, desiredReplicas: current, metrics })
    return { plan: { ...statusPlan(look, status, conditions), events }, memory }
  }
  const failedConditions = conditions.copy()
  const message = `the HPA controller was able to update the target scale to ${desired}`
  conditions.set('AbleToScale', 'True', { reason: 'SucceededRescale', message })
  const status = {
    ...statusOf(autoscaler, { currentReplicas: current, desiredReplicas: desired, metrics }),
    lastScaleTime: apiTime(nowMs),
  }
  const planned = statusPlan(look, status, conditions)
  const kept = autoscaler.status?.desiredReplicas ?? 0
  const unchanged = statusOf(autoscaler, { currentReplicas: current, desiredReplicas: kept, metrics })
  return {
    plan: {
      ...planned,
      actions: [orderOf(look, desired, why)],
      status: {
        resource: horizontalPodAutoscalers,
        ...planned.status,
        afterFailure: (failure) => {
          const text = `the HPA controller was unable to update the target scale: ${failure.message}`
          failedConditions.set('AbleToScale', 'False', { reason: 'FailedUpdateScale', message: text })
          return { ...autoscaler, status: { ...unchanged, conditions: failedConditions.list } }
        },
      },
      events,
    },
    memory: { ...memory, ordered: { from: current, to: desired, atMs: nowMs } },
  }
}

function orderOf({ scale: { resource, scale }, autoscaler }: Look, desired: number, why: string): Action {
  // Without a version the order holds whatever else was changed meanwhile.
  const { resourceVersion: _, ...metadata } = scale.metadata
  const body = { ...scale, metadata, spec: { ...scale.spec, replicas: desired } }
  const { namespace } = autoscaler.metadata
  const { name } = autoscaler.spec.scaleTargetRef
  const told = `New size: ${desired}; reason: ${why}`
  return {
    do: 'update-subresource',
    resource,
    object: {
      apiVersion: autoscaler.spec.scaleTargetRef.apiVersion ?? '',
      kind: resource.kind,
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    },
    subresource: 'scale',
    body,
    told: {
      done: { type: 'Normal', reason: 'SuccessfulRescale', message: told },
      failed: warning('FailedRescale', `${told}; error: {error}`),
    },
  }
}

const warning = (reason: string, message: string): EventText => ({ type: 'Warning', reason, message })

function statusOf(
  { status }: HorizontalPodAutoscaler,
  of: { readonly currentReplicas: number; readonly desiredReplicas: number; readonly metrics: readonly MetricStatus[] },
): HorizontalPodAutoscalerStatus {
  const { currentReplicas, desiredReplicas, metrics } = of
  return {
    currentReplicas,
    desiredReplicas,
    ...(status?.lastScaleTime === undefined ? {} : { lastScaleTime: status.lastScaleTime }),
    ...(metrics.length === 0 ? {} : { currentMetrics: metrics }),
  }
}

function statusPlan(
  { autoscaler }: AutoscalerObserved,
  status: Partial<HorizontalPodAutoscalerStatus>,
  conditions: Conditions,
): Plan {
  const next = { desiredReplicas: 0, ...status, conditions: conditions.list }
  const isSame = equalValues(next, { desiredReplicas: 0, ...autoscaler.status })
  return {
    subject: autoscaler,
    status: {
      resource: horizontalPodAutoscalers,
      ...(isSame ? {} : { object: { ...autoscaler, status: next } }),
    },
    lookAgainAfterMs: periodMs,
  }
}

/** The conditions as they are set one after the other; a time changes only with its status. */
class Conditions {
  list: readonly HorizontalPodAutoscalerCondition[]
  readonly #nowMs: number

  constructor({ status }: Pick<HorizontalPodAutoscaler, 'status'>, nowMs: number) {
    this.list = status?.conditions ?? []
    this.#nowMs = nowMs
  }

  set(type: string, status: 'True' | 'False', why: { readonly reason: string; readonly message: string }): void {
    const { reason, message } = why
    this.list = withCondition(this.list, { type, status, lastTransitionTime: apiTime(this.#nowMs), reason, message })
  }

  copy(): Conditions {
    return new Conditions({ status: { desiredReplicas: 0, conditions: this.list } }, this.#nowMs)
  }
}
