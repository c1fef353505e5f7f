/**
 * Hints for services of `service.kubernetes.io/topology-mode: Auto`: every endpoint serves the zone where it is, but for
 * those that zones with too many give to zones with too few (endpointslice/topologycache, v1.36). Pure.
 */
import type { Endpoint } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import type { ZoneShare } from './zone-shares.ts'

type Shares = ReadonlyMap<string, ZoneShare>

/** The zone of each endpoint that is ready, by its place in the list, and how many each zone got. */
export interface Allotment {
  readonly zones: readonly (string | undefined)[]
  readonly allotted: ReadonlyMap<string, number>
}

const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready === true

function countZones(zones: readonly (string | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const zone of zones) if (zone !== undefined) counts.set(zone, (counts.get(zone) ?? 0) + 1)
  return counts
}

/** What stands in the endpoints' hints, where it is still right: every ready one has one, and no zone more than it may. */
export function keptAllotment(endpoints: readonly Endpoint[], shares: Shares): Allotment | undefined {
  const zones = endpoints.map((endpoint) => (isReady(endpoint) ? endpoint.hints?.forZones?.[0]?.name : undefined))
  if (endpoints.some((endpoint, index) => isReady(endpoint) && zones[index] === undefined)) return undefined
  const allotted = countZones(zones)
  return [...allotted].some(([zone, count]) => count > (shares.get(zone)?.most ?? 0)) ? undefined : { zones, allotted }
}

/** Allots all anew; undefined where a ready endpoint is in no zone. */
export function newAllotment(endpoints: readonly Endpoint[], shares: Shares): Allotment | undefined {
  const zones = endpoints.map((endpoint) => (isReady(endpoint) ? (endpoint.zone ?? '') : undefined))
  if (zones.includes('')) return undefined
  const { giving, receiving } = moves(shares, countZones(zones))
  for (const [index, zone] of zones.entries()) {
    const left = zone === undefined ? 0 : (giving.get(zone) ?? 0)
    const [receiver] = [...receiving].find(([, count]) => count > 0) ?? []
    if (zone === undefined || left === 0 || receiver === undefined) continue
    zones[index] = receiver
    giving.set(zone, left - 1)
    receiving.set(receiver, (receiving.get(receiver) ?? 0) - 1)
  }
  return { zones, allotted: countZones(zones) }
}

interface Moves {
  readonly giving: Map<string, number>
  readonly receiving: Map<string, number>
}

/** How many endpoints zones give and get: one after the other from where most is too much to where most is missing. */
function moves(shares: Shares, now: ReadonlyMap<string, number>): Moves {
  const surplus = new Map(Array.from(shares, ([zone, { desired }]) => [zone, (now.get(zone) ?? 0) - desired]))
  const giving = new Map<string, number>()
  const receiving = new Map<string, number>()
  for (;;) {
    const from = extreme(surplus, 1)
    const to = extreme(surplus, -1)
    if (from === undefined || to === undefined || Math.max(from.by, to.by) < 1 || Math.min(from.by, to.by) < 0.5) break
    for (const [{ zone }, sign, counts] of [[from, -1, giving] as const, [to, 1, receiving] as const]) {
      counts.set(zone, (counts.get(zone) ?? 0) + 1)
      surplus.set(zone, (surplus.get(zone) ?? 0) + sign)
    }
  }
  return { giving, receiving }
}

/** The zone that is furthest above (1) or below (-1) what it ought to have. */
function extreme(
  surplus: ReadonlyMap<string, number>,
  sign: 1 | -1,
): { readonly zone: string; readonly by: number } | undefined {
  let found: { readonly zone: string; readonly by: number } | undefined
  for (const [zone, number] of surplus) if (number * sign > (found?.by ?? 0)) found = { zone, by: number * sign }
  return found
}
