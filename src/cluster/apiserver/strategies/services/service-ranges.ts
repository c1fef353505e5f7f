/** From which ranges services get addresses: the server's own and those of ServiceCIDR objects that are ready. */
import { type ApiObject, listAt, objectAt, textAt } from '../../api-object.ts'
import type { StrategyView } from '../strategy-view.ts'
import { type AddressBlock, type AddressFamily, addressBlock, canonicalAddress, familyOf } from './address-blocks.ts'

const ranges = 'networking.k8s.io/servicecidrs'
const addresses = 'networking.k8s.io/ipaddresses'
const services = '/services'

/** The families that services may have, the usual one first: those of the server's own ranges. */
export function serviceFamilies(view: StrategyView): readonly AddressFamily[] {
  return [...new Set(view.config.serviceCidrs.map(familyOf))]
}

/** The blocks of a family, the server's own first. */
export function serviceBlocks(view: StrategyView, family: AddressFamily): readonly AddressBlock[] {
  const others = view.list(ranges, '').filter(isReady).flatMap(blocksOf)
  const all = new Set([...view.config.serviceCidrs, ...others])
  return [...all].filter((cidr) => familyOf(cidr) === family).flatMap((cidr) => addressBlock(cidr) ?? [])
}

function blocksOf(range: ApiObject): readonly string[] {
  const { cidrs } = objectAt(range, 'spec')
  return Array.isArray(cidrs) ? (cidrs as readonly string[]) : []
}

function isReady(range: ApiObject): boolean {
  const ready = listAt(range, 'status', 'conditions').find((one) => one['type'] === 'Ready')
  return range.metadata.deletionTimestamp === undefined && ready?.['status'] === 'True'
}

/** The cluster addresses of a service; none for one without, and none of those that name another host. */
export function clusterAddressesOf(service: ApiObject | undefined): readonly string[] {
  const { clusterIP, clusterIPs, type } = objectAt(service, 'spec')
  if (type === 'ExternalName') return []
  const listed = Array.isArray(clusterIPs) && clusterIPs.length > 0 ? (clusterIPs as readonly string[]) : [clusterIP]
  return listed.flatMap((one) =>
    typeof one === 'string' && one !== '' && one !== 'None' ? [canonicalAddress(one)] : [],
  )
}

/** Whether somebody other than a service has an address: what an IPAddress object says, unless its service is gone. */
export function isHeldByOther(view: StrategyView, address: string, service?: ApiObject): boolean {
  const held = view.find(addresses, '', address)
  if (held === undefined) return false
  const parent = objectAt(held, 'spec', 'parentRef')
  const [namespace, name] = [textAt(parent, 'namespace'), textAt(parent, 'name')]
  if (textAt(parent, 'group') !== '' || textAt(parent, 'resource') !== 'services') return true
  if (service !== undefined && service.metadata.namespace === namespace && service.metadata.name === name) return false
  return clusterAddressesOf(view.find(services, namespace, name)).includes(address)
}
