/** Steps about nodes: new ones start tainted, and a node may only change what is its own. */
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'
import { writesOf } from './pod-requests.ts'

const notReady = 'node.kubernetes.io/not-ready'
const prefix = 'system:node:'

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

/** NodeRestriction: kubelets write their own node, their own pods and their own lease. */
export const nodeRestriction: AdmissionStep = {
  name: 'NodeRestriction',
  applies: ({ group, resource }) =>
    ['/nodes', '/pods', 'coordination.k8s.io/leases', 'storage.k8s.io/csinodes'].includes(`${group}/${resource}`),
  validate: (request) => {
    const { user, resource } = request
    if (!user.groups.includes('system:nodes')) return
    if (!user.name.startsWith(prefix))
      throw refuse(request, `could not determine node from user ${JSON.stringify(user.name)}`)
    const node = user.name.slice(prefix.length)
    if (resource.resource === 'pods') checkPod(request, node)
    else if (resource.resource === 'nodes') checkNode(request, node)
    else if (resource.resource === 'leases') checkLease(request, node)
    else if (request.name !== node)
      throw refuse(request, `is not allowed to access CSINode ${JSON.stringify(request.name)}`)
  },
}

function refuse(request: AdmissionRequest, why: string): Error {
  const { group, resource } = request.resource
  return forbidden({ group, resource, name: request.name }, why)
}

function checkPod(request: AdmissionRequest, node: string): void {
  const { operation, object, old, subresource } = request
  const pod = old ?? object
  if (operation === 'CREATE' && subresource === '') {
    if (object?.metadata.annotations?.['kubernetes.io/config.mirror'] === undefined)
      throw refuse(
        request,
        `pod does not have "kubernetes.io/config.mirror" annotation, node ${JSON.stringify(node)} can only create mirror pods`,
      )
    if (textAt(object, 'spec', 'nodeName') !== node)
      throw refuse(request, `node ${JSON.stringify(node)} can only create pods with spec.nodeName set to itself`)
    return
  }
  if (pod !== undefined && textAt(pod, 'spec', 'nodeName') !== node) {
    const what = operation === 'DELETE' ? 'delete pods' : 'update pod status for pods'
    throw refuse(request, `node ${JSON.stringify(node)} can only ${what} with spec.nodeName set to itself`)
  }
}

function labelsOf(object: ApiObject | undefined): Readonly<Record<string, string>> {
  return object?.metadata.labels ?? {}
}

function checkNode(request: AdmissionRequest, node: string): void {
  const { name, operation, object, old } = request
  if (name !== node)
    throw refuse(request, `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`)
  if (operation === 'DELETE')
    throw refuse(request, `node ${JSON.stringify(node)} is not allowed to delete node ${JSON.stringify(name)}`)
  const [before, after] = [labelsOf(old), labelsOf(object)]
  const changed = Object.keys({ ...before, ...after }).filter((key) => before[key] !== after[key])
  const restricted = changed.filter((key) => /^(?:[^/]+\.)?node-restriction\.kubernetes\.io\//.test(key))
  if (restricted.length > 0)
    throw refuse(request, `is not allowed to modify labels: ${restricted.toSorted().join(', ')}`)
  if (old === undefined || request.subresource !== '') return
  const taints = (one: ApiObject | undefined): string => JSON.stringify(listAt(one, 'spec', 'taints'))
  if (taints(old) !== taints(object))
    throw refuse(request, `node ${JSON.stringify(node)} is not allowed to modify taints`)
}

function checkLease(request: AdmissionRequest, node: string): void {
  if (request.namespace !== 'kube-node-lease')
    throw refuse(request, 'can only access leases in the "kube-node-lease" system namespace')
  if (request.name !== node)
    throw refuse(request, 'can only access node lease with the same name as the requesting node')
}
