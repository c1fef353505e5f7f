/**
 * Chooses devices for the claims of a pod on one node (dynamic-resource-allocation/structured, v1.36): selectors of class and
 * request, taints, alternatives, constraints between requests, and counters that devices share. Pure but for `taken`, which
 * holds what was chosen when the answer is an allocation.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Node, NodeSelector } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type {
  AllocationResult,
  Device,
  DeviceAllocationConfiguration,
  DeviceAttribute,
  DeviceClass,
  DeviceConstraint,
  DeviceRequestAllocationResult,
  DeviceSelector,
  DeviceTaint,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
} from '#spec/kubernetes/objects/resource-v1.generated.ts'
import type { Offer, TakenDevices } from './device-offers.ts'
import type { MatchDevice } from './device-selector.ts'

export interface DeviceMarket {
  readonly offers: readonly Offer[]
  readonly taken: TakenDevices
  readonly deviceClass: (name: string) => DeviceClass | undefined
  readonly matchesDevice: MatchDevice
}

/** Devices tried for one claim on one node at most: constraints between many alike devices must not stop the scheduler. */
const triesMost = 10_000

/** One request that must be met, as one of its alternatives asks for it. */
interface Wanted {
  /** `REQUEST` or `REQUEST/ALTERNATIVE`. */
  readonly name: string
  readonly request: string
  readonly terms: ExactDeviceRequest
}

interface Chosen {
  readonly wanted: Wanted
  readonly offer: Offer
}

/**
 * Devices for a whole claim, or undefined when the node has not enough.
 * @throws GantryError SCHEDULER_DEVICE_SELECTOR for a selector of which nobody can tell whether it suits one of the devices.
 */
export function allocateClaim(claim: ResourceClaim, node: Node, market: DeviceMarket): AllocationResult | undefined {
  const search = new Search(claim, market)
  const requests = (claim.spec.devices?.requests ?? []).map(({ name, exactly, firstAvailable = [] }): Wanted[] =>
    exactly === undefined
      ? firstAvailable.map((terms) => ({ name: `${name}/${terms.name}`, request: name, terms }))
      : [{ name, request: name, terms: exactly }],
  )
  return search.meet(requests) ? resultOf(claim, node, { chosen: search.chosen, market }) : undefined
}

class Search {
  readonly chosen: Chosen[] = []
  readonly #constraints: readonly DeviceConstraint[]
  readonly #claim: ResourceClaim
  readonly #market: DeviceMarket
  #tries = 0

  constructor(claim: ResourceClaim, market: DeviceMarket) {
    this.#constraints = claim.spec.devices?.constraints ?? []
    this.#claim = claim
    this.#market = market
  }

  /** Meets all requests, each by the first of its alternatives that leaves enough for the rest. */
  meet(requests: readonly (readonly Wanted[])[]): boolean {
    const [alternatives, ...rest] = requests
    if (alternatives === undefined) return true
    return alternatives.some((wanted) => this.#meetOne(wanted, () => this.meet(rest)))
  }

  #meetOne(wanted: Wanted, andThen: () => boolean): boolean {
    const suitable = this.#suitable(wanted.terms)
    const isAll = wanted.terms.allocationMode === 'All'
    const count = isAll ? suitable.length : (wanted.terms.count ?? 1)
    if (count === 0 || suitable.length < count) return false
    return this.#pick(wanted, { from: suitable, count, mustTakeEach: isAll }, andThen)
  }

  #pick(
    wanted: Wanted,
    {
      from,
      count,
      mustTakeEach,
    }: { readonly from: readonly Offer[]; readonly count: number; readonly mustTakeEach: boolean },
    andThen: () => boolean,
  ): boolean {
    if (count === 0) return andThen()
    const isAdmin = wanted.terms.adminAccess === true
    for (const [index, offer] of from.entries()) {
      if (from.length - index < count || ++this.#tries > triesMost) return false
      if ((isAdmin || this.#market.taken.isFree(offer)) && this.#agrees(wanted, offer)) {
        this.chosen.push({ wanted, offer })
        if (!isAdmin) this.#market.taken.take(offer)
        if (this.#pick(wanted, { from: from.slice(index + 1), count: count - 1, mustTakeEach }, andThen)) return true
        this.chosen.pop()
        if (!isAdmin) this.#market.taken.giveBack(offer)
      }
      if (mustTakeEach) return false
    }
    return false
  }

  /** Devices that the request's class, selectors and tolerations allow. */
  #suitable({ deviceClassName, selectors = [], tolerations = [] }: ExactDeviceRequest): readonly Offer[] {
    const deviceClass = this.#market.deviceClass(deviceClassName)
    if (deviceClass === undefined) return []
    const { namespace = '', name } = this.#claim.metadata
    return this.#market.offers.filter(
      (offer) =>
        (offer.device.taints ?? []).every((taint) => isTolerated(taint, tolerations)) &&
        this.#matches(deviceClass.spec.selectors ?? [], offer, `class ${deviceClassName}`) &&
        this.#matches(selectors, offer, `claim ${namespace}/${name}`),
    )
  }

  #matches(selectors: readonly DeviceSelector[], { device, driver }: Offer, whose: string): boolean {
    return selectors.every((selector, index) => {
      const answer = this.#market.matchesDevice(selector, device, driver)
      if (typeof answer === 'boolean') return answer
      throw new GantryError('SCHEDULER_DEVICE_SELECTOR', 'invalid', `${whose}: selector #${index}: ${answer.fault}`, {
        remedy: 'Ask for what a device has before you look at it: "name" in device.attributes["driver"].',
      })
    })
  }

  /** True when a device has what all devices of a constraint must have in common. */
  #agrees(wanted: Wanted, offer: Offer): boolean {
    return this.#constraints.every(({ requests = [], matchAttribute }) => {
      const concerns = ({ name, request }: Wanted): boolean =>
        requests.length === 0 || requests.includes(name) || requests.includes(request)
      if (matchAttribute === undefined || !concerns(wanted)) return true
      const value = attributeText(offer, matchAttribute)
      const other = this.chosen.find((one) => concerns(one.wanted))
      return value !== undefined && (other === undefined || attributeText(other.offer, matchAttribute) === value)
    })
  }
}

