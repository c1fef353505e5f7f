/**
 * Keeps pods off cordoned nodes. The pattern for a plugin: a value with the extension points it needs; `preFilter` works
 * out what concerns the pod and returns closures for the nodes, or undefined when the pod does not concern it.
 */
import { tolerates } from '../node-match.ts'
import type { Plugin, QueueingHint } from '../plugin.ts'
import { finalRejection } from '../rejection.ts'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'

const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const
const rejected = finalRejection('node(s) were unschedulable')

/** A node helps when it can be used and could not before. */
const isFree: QueueingHint = (_pod, { object, previous }) =>
  (object as Node | undefined)?.spec.unschedulable !== true &&
  (previous === undefined || (previous as Node).spec.unschedulable === true)

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  preFilter: (pod) => {
    const isTolerated = (pod.pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, cordoned))
    if (isTolerated) return undefined
    return { question: '', check: (entry) => (entry.node.spec.unschedulable === true ? rejected : undefined) }
  },
  hints: { 'node-added': isFree, 'node-changed': isFree, 'own-pod-changed': true },
}
