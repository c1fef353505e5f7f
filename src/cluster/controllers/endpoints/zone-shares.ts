/**
 * How many endpoints of a service each zone ought to have, by the CPU of its nodes (endpointslice/topologycache, v1.36). Pure.
 */
import { parseQuantity, quantityMillis } from '#base/data/quantity.ts'
import type { Node } from '#spec/kubernetes/objects/core-v1.generated.ts'

/** The most that any endpoint may get above its fair share. */
const overloadMost = 0.2

/** Parts of one by zone; undefined where the nodes do not say enough, or lie in one zone. */
export type ZoneRatios = ReadonlyMap<string, number> | undefined

/** What one zone gets. */
export interface ZoneShare {
  readonly least: number
  readonly most: number
  readonly desired: number
}

const controlPlane = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

function isCounted({ metadata, status }: Node): boolean {
  if (controlPlane.some((label) => metadata.labels?.[label] !== undefined)) return false
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
}

/** What a node adds to its zone; undefined for nodes that do not count. */
export function capacityOf(node: Node): { readonly zone: string; readonly cpuMillis: number } | undefined {
  if (!isCounted(node)) return undefined
  const { metadata, status } = node
  const cpuMillis = Number(quantityMillis(parseQuantity(status?.allocatable?.['cpu'] ?? '0')))
  return { zone: metadata.labels?.['topology.kubernetes.io/zone'] ?? '', cpuMillis }
}

/** The zones' parts of the CPU of all ready nodes, but those of control planes. */
export function zoneRatios(nodes: readonly Node[]): ZoneRatios {
  const millis = new Map<string, number>()
  let total = 0
  for (const { zone, cpuMillis } of nodes.flatMap((node) => capacityOf(node) ?? [])) {
    if (zone === '' || cpuMillis === 0) return undefined
    millis.set(zone, (millis.get(zone) ?? 0) + cpuMillis)
    total += cpuMillis
  }
  if (millis.size < 2) return undefined
  return new Map(Array.from(millis, ([zone, cpu]) => [zone, cpu / total]))
}

/** The least of `count` endpoints that a zone of this ratio needs so that none of them gets too much. */
function leastOf(count: number, ratio: number): number {
  return Math.ceil(count * ratio * (1 / (1 + overloadMost)))
}

/** Shares of ready endpoints by zone, or why they cannot be shared out. */
export function zoneShares(
  ratios: ZoneRatios,
  count: number,
): ReadonlyMap<string, ZoneShare> | { readonly problem: string } {
  if (ratios === undefined)
    return { problem: 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes' }
  const numbers = `(${count} endpoints, ${ratios.size} zones)`
  if (ratios.size > count) return { problem: `Insufficient number of endpoints ${numbers}` }
  const least = new Map(Array.from(ratios, ([zone, ratio]) => [zone, leastOf(count, ratio)]))
  const spare = count - [...least.values()].reduce((sum, number) => sum + number, 0)
  if (spare < 0)
    return {
      problem: `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${numbers}`,
    }
  return new Map(
    Array.from(ratios, ([zone, ratio]) => {
      const number = least.get(zone) ?? 0
      return [zone, { least: number, most: number + spare, desired: Math.max(ratio * count, number) }]
    }),
  )
}

/** Whether a zone has come to have too few of a service's endpoints, by what was allotted. */
export function isOverloaded(allotted: ReadonlyMap<string, number>, ratios: ZoneRatios): boolean {
  if (allotted.size === 0) return false
  if (ratios === undefined) return true
  const count = [...allotted.values()].reduce((sum, number) => sum + number, 0)
  return [...ratios].some(([zone, ratio]) => (allotted.get(zone) ?? -1) < leastOf(count, ratio))
}