/** True when a taint keeps nobody away, or one of the tolerations is for it. */
export function isTolerated(
  { key, value = '', effect }: DeviceTaint,
  tolerations: readonly DeviceToleration[],
): boolean {
  if (effect === 'None') return true
  return tolerations.some((one) => {
    if (one.effect !== undefined && one.effect !== effect) return false
    if ((one.key ?? '') !== '' && one.key !== key) return false
    return one.operator === 'Exists' || ((one.key ?? '') !== '' && (one.value ?? '') === value)
  })
}

/** An attribute by its full name; the driver's own may be listed without its domain. */
function attributeText({ device, driver }: Offer, name: string): string | undefined {
  const own = name.startsWith(`${driver}/`) ? name.slice(driver.length + 1) : undefined
  const attribute: DeviceAttribute | undefined =
    device.attributes?.[name] ?? (own === undefined ? undefined : device.attributes?.[own])
  return attribute === undefined ? undefined : JSON.stringify(attribute)
}

function resultOf(
  claim: ResourceClaim,
  node: Node,
  { chosen, market }: { readonly chosen: readonly Chosen[]; readonly market: DeviceMarket },
): AllocationResult {
  const config = configOf(claim, chosen, market)
  const nodeSelector = placesOf(chosen, node)
  return {
    devices: { results: chosen.map(asResult), ...(config.length === 0 ? {} : { config }) },
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
  }
}

function asResult({ wanted, offer }: Chosen): DeviceRequestAllocationResult {
  const { adminAccess, tolerations } = wanted.terms
  const { driver, pool, device } = offer
  return {
    request: wanted.name,
    driver,
    pool,
    device: device.name,
    ...(adminAccess === true ? { adminAccess } : {}),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...conditionsOf(device),
  }
}

function conditionsOf({ bindingConditions, bindingFailureConditions }: Device): object {
  return {
    ...(bindingConditions === undefined ? {} : { bindingConditions }),
    ...(bindingFailureConditions === undefined ? {} : { bindingFailureConditions }),
  }
}

/** What drivers are told: the configuration of the classes that were used, then the claim's own for what was chosen. */
function configOf(
  claim: ResourceClaim,
  chosen: readonly Chosen[],
  { deviceClass }: DeviceMarket,
): readonly DeviceAllocationConfiguration[] {
  const used = new Map(chosen.map(({ wanted }) => [wanted.name, wanted]))
  const fromClasses = [...used.values()].flatMap(({ name, terms }) =>
    (deviceClass(terms.deviceClassName)?.spec.config ?? []).map(
      (config) => ({ source: 'FromClass', requests: [name], ...config }) as const,
    ),
  )
  const isUsed = (name: string): boolean => [...used.values()].some((one) => one.name === name || one.request === name)
  const fromClaim = (claim.spec.devices?.config ?? [])
    .filter(({ requests = [] }) => requests.length === 0 || requests.some(isUsed))
    .map((config) => ({ source: 'FromClaim', ...config }) as const)
  return [...fromClasses, ...fromClaim]
}

/** Where the claim can be used: on this node when any device is local, else where the devices say, else everywhere. */
function placesOf(chosen: readonly Chosen[], node: Node): NodeSelector | undefined {
  const places = chosen.flatMap(({ offer }) => offer.place ?? [])
  const selectors = places.flatMap((place) => ('selector' in place ? [place.selector] : []))
  if (places.length === 0) return undefined
  const [first, ...others] = selectors
  const isOne = first !== undefined && others.every((one) => JSON.stringify(one) === JSON.stringify(first))
  if (isOne && selectors.length === places.length) return first
  return {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }] }],
  }
}
