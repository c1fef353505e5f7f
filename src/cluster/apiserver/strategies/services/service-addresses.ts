/** Gives a service its cluster addresses, one of each of its families; what it names itself must be free and in range. */
import { invalid as invalidField } from '#spec/kubernetes/validation/field-errors.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { type ApiObject, objectAt, textAt } from '../../api-object.ts'
import type { StrategyView } from '../strategy-view.ts'
import { internalError, invalid } from '../../status-errors.ts'
import { type AddressFamily, blockContains, canonicalAddress, familyOf } from './address-blocks.ts'
import { keepsFamilies, textsOf } from './service-families.ts'
import { clusterAddressesOf, isHeldByOther, serviceBlocks } from './service-ranges.ts'
import type { StrategyContext } from '../strategy.ts'

const storage = '/services'

/** Which of a service's addresses are to be found: all that are new to it. */
function isWanted(service: ApiObject, old: ApiObject | undefined): (index: number) => boolean {
  if (textAt(service, 'spec', 'type') === 'ExternalName' || keepsFamilies(service, old)) return () => false
  if (textsOf(service, 'clusterIPs')[0] === 'None') return () => false
  if (old === undefined || textAt(old, 'spec', 'type') === 'ExternalName') return () => true
  if (textsOf(old, 'clusterIPs')[0] === 'None') return () => false
  const isMore = textsOf(old, 'ipFamilies').length === 1 && textsOf(service, 'ipFamilies').length === 2
  return (index) => isMore && index === 1
}

/** The service with all of its addresses. @throws 422 for one that it cannot have, 500 when none is left. */
export function withClusterAddresses(
  service: ApiObject,
  old: ApiObject | undefined,
  context: StrategyContext,
): ApiObject {
  const isNew = isWanted(service, old)
  const families = textsOf(service, 'ipFamilies') as readonly AddressFamily[]
  const given = families.map((_, index) => textsOf(service, 'clusterIPs')[index] ?? '')
  if (!families.some((_, index) => isNew(index))) return service
  const addresses = families.map((family, index) => {
    const address = given[index] ?? ''
    if (!isNew(index)) return address
    if (address === '') return nextAddress(service, family, context)
    const why = refusal(context, service, { address: canonicalAddress(address), family })
    if (why !== undefined) throw refused(service, given, `failed to allocate IP ${address}: ${why}`)
    context.defer(context.view.allocations.addresses.reserve(canonicalAddress(address)))
    return address
  })
  return { ...service, spec: { ...objectAt(service, 'spec'), clusterIP: addresses[0] ?? '', clusterIPs: addresses } }
}

function refused(service: ApiObject, given: readonly string[], why: string): Error {
  const subject = { group: '', resource: 'Service', name: service.metadata.name }
  return invalid(subject, [invalidField(path('spec', 'clusterIPs'), given, why)])
}

function nextAddress(service: ApiObject, family: AddressFamily, { view, defer }: StrategyContext): string {
  const taken = takenAddresses(view)
  const pool = view.allocations.addresses
  for (const block of serviceBlocks(view, family)) {
    const chosen = pool.choose(block, (address) => taken.has(address) || isHeldByOther(view, address))
    if (chosen === undefined) continue
    defer(pool.reserve(chosen))
    return chosen
  }
  const name = JSON.stringify(service.metadata.name ?? '')
  throw internalError(`failed to allocate a serviceIP for Service ${name}: range is full`)
}

function takenAddresses(view: StrategyView): ReadonlySet<string> {
  return new Set(view.list(storage, '').flatMap(clusterAddressesOf))
}

interface Named {
  readonly address: string
  readonly family: AddressFamily
}

function refusal(
  { view, dryRun }: StrategyContext,
  service: ApiObject,
  { address, family }: Named,
): string | undefined {
  if (!serviceBlocks(view, family).some((block) => blockContains(block, address))) {
    if (!dryRun) return 'the provided network does not match the current range'
    const range = view.config.serviceCidrs.find((cidr) => familyOf(cidr) === family) ?? ''
    return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${range}`
  }
  // A dry run takes no address, so it finds none taken either.
  if (dryRun) return undefined
  const other = view
    .list(storage, '')
    .find((one) => one.metadata.uid !== service.metadata.uid && clusterAddressesOf(one).includes(address))
  const isTaken =
    other !== undefined || isHeldByOther(view, address, service) || view.allocations.addresses.isReserved(address)
  return isTaken ? 'provided IP is already allocated' : undefined
}
