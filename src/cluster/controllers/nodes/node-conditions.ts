/** Which taint each condition of a node stands for, and the taints a node should carry. Pure (v1.36, nodelifecycle). */
import type { Node, Taint } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { conditionOf } from '#kit/reconcile/conditions.ts'

export const notReadyKey = 'node.kubernetes.io/not-ready'
export const unreachableKey = 'node.kubernetes.io/unreachable'
export const outOfServiceKey = 'node.kubernetes.io/out-of-service'
const unschedulableKey = 'node.kubernetes.io/unschedulable'

/** Condition, its status, the key of the taint. */
const taintRows: readonly (readonly [type: string, status: string, key: string])[] = [
  ['Ready', 'False', notReadyKey],
  ['Ready', 'Unknown', unreachableKey],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
]
const ownKeys: ReadonlySet<string> = new Set([...taintRows.map(([, , key]) => key), unschedulableKey])

/** `True`, `False` or `Unknown`; undefined while nobody has said. */
export function readiness(node: Node): string | undefined {
  return conditionOf(node.status?.conditions, 'Ready')?.status
}

/** Keys of the NoSchedule taints that the node's conditions and its cordon stand for. */
export function noScheduleKeys(node: Node): readonly string[] {
  const conditions = node.status?.conditions
  const keys = taintRows
    .filter(([type, status]) => conditionOf(conditions, type)?.status === status)
    .map(([, , key]) => key)
  return node.spec?.unschedulable === true ? [...keys, unschedulableKey] : keys
}

/** The key of the NoExecute taint that the node's readiness asks for; undefined when it is ready or has never reported. */
export function noExecuteKey(node: Node): string | undefined {
  const status = readiness(node)
  if (status === 'False') return notReadyKey
  return status === 'Unknown' ? unreachableKey : undefined
}

/** True when the node carries one of the two taints by which pods of lost nodes are evicted. */
export function hasEvictingTaint(node: Node): boolean {
  return (node.spec?.taints ?? []).some(isEvicting)
}

function isEvicting({ key, effect }: Taint): boolean {
  return effect === 'NoExecute' && (key === notReadyKey || key === unreachableKey)
}

/**
 * The node's taints with those of its conditions as they should be: NoSchedule by condition, NoExecute as told, all others
 * untouched. Undefined when nothing changes.
 */
export function taintsFor(
  node: Node,
  wanted: { readonly noExecute: string | undefined; readonly time: string },
): readonly Taint[] | undefined {
  const before = node.spec?.taints ?? []
  const noSchedule = noScheduleKeys(node)
  const kept = before.filter((taint) => {
    if (taint.effect === 'NoSchedule' && ownKeys.has(taint.key)) return noSchedule.includes(taint.key)
    return !isEvicting(taint) || taint.key === wanted.noExecute
  })
  const has = (key: string, effect: string): boolean => kept.some((one) => one.key === key && one.effect === effect)
  const added: Taint[] = []
  for (const key of noSchedule) {
    if (!has(key, 'NoSchedule')) added.push({ key, effect: 'NoSchedule', timeAdded: wanted.time })
  }
  if (wanted.noExecute !== undefined && !has(wanted.noExecute, 'NoExecute'))
    added.push({ key: wanted.noExecute, effect: 'NoExecute', timeAdded: wanted.time })
  return added.length === 0 && kept.length === before.length ? undefined : [...kept, ...added]
}
