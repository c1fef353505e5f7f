/**
 * Decides about one node: whether it has fallen silent, which taints and labels it should carry, and which of its pods are
 * no longer ready because of it. Pure (v1.36, pkg/controller/nodelifecycle).
 */
import { nodes, pods } from '#clients/kubernetes/resources.table.ts'
import type { Node, NodeCondition, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { conditionOf, isConditionTrue } from '#kit/reconcile/conditions.ts'
import { type Action, nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import { noExecuteKey, taintsFor } from './node-conditions.ts'

export interface NodeHealthTerms {
  /** A node that has reported counts as lost after this silence. */
  readonly graceMs: number
  /** A node that has never reported, after this. */
  readonly startupGraceMs: number
}

export interface NodeView {
  readonly node: Node
  readonly nowMs: number
  /** When the node last gave a sign of life: a renewed lease or a status. */
  readonly seenMs: number
  /** Pods on the node that are to be marked not ready; empty when that is done or not due. */
  readonly pods: readonly Pod[]
  /** Whether the node may be given a NoExecute taint now. */
  readonly mayEvict: boolean
  /** Every zone is silent: more likely the control plane is cut off, so nothing is evicted. */
  readonly isClusterSilent: boolean
}

const reported: readonly string[] = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** How long the node may stay silent, milliseconds. */
export function graceOf(node: Node, { graceMs, startupGraceMs }: NodeHealthTerms): number {
  return conditionOf(node.status?.conditions, 'Ready') === undefined ? startupGraceMs : graceMs
}

/** The conditions of a node that has fallen silent; undefined when they say so already. */
export function silentConditions(node: Node, nowMs: number): readonly NodeCondition[] | undefined {
  const known = node.status?.conditions ?? []
  if (conditionOf(known, 'Ready')?.status === 'Unknown') return undefined
  const time = apiTime(nowMs)
  const changed = known.map((condition) =>
    reported.includes(condition.type) && condition.status !== 'Unknown'
      ? {
          ...condition,
          status: 'Unknown' as const,
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: time,
        }
      : condition,
  )
  const missing = reported
    .filter((type) => conditionOf(known, type) === undefined)
    .map((type) => ({
      type,
      status: 'Unknown' as const,
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      ...(node.metadata.creationTimestamp === undefined ? {} : { lastHeartbeatTime: node.metadata.creationTimestamp }),
      lastTransitionTime: time,
    }))
  return [...changed, ...missing]
}

/** True when `planNodeHealth` will say that the node is lost: its pods are then not ready either. */
export function isLoss(view: Pick<NodeView, 'node' | 'nowMs' | 'seenMs'>, terms: NodeHealthTerms): boolean {
  const isSilent = view.nowMs - view.seenMs > graceOf(view.node, terms)
  return isSilent && isConditionTrue(view.node.status?.conditions, 'Ready')
}

/** The plan for a node. */
export function planNodeHealth(view: NodeView, terms: NodeHealthTerms): Plan {
  const { node, nowMs, seenMs } = view
  const graceMs = graceOf(node, terms)
  const isSilent = nowMs - seenMs > graceMs
  const conditions = isSilent ? silentConditions(node, nowMs) : undefined
  if (conditions !== undefined) {
    const wasReady = isConditionTrue(node.status?.conditions, 'Ready')
    const object = { ...node, status: { ...node.status, conditions } }
    const { name } = node.metadata
    const message = `Node ${name} status is now: NodeNotReady`
    return {
      subject: node,
      actions: [{ do: 'update-status', resource: nodes, object }],
      ...(wasReady ? { events: [{ type: 'Normal', reason: 'NodeNotReady', message }] } : {}),
    }
  }
  const actions = [...repairs(view), ...view.pods.flatMap((pod) => unready(pod, nowMs))]
  const waits = isSilent ? {} : { lookAgainAfterMs: seenMs + graceMs - nowMs + 1 }
  return actions.length === 0 && isSilent ? nothingToDo : { subject: node, actions, ...waits }
}

/** Taints and labels in one write. */
function repairs({ node, nowMs, mayEvict, isClusterSilent }: NodeView): readonly Action[] {
  const wanted = isClusterSilent || !mayEvict ? undefined : noExecuteKey(node)
  const taints = taintsFor(node, { noExecute: wanted, time: apiTime(nowMs) })
  const labels = labelsFor(node)
  if (taints === undefined && labels === node.metadata.labels) return []
  const object = {
    ...node,
    metadata: { ...node.metadata, ...(labels === undefined ? {} : { labels }) },
    spec: { ...node.spec, ...(taints === undefined ? {} : { taints }) },
  }
  return [{ do: 'update', resource: nodes, object }]
}

/** The beta names of operating system and architecture follow the stable ones. */
function labelsFor(node: Node): Readonly<Record<string, string>> | undefined {
  const { labels } = node.metadata
  if (labels === undefined) return labels
  const stale = ['os', 'arch'].filter((what) => {
    const stable = labels[`kubernetes.io/${what}`]
    return stable !== undefined && labels[`beta.kubernetes.io/${what}`] !== stable
  })
  if (stale.length === 0) return labels
  const fresh = stale.map((what) => [`beta.kubernetes.io/${what}`, labels[`kubernetes.io/${what}`] ?? ''] as const)
  return { ...labels, ...Object.fromEntries(fresh) }
}

/** A pod whose node is lost no longer counts as ready; its kubelet cannot say so. */
function unready(pod: Pod, nowMs: number): readonly Action[] {
  if (!isConditionTrue(pod.status?.conditions, 'Ready')) return []
  const ready = conditionOf(pod.status?.conditions, 'Ready')
  const condition = { ...ready, type: 'Ready', status: 'False', lastTransitionTime: apiTime(nowMs) }
  const told = { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready', regarding: pod } as const
  const patch = { metadata: { uid: pod.metadata.uid ?? '' }, status: { conditions: [condition] } }
  return [
    {
      do: 'patch',
      resource: pods,
      object: pod,
      type: 'strategic',
      subresource: 'status',
      patch,
      told: { done: told },
    },
  ]
}
