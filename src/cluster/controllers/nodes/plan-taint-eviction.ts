/** Decides about a pod on a tainted node: whether it may stay, for how long, or has to go. Pure (v1.36, tainteviction). */
import type { Pod, Taint, Toleration } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { tolerates } from './node-fit.ts'

/** An eviction that is under way: since when, and when it falls due. */
export interface PlannedEviction {
  readonly sinceMs: number
  readonly dueMs: number
}

/** Taints that evict. */
export function evictingTaints(taints: readonly Taint[] | undefined): readonly Taint[] {
  return (taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}

/**
 * How long tolerations let a pod stay, milliseconds: 0 when a taint is not tolerated, Infinity when all are for ever. The
 * shortest of the tolerations that are needed counts.
 */
export function toleratedMs(taints: readonly Taint[], tolerations: readonly Toleration[] | undefined): number {
  let shortestMs = Infinity
  for (const taint of taints) {
    const toleration = tolerations?.find((one) => tolerates(one, taint))
    if (toleration === undefined) return 0
    const { tolerationSeconds } = toleration
    if (tolerationSeconds !== undefined)
      shortestMs = Math.min(shortestMs, Math.max(0, Number(tolerationSeconds) * 1000))
  }
  return shortestMs
}

/**
 * The eviction of a pod as it stands now; undefined when it may stay. One that is under way keeps its times, whatever
 * taints and tolerations have become, unless the pod may stay or has to go at once.
 */
export function plannedEviction(
  pod: Pod,
  taints: readonly Taint[],
  { known, nowMs }: { readonly known: PlannedEviction | undefined; readonly nowMs: number },
): PlannedEviction | undefined {
  if (taints.length === 0) return undefined
  const stayMs = toleratedMs(taints, pod.spec.tolerations)
  if (stayMs === Infinity) return undefined
  if (stayMs === 0) return { sinceMs: known?.sinceMs ?? nowMs, dueMs: Math.min(known?.dueMs ?? nowMs, nowMs) }
  return known ?? { sinceMs: nowMs, dueMs: nowMs + stayMs }
}
