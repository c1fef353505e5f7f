/** Which devices a node can get, and what is left of what devices share: from the slices that drivers publish. Pure. */
import { addQuantities, compareQuantities, parseQuantity, type Quantity } from '#base/data/quantity.ts'
import type { Node, NodeSelector } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { AllocationResult, Device, ResourceSlice } from '#spec/kubernetes/objects/resource-v1.generated.ts'
import { compileNodeSelector } from './node-match.ts'

export interface Offer {
  readonly driver: string
  readonly pool: string
  readonly device: Device
  /** Where the device can be used; undefined: everywhere. */
  readonly place: { readonly nodeName: string } | { readonly selector: NodeSelector } | undefined
}

/** A device's name in the cluster. */
export function deviceId({
  driver,
  pool,
  device,
}: {
  readonly driver: string
  readonly pool: string
  readonly device: string
}): string {
  return `${driver}/${pool}/${device}`
}

const idOf = ({ driver, pool, device }: Offer): string => deviceId({ driver, pool, device: device.name })

interface Place {
  readonly nodeName?: string
  readonly nodeSelector?: NodeSelector
  readonly allNodes?: boolean
}

function reaches({ nodeName, nodeSelector, allNodes }: Place, node: Node): boolean {
  if (allNodes === true) return true
  if (nodeName !== undefined) return nodeName === node.metadata.name
  return nodeSelector !== undefined && compileNodeSelector(nodeSelector)(node)
}

function placeOf({ nodeName, nodeSelector }: Place): Offer['place'] {
  if (nodeName !== undefined) return { nodeName }
  return nodeSelector === undefined ? undefined : { selector: nodeSelector }
}

/** Slices of the newest generation of each pool, of pools that are published as a whole. */
export function wholePools(slices: readonly ResourceSlice[]): readonly ResourceSlice[] {
  const pools = Map.groupBy(slices, ({ spec }) => `${spec.driver}/${spec.pool.name}`)
  return [...pools.values()].flatMap((pool) => {
    const newest = pool.reduce((most, { spec }) => Math.max(most, spec.pool.generation), 0)
    const current = pool.filter(({ spec }) => spec.pool.generation === newest)
    return current.length === (current[0]?.spec.pool.resourceSliceCount ?? 0) ? current : []
  })
}

/** The devices of whole pools that a node can get, whether somebody has them or not. */
export function offersFor(node: Node, pools: readonly ResourceSlice[]): readonly Offer[] {
  return pools.flatMap(({ spec }) => {
    const isWhole = spec.perDeviceNodeSelection !== true
    if (isWhole && !reaches(spec, node)) return []
    return (spec.devices ?? []).flatMap((device): Offer[] => {
      if (!isWhole && !reaches(device, node)) return []
      return [{ driver: spec.driver, pool: spec.pool.name, device, place: placeOf(isWhole ? spec : device) }]
    })
  })
}

/** Which devices are taken, and how much of the counters that devices share is used up. */
export class TakenDevices {
  readonly #devices: Set<string>
  readonly #limits: ReadonlyMap<string, Quantity>
  readonly #used: Map<string, Quantity>

  private constructor(devices: Set<string>, limits: ReadonlyMap<string, Quantity>, used: Map<string, Quantity>) {
    this.#devices = devices
    this.#limits = limits
    this.#used = used
  }

  /** @param allocations of all claims, those that are only promised too */
  static of(pools: readonly ResourceSlice[], allocations: Iterable<AllocationResult>): TakenDevices {
    const taken = new TakenDevices(new Set(), limitsOf(pools), new Map())
    const known = new Map(
      pools.flatMap(({ spec }) =>
        (spec.devices ?? []).map((device) => {
          const offer = { driver: spec.driver, pool: spec.pool.name, device, place: undefined }
          return [idOf(offer), offer] as const
        }),
      ),
    )
    for (const { devices } of allocations) {
      for (const result of devices?.results ?? []) {
        const offer = known.get(deviceId(result))
        if (result.adminAccess !== true && offer !== undefined) taken.take(offer)
      }
    }
    return taken
  }

  /** The same as of now, for somebody who tries things. */
  copy(): TakenDevices {
    return new TakenDevices(new Set(this.#devices), this.#limits, new Map(this.#used))
  }

  /** True when nobody has the device and enough is left of what it shares with others. */
  isFree(offer: Offer): boolean {
    if (this.#devices.has(idOf(offer))) return false
    return counts(offer).every(([key, amount]) => {
      const limit = this.#limits.get(key)
      const used = this.#used.get(key)
      return (
        limit !== undefined && compareQuantities(used === undefined ? amount : addQuantities(used, amount), limit) <= 0
      )
    })
  }

  take(offer: Offer): void {
    this.#devices.add(idOf(offer))
    this.#count(offer, 1n)
  }

  giveBack(offer: Offer): void {
    this.#devices.delete(idOf(offer))
    this.#count(offer, -1n)
  }

  #count(offer: Offer, by: bigint): void {
    for (const [key, amount] of counts(offer)) {
      const change = { ...amount, nanos: amount.nanos * by }
      const used = this.#used.get(key)
      this.#used.set(key, used === undefined ? change : addQuantities(used, change))
    }
  }
}

/** What there is of each counter. */
function limitsOf(pools: readonly ResourceSlice[]): ReadonlyMap<string, Quantity> {
  const limits = new Map<string, Quantity>()
  for (const { spec } of pools) {
    for (const { name, counters } of spec.sharedCounters ?? []) {
      const set = `${spec.driver}/${spec.pool.name}/${name}`
      for (const [counter, { value }] of Object.entries(counters)) limits.set(`${set}/${counter}`, parseQuantity(value))
    }
  }
  return limits
}

/** What a device uses up of the counters of its pool. */
function counts({ driver, pool, device }: Offer): readonly (readonly [key: string, amount: Quantity])[] {
  return (device.consumesCounters ?? []).flatMap(({ counterSet, counters }) =>
    Object.entries(counters).map(
      ([counter, { value }]) => [`${driver}/${pool}/${counterSet}/${counter}`, parseQuantity(value)] as const,
    ),
  )
}
