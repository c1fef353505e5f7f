/** Which pods of a set go first when it shrinks (controller pkg `ActivePodsWithRanks`, v1.36). */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import { isPodReady, readySinceMs, restartsOf } from '../workloads/pod-state.ts'

const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

/**
 * The pods in the order in which they are to be deleted: unassigned, pending, not ready, cheap, crowded on their node,
 * lately ready, often restarted, young ones first.
 * @param related active pods that do the same work (of all sets of one deployment), for the crowding.
 */
export function rankForDeletion(pods: readonly Pod[], related: readonly Pod[], nowMs: number): readonly Pod[] {
  const crowd = new Map<string, number>()
  for (const pod of related) {
    const node = pod.spec.nodeName ?? ''
    if (node !== '') crowd.set(node, (crowd.get(node) ?? 0) + 1)
  }
  const crowdOf = (pod: Pod): number => crowd.get(pod.spec.nodeName ?? '') ?? 0
  const orders: readonly ((a: Pod, b: Pod) => number)[] = [
    (a, b) => Number(isAssigned(a)) - Number(isAssigned(b)),
    (a, b) => phaseRank(a) - phaseRank(b),
    (a, b) => Number(isPodReady(a)) - Number(isPodReady(b)),
    (a, b) => costOf(a) - costOf(b),
    (a, b) => crowdOf(b) - crowdOf(a),
    (a, b) => byAge(readySinceMs(a), readySinceMs(b), nowMs),
    (a, b) => restartsOf(b) - restartsOf(a),
    (a, b) => byAge(epochMsOf(a.metadata.creationTimestamp), epochMsOf(b.metadata.creationTimestamp), nowMs),
    (a, b) => compareText(a.metadata.uid ?? '', b.metadata.uid ?? ''),
  ]
  return pods.toSorted((a, b) => {
    for (const order of orders) {
      const difference = order(a, b)
      if (difference !== 0) return difference
    }
    return 0
  })
}

function isAssigned(pod: Pod): boolean {
  return (pod.spec.nodeName ?? '') !== ''
}

function phaseRank(pod: Pod): number {
  const ranks: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }
  return ranks[pod.status?.phase ?? 'Pending'] ?? 0
}

function costOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[costAnnotation]
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : 0
}

/** Younger first, in steps that double: pods of about the same age are told apart by other things. */
function byAge(a: number | undefined, b: number | undefined, nowMs: number): number {
  return ageStep(a, nowMs) - ageStep(b, nowMs)
}

function ageStep(sinceMs: number | undefined, nowMs: number): number {
  if (sinceMs === undefined) return -1
  return Math.floor(Math.log10(Math.max(1, nowMs - sinceMs) * 1e6))
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
