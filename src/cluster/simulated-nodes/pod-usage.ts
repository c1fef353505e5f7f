/** What simulated pods and nodes use of CPU and memory, from the behaviour that says so. Pure. */
import {
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
  tryParseQuantity,
} from '#base/data/quantity.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'

/** What a usage may follow. */
export interface UsageSeen {
  readonly pod: Pod
  /** Since the pod's containers run. */
  readonly runningMs: number
  readonly nowMs: number
  /** Running pods of the same workload, this one among them. */
  readonly peers: number
}

interface Step {
  readonly afterMs: number
  readonly amount: string
}

/**
 * Usage of one resource by one pod: an amount; a total that the running pods of the workload share; steps since the pod's
 * start, the last one lasting; or anything else as a function.
 */
export type UsageShape =
  | string
  | { readonly shared: string }
  | { readonly steps: readonly Step[] }
  | ((seen: UsageSeen) => string)

/** Usage by resource; what is left out is little. */
export interface UsageBehaviour {
  readonly cpu?: UsageShape
  readonly memory?: UsageShape
}

const little = { cpu: '10m', memory: '32Mi' } as const

/** What a node needs for itself. */
export const nodeOverhead: Readonly<Record<string, string>> = { cpu: '50m', memory: '200Mi' }

/** Nothing is known of a pod before this time has passed: usage is measured between two looks. */
export const usageWindowMs = 15_000

/** Since when all the pod's containers have been running; undefined while one does not. */
export function runningSinceMs({ status, spec }: Pod): number | undefined {
  if (status?.phase !== 'Running') return undefined
  const starts = (status.containerStatuses ?? []).map(({ state }) => epochMsOf(state?.running?.startedAt))
  if (starts.length < spec.containers.length || starts.includes(undefined)) return undefined
  return Math.max(...starts.map((start) => start ?? 0))
}

const zero = parseQuantity('0')

/** A shape may come from a pod's annotation: what makes no sense counts as nothing. */
function amountOf(shape: UsageShape, seen: UsageSeen): Quantity {
  const quantity = (text: unknown): Quantity => {
    const found = typeof text === 'string' ? tryParseQuantity(text) : undefined
    return found === undefined || compareQuantities(found, zero) < 0 ? zero : found
  }
  if (typeof shape === 'function') return quantity(shape(seen))
  if (typeof shape !== 'object') return quantity(shape)
  if ('shared' in shape) return divide(quantity(shape.shared), seen.peers)
  const steps = Array.isArray(shape.steps) ? (shape.steps as readonly Step[]) : []
  return quantity(steps.findLast(({ afterMs }) => seen.runningMs >= afterMs)?.amount)
}

function divide({ nanos, format }: Quantity, parts: number): Quantity {
  const whole = nanos / BigInt(Math.max(1, parts))
  // Memory has no fractions of a byte, and nobody measures less than a thousandth of a CPU.
  const unit = format === 'BinarySI' ? 1_000_000_000n : 1_000_000n
  return { nanos: (whole / unit) * unit, format }
}

/** What each container of a running pod uses: the pod's usage in equal parts. */
export function containerUsage(
  usage: UsageBehaviour,
  seen: UsageSeen,
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const { containers } = seen.pod.spec
  const share = (shape: UsageShape): string => formatQuantity(divide(amountOf(shape, seen), containers.length))
  const each = { cpu: share(usage.cpu ?? little.cpu), memory: share(usage.memory ?? little.memory) }
  return Object.fromEntries(containers.map(({ name }) => [name, each]))
}
