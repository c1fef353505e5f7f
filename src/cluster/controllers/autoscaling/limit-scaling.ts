/**
 * What becomes of a wanted number of replicas before it is written: steadied by recent recommendations, slowed by the
 * policies, kept between the bounds (pkg/controller/podautoscaler, v1.36). Pure: the memory goes in and comes out.
 */
import type {
  HPAScalingRules,
  HorizontalPodAutoscalerBehavior,
} from '#spec/kubernetes/objects/autoscaling-v2.generated.ts'

/** Scaling down waits this long for a higher recommendation, unless the autoscaler says otherwise. */
const steadyDownSeconds = 300

interface Recommendation {
  readonly replicas: number
  readonly atMs: number
}

interface ScaleChange {
  readonly change: number
  readonly atMs: number
}

/** What the controller remembers of one autoscaler. */
export interface ScalingMemory {
  readonly recommendations: readonly Recommendation[]
  readonly ups: readonly ScaleChange[]
  readonly downs: readonly ScaleChange[]
  /** A change that was ordered and not seen yet. */
  readonly ordered?: { readonly from: number; readonly to: number; readonly atMs: number }
}

export interface Wanted {
  readonly current: number
  readonly desired: number
  readonly least: number
  readonly most: number
  readonly behavior: HorizontalPodAutoscalerBehavior | undefined
  readonly nowMs: number
}

/** A number, and why it is what it is: two conditions' reasons and messages. */
export interface Limited {
  readonly desired: number
  readonly able: Reason
  readonly limited: Reason & { readonly isLimited: boolean }
  readonly memory: ScalingMemory
}

interface Reason {
  readonly reason: string
  readonly message: string
}

/** The memory of an autoscaler that is new: what is there now counts as recommended. */
export function newMemory(replicas: number, nowMs: number): ScalingMemory {
  return { recommendations: [{ replicas, atMs: nowMs }], ups: [], downs: [] }
}

/** The memory once it is known whether the last order was carried out. */
export function settleOrder(memory: ScalingMemory, current: number, behavior: Wanted['behavior']): ScalingMemory {
  const { ordered, ...rest } = memory
  if (ordered === undefined || current === ordered.from || behavior === undefined) return rest
  const { from, to, atMs } = ordered
  const isUp = to > from
  const rules = rulesOf(behavior, isUp ? 'up' : 'down')
  const longestMs = Math.max(0, ...rules.policies.map(({ periodSeconds }) => periodSeconds)) * 1000
  const kept = (isUp ? rest.ups : rest.downs).filter((one) => one.atMs >= atMs - longestMs)
  const changes = [...kept, { change: Math.abs(to - from), atMs }]
  return isUp ? { ...rest, ups: changes } : { ...rest, downs: changes }
}

/** Takes the wanted number through all limits. */
export function limitScaling(wanted: Wanted, memory: ScalingMemory): Limited {
  const steadied = wanted.behavior === undefined ? steadyDown(wanted, memory) : steadyBoth(wanted, memory)
  const able = steadied.replicas === wanted.desired ? ready : steadied.why
  const bounded = { ...wanted, desired: steadied.replicas }
  const result = wanted.behavior === undefined ? limitPlainly(bounded) : limitByPolicies(bounded, memory)
  return {
    desired: result.replicas,
    able,
    limited: { ...result.why, isLimited: result.replicas !== steadied.replicas },
    memory: { ...memory, recommendations: steadied.recommendations },
  }
}

const ready: Reason = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const downSteadied: Reason = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const upSteadied: Reason = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}

interface Steadied {
  readonly replicas: number
  readonly why: Reason
  readonly recommendations: readonly Recommendation[]
}

function steadyDown({ desired, nowMs }: Wanted, { recommendations }: ScalingMemory): Steadied {
  const recent = recommendations.filter(({ atMs }) => atMs >= nowMs - steadyDownSeconds * 1000)
  const replicas = Math.max(desired, ...recent.map((one) => one.replicas))
  return { replicas, why: downSteadied, recommendations: [...recent, { replicas: desired, atMs: nowMs }] }
}

