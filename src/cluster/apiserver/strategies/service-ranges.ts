/** From which ranges services get addresses: the server's own and those of ServiceCIDR objects that are ready. IPv4. */
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import type { ClusterView } from '../cluster-view.ts'
import { addressNumber, addressRange, addressText, type NumberRange } from './allocations.ts'

const ranges = 'networking.k8s.io/servicecidrs'
const addresses = 'networking.k8s.io/ipaddresses'
const services = '/services'

/** The ranges, the server's own first. */
export function serviceRanges(view: ClusterView): readonly NumberRange[] {
  const { serviceCidr } = view.config
  const own = view.list(ranges, '').filter(isReady).flatMap(blocksOf)
  const others = own.filter((block) => block !== serviceCidr && !block.includes(':'))
  return [serviceCidr, ...new Set(others)].map(addressRange)
}

function blocksOf(range: ApiObject): readonly string[] {
  const { cidrs } = objectAt(range, 'spec')
  return Array.isArray(cidrs) ? (cidrs as readonly string[]) : []
}

function isReady(range: ApiObject): boolean {
  const ready = listAt(range, 'status', 'conditions').find((one) => one['type'] === 'Ready')
  return range.metadata.deletionTimestamp === undefined && ready?.['status'] === 'True'
}

/** Whether somebody other than a service has an address: what an IPAddress object says, unless its service is gone. */
export function isHeldByOther(view: ClusterView, address: number, service?: ApiObject): boolean {
  const held = view.find(addresses, '', addressText(address))
  if (held === undefined) return false
  const parent = objectAt(held, 'spec', 'parentRef')
  const [namespace, name] = [textAt(parent, 'namespace'), textAt(parent, 'name')]
  if (textAt(parent, 'group') !== '' || textAt(parent, 'resource') !== 'services') return true
  if (service !== undefined && service.metadata.namespace === namespace && service.metadata.name === name) return false
  const owner = view.find(services, namespace, name)
  return owner !== undefined && addressNumber(textAt(owner, 'spec', 'clusterIP')) === address
}
