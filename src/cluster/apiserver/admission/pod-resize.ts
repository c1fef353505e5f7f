/** PodResizeValidator: a running pod grows only to what its node could give it, and only on Linux. */
import {
  compareQuantities,
  type Quantity,
  quantityMillis,
  quantityOfUnits,
  quantityUnits,
} from '#base/data/quantity.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { amountsOf } from '#base/data/amounts.ts'
import { podAmounts } from '#spec/kubernetes/quota/pod-usage.ts'
import { type ApiObject, equalJson, objectAt, textAt } from '../api-object.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'

const resources: readonly (readonly [string, (amount: Quantity) => bigint])[] = [
  ['cpu', quantityMillis],
  ['memory', quantityUnits],
]

export const podResize: AdmissionStep = {
  name: 'PodResizeValidator',
  applies: ({ group, resource }, operation, subresource) =>
    group === '' && resource === 'pods' && operation === 'UPDATE' && subresource === 'resize',
  validate: (request) => {
    const { object, old, view } = request
    const name = textAt(object, 'spec', 'nodeName')
    if (object === undefined || name === '' || equalJson(object['spec'], old?.['spec'])) return
    const node = view.find('/nodes', '', name)
    if (node === undefined) throw refusal(request, `node ${JSON.stringify(name)} not found`)
    const system = node.metadata.labels?.['kubernetes.io/os'] ?? 'linux'
    if (system !== 'linux') {
      const why = `pod resize is only supported on linux nodes, node ${JSON.stringify(name)} is ${JSON.stringify(system)}`
      throw refusal(request, why, 'UnsupportedPlatform')
    }
    const missing = beyond(object, node)
    if (missing.length === 0) return
    throw refusal(request, `node didn't have enough allocatable resources: ${missing.join('; ')}`, 'NodeCapacity')
  },
}

function refusal({ name }: AdmissionRequest, why: string, reason?: string): Error {
  const causes = reason === undefined ? undefined : [{ reason, message: '', field: '' }]
  return forbidden({ group: '', resource: 'pods', name }, why, causes)
}

function beyond(pod: ApiObject, node: ApiObject): readonly string[] {
  const { status: _, ...wanted } = pod
  const requests = podAmounts(wanted as unknown as Pod, 'requests')
  const allocatable = amountsOf(objectAt(node, 'status', 'allocatable'))
  const none = quantityOfUnits(0)
  return resources.flatMap(([name, shown]) => {
    const [asked, most] = [requests.get(name) ?? none, allocatable.get(name) ?? none]
    if (compareQuantities(asked, most) <= 0) return []
    return [`${name}, requested: ${shown(asked)}, allocatable: ${shown(most)}`]
  })
}