function steadyBoth({ current, desired, behavior, nowMs }: Wanted, { recommendations }: ScalingMemory): Steadied {
  const cutoff = (direction: 'up' | 'down'): number => nowMs - rulesOf(behavior, direction).steadySeconds * 1000
  const [upMs, downMs] = [cutoff('up'), cutoff('down')]
  const since = (ms: number): readonly number[] =>
    recommendations.filter(({ atMs }) => atMs > ms).map(({ replicas }) => replicas)
  const lowest = Math.min(desired, ...since(upMs))
  const highest = Math.max(desired, ...since(downMs))
  const replicas = Math.min(Math.max(current, lowest), highest)
  const kept = recommendations.filter(({ atMs }) => atMs >= Math.min(upMs, downMs))
  return {
    replicas,
    why: desired >= current ? upSteadied : downSteadied,
    recommendations: [...kept, { replicas: desired, atMs: nowMs }],
  }
}

interface Rules {
  readonly steadySeconds: number
  readonly select: string
  readonly policies: NonNullable<HPAScalingRules['policies']>
}

/** The rules of a direction with the API's defaults where one was left out. */
function rulesOf(behavior: Wanted['behavior'], direction: 'up' | 'down'): Rules {
  const isUp = direction === 'up'
  const rules = isUp ? behavior?.scaleUp : behavior?.scaleDown
  const percent = { type: 'Percent', value: 100, periodSeconds: 15 }
  return {
    steadySeconds: rules?.stabilizationWindowSeconds ?? (isUp ? 0 : steadyDownSeconds),
    select: rules?.selectPolicy ?? 'Max',
    policies: rules?.policies ?? (isUp ? [percent, { type: 'Pods', value: 4, periodSeconds: 15 }] : [percent]),
  }
}

interface Bounded {
  readonly replicas: number
  readonly why: Reason
}

const within: Reason = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
}
const tooFew: Reason = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}
const tooMany: Reason = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const tooFastUp: Reason = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const tooFastDown: Reason = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}

/** Without policies: at most twice as many at once, or four. */
function limitPlainly({ current, desired, least, most }: Wanted): Bounded {
  const fastest = Math.max(2 * current, 4)
  const highest = Math.min(most, fastest)
  if (desired < least) return { replicas: least, why: tooFew }
  if (desired > highest) return { replicas: highest, why: most > fastest ? tooFastUp : tooMany }
  return { replicas: desired, why: within }
}

function limitByPolicies(wanted: Wanted, memory: ScalingMemory): Bounded {
  const { current, desired, least, most } = wanted
  if (desired > current) {
    const fastest = Math.max(current, policyLimit(wanted, memory, 'up'))
    const highest = Math.min(most, fastest)
    if (desired > highest) return { replicas: highest, why: most > fastest ? tooFastUp : tooMany }
  } else if (desired < current) {
    const fastest = Math.min(current, policyLimit(wanted, memory, 'down'))
    const lowest = Math.max(least, fastest)
    if (desired < lowest) return { replicas: lowest, why: least < fastest ? tooFastDown : tooFew }
  }
  return { replicas: desired, why: within }
}

/** How far the policies of a direction let the number go from where each one's period began. */
function policyLimit({ current, behavior, nowMs }: Wanted, memory: ScalingMemory, direction: 'up' | 'down'): number {
  const { select, policies } = rulesOf(behavior, direction)
  if (select === 'Disabled') return current
  const isUp = direction === 'up'
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const sinceMs = nowMs - periodSeconds * 1000
    const changed = (changes: readonly ScaleChange[]): number =>
      changes.reduce((sum, { change, atMs }) => (atMs > sinceMs ? sum + change : sum), 0)
    const start = current - changed(memory.ups) + changed(memory.downs)
    if (type === 'Pods') return isUp ? start + value : start - value
    return isUp ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100))
  })
  // The greatest change is the highest number going up and the lowest going down.
  return isUp === (select !== 'Min') ? Math.max(...limits) : Math.min(...limits)
}
