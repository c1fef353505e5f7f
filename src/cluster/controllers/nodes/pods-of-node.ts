/** Pods by the node that they are bound to. */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Informer } from '#kit/reconcile/informer.ts'

export const nodeIndex = 'node'

/** Makes `byIndex(nodeIndex, name)` answer with the pods of a node. */
export function indexByNode(cache: Informer<Pod>): void {
  cache.addIndex(nodeIndex, ({ spec }) => (spec.nodeName === undefined || spec.nodeName === '' ? [] : [spec.nodeName]))
}
