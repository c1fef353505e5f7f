/** The taint eviction controller: pods leave nodes with NoExecute taints when their tolerations for these run out. */
import { nodes, pods } from '#clients/kubernetes/resources.table.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { Node, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { type Action, type EventText, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import type { ControllerContext } from '../controller-context.ts'
import { nodeMetrics, taintDelayBounds } from './node-metrics.ts'
import { evictingTaints, type PlannedEviction, plannedEviction } from './plan-taint-eviction.ts'
import { indexByNode, nodeIndex } from './pods-of-node.ts'

const reason = 'TaintManagerEviction'

/** Starts the controller. */
export function startTaintEviction(context: ControllerContext, metrics: Metrics = createMetrics()): Controller {
  const { informers, events, clock } = context
  const nodeCache = informers.of(nodes)
  const podCache = informers.of(pods)
  indexByNode(podCache)
  /** Evictions under way, by uid: one entry a pod at most. */
  const planned = new Map<string, PlannedEviction>()
  const deletions = metrics.counter(nodeMetrics.taintDeletions)
  const delays = metrics.histogram(nodeMetrics.taintDeletionDelay, taintDelayBounds)
  const cancel = (pod: Pod): void => {
    if (planned.delete(pod.metadata.uid ?? '')) events.record(pod, told('Cancelling deletion of Pod', pod))
  }
  /** The pod goes: because of us, or before its time. */
  const finish = (pod: Pod): void => {
    const eviction = planned.get(pod.metadata.uid ?? '')
    if (eviction === undefined) return
    const lateMs = clock.now() - eviction.dueMs
    if (lateMs < 0) {
      cancel(pod)
      return
    }
    planned.delete(pod.metadata.uid ?? '')
    deletions.add()
    delays.observe(lateMs / 1000)
  }
  return createController(context, {
    name: 'taint-eviction',
    watches: [
      watch(nodeCache, (change) =>
        changesTaints(change) ? podCache.byIndex(nodeIndex, change.object.metadata.name).map(keyOf) : [],
      ),
      watch(podCache, (change) => {
        const { type, object } = change
        if (type !== 'deleted' && object.metadata.deletionTimestamp === undefined)
          return changesStay(change) ? [keyOf(object)] : []
        finish(object)
        return []
      }),
    ],
    reconcile: (key): Plan => {
      const pod = podCache.get(key)
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return nothingToDo
      const uid = pod.metadata.uid ?? ''
      const taints = evictingTaints(nodeCache.get(pod.spec.nodeName ?? '')?.spec?.taints)
      const nowMs = clock.now()
      const eviction = plannedEviction(pod, taints, { known: planned.get(uid), nowMs })
      if (eviction === undefined) {
        cancel(pod)
        return nothingToDo
      }
      planned.set(uid, eviction)
      return eviction.dueMs > nowMs ? { lookAgainAfterMs: eviction.dueMs - nowMs } : planEviction(pod, nowMs)
    },
  })
}

/** Says why, then deletes the pod with its own grace. */
export function planEviction(pod: Pod, nowMs: number): Plan {
  const { uid = '', generation } = pod.metadata
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: apiTime(nowMs),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
  const actions: readonly Action[] = [
    {
      do: 'patch',
      resource: pods,
      object: pod,
      type: 'strategic',
      subresource: 'status',
      patch: { metadata: { uid }, status: { conditions: [condition] } },
    },
    { do: 'delete', resource: pods, object: pod, told: { done: told('Marking for deletion Pod', pod) } },
  ]
  return { subject: pod, actions }
}

function told(what: string, pod: Pod): EventText {
  return { type: 'Normal', reason, message: `${what} ${keyOf(pod)}` }
}

function changesTaints({ type, object, previous }: CacheChange<Node>): boolean {
  if (type === 'deleted') return true
  const now = evictingTaints(object.spec?.taints)
  return previous === undefined ? now.length > 0 : !equalValues(now, evictingTaints(previous.spec?.taints))
}

function changesStay({ object, previous }: CacheChange<Pod>): boolean {
  if ((object.spec.nodeName ?? '') === '') return false
  return (
    previous?.spec.nodeName !== object.spec.nodeName ||
    !equalValues(previous?.spec.tolerations, object.spec.tolerations)
  )
}
