/** New nodes start tainted. */
import { listAt, objectAt } from '../../api-object.ts'
import type { AdmissionStep } from '../admission.ts'
import { writesOf } from '../pod-requests.ts'

const notReady = 'node.kubernetes.io/not-ready'

/** TaintNodesByCondition: nothing is scheduled to a node before it says that it is ready. */
export const taintNodesByCondition: AdmissionStep = {
  name: 'TaintNodesByCondition',
  applies: writesOf('/nodes', 'CREATE'),
  mutate: (_request, node) => {
    const taints = listAt(node, 'spec', 'taints')
    if (taints.some((taint) => taint['key'] === notReady && taint['effect'] === 'NoSchedule')) return node
    return {
      ...node,
      spec: { ...objectAt(node, 'spec'), taints: [...taints, { key: notReady, effect: 'NoSchedule' }] },
    }
  },
}
