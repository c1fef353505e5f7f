/** The quality of service class of a pod: by its requests and limits of cpu and memory (core/helper/qos, v1.36). */
import { compareQuantities, parseQuantity, type Quantity } from '#base/data/quantity.ts'
import type { PodSpec, ResourceRequirements } from '../objects/core-v1.generated.ts'

const counted = ['cpu', 'memory'] as const

/** What is asked of one resource; nothing for an amount of zero. */
interface Asked {
  readonly least: Quantity | undefined
  readonly most: Quantity | undefined
}

function amountIn(list: unknown, name: string): Quantity | undefined {
  const text = (list as Readonly<Record<string, string>> | undefined)?.[name]
  if (text === undefined) return undefined
  const amount = parseQuantity(text)
  return amount.nanos === 0n ? undefined : amount
}

function askedOf(resources: ResourceRequirements | undefined): readonly Asked[] {
  return counted.map((name) => ({
    least: amountIn(resources?.requests, name),
    most: amountIn(resources?.limits, name),
  }))
}

function isGuaranteed({ least, most }: Asked): boolean {
  return least !== undefined && most !== undefined && compareQuantities(least, most) === 0
}

/**
 * Guaranteed when the limits of every container equal its requests, BestEffort when nobody asks for anything. Resources
 * of the pod as a whole stand in for those of its containers.
 */
export function qosClass(spec: Partial<PodSpec>): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const { resources, containers = [], initContainers = [] } = spec
  const parts = resources === undefined ? [...containers, ...initContainers] : [{ resources }]
  const asked = parts.flatMap((part) => askedOf(part.resources))
  if (asked.every(({ least, most }) => least === undefined && most === undefined)) return 'BestEffort'
  return asked.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}
