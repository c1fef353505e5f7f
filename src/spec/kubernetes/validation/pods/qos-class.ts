/** The quality of service that a pod's requests and limits put it in. */
import type { PodSpec, ResourceRequirements } from '../../objects/core-v1.generated.ts'
import { amountOf, compareAmounts } from './resources.ts'

type Amounts = Readonly<Record<string, string>>

function computeAmounts(amounts: Amounts | undefined): Amounts {
  const kept = Object.entries(amounts ?? {}).filter(
    ([name, amount]) => (name === 'cpu' || name === 'memory') && amountOf(amount).nanos > 0n,
  )
  return Object.fromEntries(kept)
}

function isGuaranteed({ limits, requests }: ResourceRequirements): boolean {
  const [most, least] = [computeAmounts(limits as Amounts), computeAmounts(requests as Amounts)]
  return ['cpu', 'memory'].every(
    (name) => most[name] !== undefined && compareAmounts(least[name] ?? most[name], most[name]) === 0,
  )
}

function isBestEffort({ limits, requests }: ResourceRequirements): boolean {
  return [limits, requests].every((amounts) => Object.keys(computeAmounts(amounts as Amounts)).length === 0)
}

/** Guaranteed when everything has equal limits and requests of cpu and memory, BestEffort when nothing has any. */
export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const pod = spec.resources
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(
    ({ resources }) => resources ?? {},
  )
  const parts = pod === undefined || isBestEffort(pod) ? containers : [pod]
  if (parts.every(isBestEffort)) return 'BestEffort'
  return parts.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}
