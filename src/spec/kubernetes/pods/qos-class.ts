/** The quality of service class of a pod: by its requests and limits of cpu and memory (core/helper/qos, v1.36). */
import { type Amounts, amountsOf, nonZero, only } from '#base/data/amounts.ts'
import { compareQuantities } from '#base/data/quantity.ts'
import type { PodSpec, ResourceRequirements } from '../objects/core-v1.generated.ts'

const counted = ['cpu', 'memory'] as const

interface Asked {
  readonly requests: Amounts
  readonly limits: Amounts
}

function askedOf(resources: ResourceRequirements | undefined): Asked {
  const amounts = (list: unknown): Amounts => nonZero(only(amountsOf(list), counted))
  return { requests: amounts(resources?.requests), limits: amounts(resources?.limits) }
}

function isGuaranteed({ requests, limits }: Asked): boolean {
  return counted.every((name) => {
    const [least, most] = [requests.get(name), limits.get(name)]
    return least !== undefined && most !== undefined && compareQuantities(least, most) === 0
  })
}

/**
 * Guaranteed when the limits of every container equal its requests, BestEffort when nobody asks for anything. Resources
 * of the pod as a whole stand in for those of its containers.
 */
export function qosClass(spec: Partial<PodSpec>): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const { resources, containers = [], initContainers = [] } = spec
  const parts = resources === undefined ? [...containers, ...initContainers] : [{ resources }]
  const asked = parts.map((part) => askedOf(part.resources))
  if (asked.every(({ requests, limits }) => requests.size === 0 && limits.size === 0)) return 'BestEffort'
  return asked.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}
