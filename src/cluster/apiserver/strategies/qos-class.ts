/** The quality of service class of a pod (Kubernetes v1.36, v1helper qos): by requests and limits of cpu and memory. */
import { compareQuantities, parseQuantity } from '#base/data/quantity.ts'
import type { ApiObject } from '../api-object.ts'
import { listAt, objectAt } from '../api-object.ts'

const counted = ['cpu', 'memory'] as const

function amounts(container: unknown, which: 'requests' | 'limits'): ReadonlyMap<string, string> {
  const list = objectAt(container, 'resources', which)
  return new Map(
    counted.flatMap((name) => {
      const text = list[name]
      return typeof text === 'string' && isPositive(text) ? [[name, text] as const] : []
    }),
  )
}

function isPositive(text: string): boolean {
  return compareQuantities(parseQuantity(text), parseQuantity('0')) > 0
}

/** Guaranteed when every container's limits equal its requests, BestEffort when nobody asks for anything. */
export function qosClassOf(pod: ApiObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const whole = objectAt(pod, 'spec')['resources']
  const containers =
    whole === undefined
      ? [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')]
      : [objectAt(pod, 'spec')]
  let asked = false
  let guaranteed = containers.length > 0
  for (const container of containers) {
    const requests = amounts(container, 'requests')
    const limits = amounts(container, 'limits')
    if (requests.size > 0 || limits.size > 0) asked = true
    guaranteed &&= counted.every((name) => limits.has(name) && equalAmounts(requests.get(name), limits.get(name)))
  }
  if (!asked) return 'BestEffort'
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

function equalAmounts(request: string | undefined, limit: string | undefined): boolean {
  if (request === undefined || limit === undefined) return false
  return compareQuantities(parseQuantity(request), parseQuantity(limit)) === 0
}
