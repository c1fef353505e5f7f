/** The horizontal pod autoscaler: every 15 s it measures each target and sets the target's scale. */
import { horizontalPodAutoscalers, pods } from '#clients/kubernetes/resources.table.ts'
import { matchesSelector, parseSelector, type Requirement } from '#base/data/label-selector.ts'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { Lister } from '#kit/reconcile/informer.ts'
import { keyOf, splitKey } from '#kit/reconcile/object-key.ts'
import type { EventText, Plan } from '#kit/reconcile/plan.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { HorizontalPodAutoscaler } from '#spec/kubernetes/objects/autoscaling-v2.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { ControllerContext } from '../controller-context.ts'
import { type FoundScale, readScale } from '../workloads/read-scale.ts'
import { autoscalerMetrics } from './autoscaler-metrics.ts'
import type { ScalingMemory } from './limit-scaling.ts'
import {
  type AutoscalerObserved,
  type AutoscalerPlan,
  needsMetrics,
  periodMs,
  planAutoscaler,
  type SelectorProblem,
} from './plan-autoscaler.ts'
import { readMetric } from './read-metrics.ts'

/** What the controller keeps between two looks at an autoscaler. */
interface Kept {
  dueMs: number
  memory?: ScalingMemory | undefined
  /** Which pods the target selected when it was last looked at. */
  selector?: readonly Requirement[]
}

/** Starts the controller. */
export function startAutoscaler(context: ControllerContext): Controller {
  const autoscalers = context.informers.of(horizontalPodAutoscalers)
  const podCache = context.informers.of(pods)
  const kept = new Map<string, Kept>()
  const measure = context.metrics === undefined ? undefined : measureWith(context.metrics)
  return createController(context, {
    name: 'horizontalpodautoscaler',
    watches: [
      watch(autoscalers, ({ object, type }) => {
        const key = keyOf(object)
        if (type === 'deleted') kept.delete(key)
        return type === 'updated' ? [] : [key]
      }),
      watch(podCache, () => []),
    ],
    reconcile: async (key): Promise<Plan> => {
      const autoscaler = autoscalers.get(key)
      if (autoscaler === undefined) return {}
      const nowMs = context.clock.now()
      const entry = entryOf(kept, key, nowMs)
      if (nowMs < entry.dueMs) return { lookAgainAfterMs: entry.dueMs - nowMs }
      entry.dueMs = nowMs + periodMs
      const startMs = context.clock.monotonicMs()
      const observed = await observe(autoscaler, { context, podCache, kept })
      const planned = planAutoscaler({ ...observed, memory: entry.memory, nowMs })
      entry.memory = planned.memory
      measure?.(observed, planned, (context.clock.monotonicMs() - startMs) / 1000)
      return planned.plan
    },
  })
}

type Measure = (observed: Observed, planned: AutoscalerPlan, seconds: number) => void

/** Counts looks by what came of them. */
function measureWith(metrics: Metrics): Measure {
  const { reconciliations, reconciliationSeconds, computations } = autoscalerMetrics(metrics)
  return ({ autoscaler, readings }, planned, seconds) => {
    const labels = {
      action: actionOf(planned),
      error: planned.plan.events?.some(isWarning) === true ? 'internal' : 'none',
    }
    reconciliations.add(labels)
    reconciliationSeconds.observe(seconds, labels)
    for (const [at, reading] of readings.entries()) {
      const type = autoscaler.spec.metrics?.[at]?.type ?? ''
      computations.add({ error: 'problem' in reading ? 'internal' : 'none', metric_type: type })
    }
  }
}

const isWarning = ({ type }: EventText): boolean => type === 'Warning'

function actionOf({ memory }: AutoscalerPlan): string {
  const { ordered } = memory ?? {}
  if (ordered === undefined) return 'none'
  return ordered.to > ordered.from ? 'scale_up' : 'scale_down'
}

/** A new autoscaler is looked at only after a period: what it will measure has to begin first. */
function entryOf(kept: Map<string, Kept>, key: string, nowMs: number): Kept {
  const known = kept.get(key)
  if (known !== undefined) return known
  const entry = { dueMs: nowMs + periodMs }
  kept.set(key, entry)
  return entry
}

interface Seen {
  readonly context: ControllerContext
  readonly podCache: Lister<Pod>
  readonly kept: Map<string, Kept>
}

type Observed = Omit<AutoscalerObserved, 'memory' | 'nowMs'>

async function observe(autoscaler: HorizontalPodAutoscaler, seen: Seen): Promise<Observed> {
  const { client } = seen.context
  const { namespace = '' } = autoscaler.metadata
  const nothing = { autoscaler, pods: [], selectorProblem: undefined, readings: [] }
  const scale = await scaleOf(autoscaler, seen)
  if ('problem' in scale || !needsMetrics(autoscaler, scale.scale.spec?.replicas ?? 0)) return { ...nothing, scale }
  const text = scale.scale.status?.selector ?? ''
  const found = selectPods(text, autoscaler, seen)
  if ('problem' in found) return { ...nothing, scale, selectorProblem: found.problem }
  const terms = { namespace, pods: text }
  const metrics = autoscaler.spec.metrics ?? []
  const readings = await Promise.all(metrics.map((metric) => readMetric(client, metric, terms)))
  return { ...nothing, scale, pods: found.pods, readings }
}

async function scaleOf(
  { spec, metadata }: HorizontalPodAutoscaler,
  { context }: Seen,
): Promise<FoundScale | { readonly problem: string }> {
  const { apiVersion = 'v1', kind, name } = spec.scaleTargetRef
  if (apiVersion.split('/').length > 2) return { problem: `unexpected GroupVersion string: ${apiVersion}` }
  try {
    return await readScale(context.client, { apiVersion, kind }, { namespace: metadata.namespace ?? '', name })
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    return { problem: messageOf(error) }
  }
}

/** The target's pods, unless its selector is missing, broken, or shared with another autoscaler's target. */
function selectPods(
  text: string,
  autoscaler: HorizontalPodAutoscaler,
  { podCache, kept }: Seen,
): { readonly pods: readonly Pod[] } | { readonly problem: SelectorProblem } {
  if (text === '') {
    const condition = "the HPA target's scale is missing a selector"
    return { problem: { reason: 'selector is required', event: 'SelectorRequired', condition } }
  }
  const selector = parsedSelector(text)
  if (typeof selector === 'string') {
    const reason = `couldn't convert selector into a corresponding internal selector object: ${selector}`
    return { problem: { reason, event: 'InvalidSelector', condition: reason } }
  }
  const { namespace } = autoscaler.metadata
  const entry = kept.get(keyOf(autoscaler))
  if (entry !== undefined) entry.selector = selector
  const selected = podCache.list(namespace).filter((pod) => matchesSelector(selector, pod.metadata.labels))
  const sharing = [...kept].filter(
    ([key, other]) =>
      splitKey(key).namespace === namespace &&
      selected.some((pod) => other.selector !== undefined && matchesSelector(other.selector, pod.metadata.labels)),
  )
  if (sharing.length <= 1) return { pods: selected }
  const names = sharing.map(([key]) => `${namespace ?? ''}/${splitKey(key).name}`).toSorted()
  const reason = `pods by selector ${text} are controlled by multiple HPAs: [${names.join(' ')}]`
  return { problem: { reason, event: 'AmbiguousSelector', condition: reason } }
}

function parsedSelector(text: string): readonly Requirement[] | string {
  try {
    return parseSelector(text)
  } catch (error) {
    if (error instanceof GantryError) return error.message
    throw error
  }
}
