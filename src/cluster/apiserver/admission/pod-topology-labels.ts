/** PodTopologyLabels: a pod carries the zone and the region of the node that it is put on. */
import { type ApiObject, textAt, withMetadata } from '../api-object.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { AdmissionStep } from './admission.ts'

const copied = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] as const

export const podTopologyLabels: AdmissionStep = {
  name: 'PodTopologyLabels',
  applies: ({ group, resource }, operation, subresource) =>
    group === '' && resource === 'pods' && operation === 'CREATE' && (subresource === '' || subresource === 'binding'),
  mutate: ({ view, subresource }, object) => {
    if (subresource === '') return withLabelsOf(object, textAt(object, 'spec', 'nodeName'), view)
    // The registry hands the labels of a binding on to the pod.
    return textAt(object, 'target', 'kind') === 'Node'
      ? withLabelsOf(object, textAt(object, 'target', 'name'), view)
      : object
  },
}

function withLabelsOf(object: ApiObject, node: string, view: ClusterView): ApiObject {
  const labels = node === '' ? undefined : view.find('/nodes', '', node)?.metadata.labels
  const found = copied.flatMap((key) => {
    const value = labels?.[key]
    return value === undefined ? [] : [[key, value] as const]
  })
  if (found.length === 0) return object
  return withMetadata(object, { labels: { ...object.metadata.labels, ...Object.fromEntries(found) } })
}
