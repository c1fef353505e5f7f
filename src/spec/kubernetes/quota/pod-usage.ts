/** What a pod counts for in a quota (pkg/quota/v1/evaluator/core/pods.go, component-helpers/resource, v1.36). */
import { amountsTogether } from '../pods/pod-containers.ts'
import { mayBeDevices } from '../pods/device-resources.ts'
import { parseTime } from '../decode/time-text.ts'
import type { Container, Pod, PodSpec } from '../objects/core-v1.generated.ts'
import { quantityOfUnits } from '#base/data/quantity.ts'
import { amountsOf, largest, plus, type Amounts } from '#base/data/amounts.ts'

type List = 'requests' | 'limits'

/** What a pod asks for or is limited to: its containers, the most that its start needs, its overhead, or its own word. */
export function podAmounts(pod: Pod, which: List): Amounts {
  const { spec } = pod
  const together = amountsTogether(spec, (container) => containerAmounts(container, pod, which))
  return withOverhead(spec, withPodLevel(spec, together, which), which)
}

/** A container that was resized counts for the more of what it wants and what it has. */
function containerAmounts(container: Container, { status }: Pod, which: List): Amounts {
  const wanted = amountsOf(container.resources?.[which])
  if (which === 'limits') return wanted
  const known = status?.containerStatuses?.find(({ name }) => name === container.name)
  return largest(wanted, amountsOf(known?.resources?.requests))
}

const podLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

function withPodLevel({ resources }: PodSpec, amounts: Amounts, which: List): Amounts {
  const own = Array.from(amountsOf(resources?.[which])).filter(([name]) => podLevel(name))
  return own.length === 0 ? amounts : new Map([...amounts, ...own])
}

function withOverhead({ overhead }: PodSpec, amounts: Amounts, which: List): Amounts {
  if (overhead === undefined) return amounts
  const all = amountsOf(overhead)
  // Overhead adds to limits only where there is one.
  return plus(amounts, which === 'requests' ? all : new Map(Array.from(all).filter(([name]) => amounts.has(name))))
}

const one = quantityOfUnits(1)

/** Compute amounts under the names that quotas give them. */
export function computeUsage(requests: Amounts, limits: Amounts): Amounts {
  const usage = new Map([['pods', one]])
  for (const [name, amount] of requests) {
    if (['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-')) usage.set(name, amount)
    if (usage.has(name) || mayBeDevices(name)) usage.set(`requests.${name}`, amount)
  }
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const amount = limits.get(name)
    if (amount !== undefined) usage.set(`limits.${name}`, amount)
  }
  return usage
}

/** Whether a pod still takes resources: it has not ended, and was not to be gone by now. */
export function takesResources({ status, metadata }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true
  // The timestamp has the grace in it already; upstream counts it once more, and so do we.
  const { seconds } = parseTime(deletionTimestamp)
  return nowMs <= (seconds + deletionGracePeriodSeconds) * 1000
}

/** Everything that a pod counts for. */
export function podUsage(pod: Pod, nowMs: number): Amounts {
  const count: Amounts = new Map([['count/pods', one]])
  if (!takesResources(pod, nowMs)) return count
  return plus(count, computeUsage(podAmounts(pod, 'requests'), podAmounts(pod, 'limits')))
}

const mustBeSet: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
])

/** What a pod must say because a quota limits it: `must specify …`, or undefined when it says it. */
export function podConstraint({ spec }: Pod, limited: readonly string[]): string | undefined {
  if (spec.resources?.requests !== undefined || spec.resources?.limits !== undefined) return undefined
  const missing = missingAmounts(spec, new Set(limited.filter((name) => mustBeSet.has(name))))
  if (missing.size === 0) return undefined
  const texts = Array.from(missing.keys())
    .toSorted()
    .map((resource) => `${resource} for: ${(missing.get(resource) ?? []).toSorted().join(',')}`)
  return `must specify ${texts.join('; ')}`
}

/** The containers that do not say what is required, by the resource. */
function missingAmounts(spec: PodSpec, required: ReadonlySet<string>): ReadonlyMap<string, string[]> {
  const missing = new Map<string, string[]>()
  for (const { name, resources } of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const said = computeUsage(amountsOf(resources?.requests), amountsOf(resources?.limits))
    for (const resource of required)
      if (!said.has(resource)) missing.set(resource, [...(missing.get(resource) ?? []), name])
  }
  return missing
}
