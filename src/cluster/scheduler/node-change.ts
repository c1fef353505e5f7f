/** What a change of a node means: for the table, and for pods that wait. */
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { NodeTable } from './node-table.ts'
import type { ClusterChange } from './plugin.ts'

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/** Brings the table up to date; the change to tell the queue, if it can help anybody. Heartbeats help nobody. */
export function nodeChange({ type, object, previous }: CacheChange<Node>, table: NodeTable): ClusterChange | undefined {
  if (type === 'deleted') {
    table.removeNode(object.metadata.name)
    return undefined
  }
  if (type === 'updated' && previous !== undefined && !matters(previous, object)) return undefined
  table.putNode(object)
  return {
    kind: type === 'added' ? 'node-added' : 'node-changed',
    object,
    ...(previous === undefined ? {} : { previous }),
  }
}

function matters(before: Node, now: Node): boolean {
  return !(
    same(before.metadata.labels, now.metadata.labels) &&
    same(before.spec, now.spec) &&
    same(before.status?.allocatable, now.status?.allocatable) &&
    same(before.status?.images, now.status?.images) &&
    same(before.status?.declaredFeatures, now.status?.declaredFeatures)
  )
}
