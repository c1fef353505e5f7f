/** Hints by capacity for the services of one controller: what they are told, and which of them nodes that come and go concern. */
import type { Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Endpoint, EndpointSlice } from '#spec/kubernetes/objects/discovery-v1.generated.ts'
import type { EventText } from '#kit/reconcile/plan.ts'
import { keyOf } from '#kit/reconcile/object-key.ts'
import { type Allotment, keptAllotment, newAllotment } from './allot-zones.ts'
import { type AddressFamily, isSpreadByCapacity, type PodEndpoint } from './desired-endpoints.ts'
import { endpointIdentity } from './plan-slices.ts'
import { isOverloaded, type ZoneRatios, zoneShares } from './zone-shares.ts'

export interface Hinted {
  readonly wanted: readonly PodEndpoint[]
  readonly events: readonly EventText[]
}

const disabled = 'TopologyAwareHintsDisabled'

/** Remembers which services have hints, and how many endpoints each zone got. */
export class TopologyHints {
  readonly #allotted = new Map<string, Map<AddressFamily, ReadonlyMap<string, number>>>()

  /** True while some service has hints by capacity. */
  get isInUse(): boolean {
    return this.#allotted.size > 0
  }

  forget(key: string): void {
    this.#allotted.delete(key)
  }

  /** Services of which a zone has too few endpoints, now that the zones are these. */
  overloaded(ratios: ZoneRatios): readonly string[] {
    return [...this.#allotted].flatMap(([key, byFamily]) =>
      [...byFamily.values()].some((allotted) => isOverloaded(allotted, ratios)) ? [key] : [],
    )
  }

  /** The endpoints of a service in the order of its slices, with hints where it wants them by capacity. */
  hint(
    service: Service,
    wanted: readonly PodEndpoint[],
    {
      family,
      own,
      ratios,
    }: { readonly family: AddressFamily; readonly own: readonly EndpointSlice[]; readonly ratios: () => ZoneRatios },
  ): Hinted {
    const key = keyOf(service)
    const told = (type: EventText['type'], reason: string, message: string): readonly EventText[] => [
      { type, reason, message: `${message}, addressType: ${family}` },
    ]
    if (!isSpreadByCapacity(service)) {
      const wasHinted = this.#drop(key, family)
      return { wanted, events: wasHinted ? told('Warning', disabled, 'Topology Aware Hints has been disabled') : [] }
    }
    const ordered = inOrder(wanted, own)
    const shares = zoneShares(ratios(), ordered.filter(({ endpoint }) => endpoint.conditions?.ready === true).length)
    if ('problem' in shares) {
      this.#drop(key, family)
      return { wanted: ordered, events: told('Warning', disabled, shares.problem) }
    }
    const known = new Map(own.flatMap(({ endpoints }) => (endpoints ?? []).map((one) => [endpointIdentity(one), one])))
    const endpoints = ordered.map(({ endpoint }) => withHintsOf(endpoint, known.get(endpointIdentity(endpoint))))
    const allotment = keptAllotment(endpoints, shares) ?? newAllotment(endpoints, shares)
    if (allotment === undefined) {
      this.#drop(key, family)
      const message = 'One or more endpoints do not have a zone specified'
      return { wanted: ordered, events: told('Warning', disabled, message) }
    }
    const events = this.#allotted.has(key)
      ? []
      : told('Normal', 'TopologyAwareHintsEnabled', 'Topology Aware Hints has been enabled')
    this.#keep(key, family, allotment)
    return { wanted: withZones(ordered, allotment), events }
  }

  #keep(key: string, family: AddressFamily, { allotted }: Allotment): void {
    const byFamily = this.#allotted.get(key) ?? new Map<AddressFamily, ReadonlyMap<string, number>>()
    this.#allotted.set(key, byFamily.set(family, allotted))
  }

  #drop(key: string, family: AddressFamily): boolean {
    const byFamily = this.#allotted.get(key)
    const wasThere = byFamily?.delete(family) === true
    if (byFamily?.size === 0) this.#allotted.delete(key)
    return wasThere
  }
}

/** Those that are in slices already come first, as they stand there. */
function inOrder(wanted: readonly PodEndpoint[], own: readonly EndpointSlice[]): readonly PodEndpoint[] {
  const places = new Map(own.flatMap(({ endpoints }) => endpoints ?? []).map((one, at) => [endpointIdentity(one), at]))
  const placeOf = ({ endpoint }: PodEndpoint): number => places.get(endpointIdentity(endpoint)) ?? Infinity
  const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)
  return wanted.toSorted((a, b) => compare(placeOf(a), placeOf(b)))
}

function withHintsOf(endpoint: Endpoint, known: Endpoint | undefined): Endpoint {
  return known?.hints === undefined ? endpoint : { ...endpoint, hints: known.hints }
}

function withZones(wanted: readonly PodEndpoint[], { zones }: Allotment): readonly PodEndpoint[] {
  return wanted.map((one, index) => {
    const name = zones[index]
    return name === undefined ? one : { ...one, endpoint: { ...one.endpoint, hints: { forZones: [{ name }] } } }
  })
}
