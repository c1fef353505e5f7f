/**
 * Keeps pods off cordoned nodes. The pattern for a plugin: a value with the extension points it needs; `preFilter` works
 * out what concerns the pod and returns closures for the nodes, or undefined when the pod does not concern it.
 */
import { tolerates } from '../node-match.ts'
import { finalRejection, type Plugin } from '../plugin.ts'

const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const
const rejected = finalRejection('node(s) were unschedulable')

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  preFilter: (pod) => {
    const isTolerated = (pod.pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, cordoned))
    if (isTolerated) return undefined
    return { check: (entry) => (entry.node.spec.unschedulable === true ? rejected : undefined) }
  },
  hints: { 'node-added': true, 'node-changed': true, 'own-pod-changed': true },
}
