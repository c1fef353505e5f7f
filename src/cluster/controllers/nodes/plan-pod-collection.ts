/** Decides which pods nobody will ever end by themselves, and why each has to go. Pure (v1.36, pkg/controller/podgc). */
import { pods as podResource } from '#clients/kubernetes/resources.table.ts'
import type { Node, Pod, PodCondition } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { withCondition } from '#kit/reconcile/conditions.ts'
import type { Action } from '#kit/reconcile/plan.ts'
import { isPodFinished } from '../workloads/pod-state.ts'
import { outOfServiceKey, readiness } from './node-conditions.ts'

/** Why a pod is collected, as the metrics name it. */
export type CollectionReason = 'terminated' | 'out-of-service' | 'orphaned' | 'unscheduled'

export interface Collected {
  readonly pod: Pod
  readonly reason: CollectionReason
}

export interface CollectionView {
  readonly pods: readonly Pod[]
  readonly nodeNamed: (name: string) => Node | undefined
  /** Names of nodes that pods are bound to and that are known to be gone. */
  readonly goneNodes: ReadonlySet<string>
  /** Finished pods beyond this number are collected, evicted ones and the oldest first. */
  readonly finishedMost: number
}

/** The pods to collect, each once. */
export function podsToCollect(view: CollectionView): readonly Collected[] {
  const chosen = new Map<Pod, CollectionReason>()
  for (const pod of beyondThreshold(view)) chosen.set(pod, 'terminated')
  for (const pod of view.pods) {
    const reason = chosen.has(pod) ? undefined : reasonFor(pod, view)
    if (reason !== undefined) chosen.set(pod, reason)
  }
  return Array.from(chosen, ([pod, reason]) => ({ pod, reason }))
}

function reasonFor(pod: Pod, { nodeNamed, goneNodes }: CollectionView): CollectionReason | undefined {
  const nodeName = pod.spec.nodeName ?? ''
  const isLeaving = pod.metadata.deletionTimestamp !== undefined
  if (nodeName === '') return isLeaving ? 'unscheduled' : undefined
  if (goneNodes.has(nodeName)) return 'orphaned'
  const node = isLeaving ? nodeNamed(nodeName) : undefined
  if (node === undefined || readiness(node) === 'True') return undefined
  return (node.spec?.taints ?? []).some(({ key }) => key === outOfServiceKey) ? 'out-of-service' : undefined
}

function beyondThreshold({ pods, finishedMost }: CollectionView): readonly Pod[] {
  if (finishedMost <= 0) return []
  const finished = pods.filter(isPodFinished)
  const excess = finished.length - finishedMost
  return excess <= 0 ? [] : finished.toSorted(evictedThenOldest).slice(0, excess)
}

function evictedThenOldest(a: Pod, b: Pod): number {
  const isEvicted = ({ status }: Pod): number => (status?.phase === 'Failed' && status.reason === 'Evicted' ? 0 : 1)
  const madeMs = ({ metadata }: Pod): number => epochMsOf(metadata.creationTimestamp) ?? 0
  return isEvicted(a) - isEvicted(b) || madeMs(a) - madeMs(b) || (a.metadata.name < b.metadata.name ? -1 : 1)
}

/** Says that the pod has failed, where nothing else will, and removes it without waiting for its node. */
export function collectPod({ pod, reason }: Collected, nowMs: number): readonly Action[] {
  const remove = { do: 'delete', resource: podResource, object: pod, gracePeriodSeconds: 0 } as const
  if (isPodFinished(pod)) return [remove]
  const { uid = '', generation } = pod.metadata
  const observed = generation === undefined ? {} : { observedGeneration: generation }
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastTransitionTime: apiTime(nowMs),
    ...observed,
  }
  const conditions = reason === 'orphaned' ? { conditions: withCondition(pod.status?.conditions, condition) } : {}
  const status = { phase: 'Failed', ...observed, ...conditions }
  return [
    {
      do: 'patch',
      resource: podResource,
      object: pod,
      type: 'strategic',
      subresource: 'status',
      patch: { metadata: { uid }, status },
    },
    remove,
  ]
}
