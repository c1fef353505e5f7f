/** What a client means by changing a service whose members hang together (registry/core/service, v1.36). Pure. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, equalJson, listAt, objectAt, textAt } from '../../api-object.ts'
import { hasSameAddresses, textsOf } from './service-families.ts'
import { hasNodePorts, healthPortOf, needsHealthPort, nodePortsOf } from './service-ports.ts'

const typeOf = (service: ApiObject): string => textAt(service, 'spec', 'type')
const hasAddresses = (service: ApiObject): boolean => typeOf(service) !== 'ExternalName'

function withSpec(service: ApiObject, change: JsonObject): ApiObject {
  const entries = Object.entries({ ...objectAt(service, 'spec'), ...change })
  return { ...service, spec: Object.fromEntries(entries.filter(([, value]) => value !== undefined)) }
}

/** A new service that names its one address in the old member only. */
export function withListedAddress(service: ApiObject): ApiObject {
  const clusterIP = textAt(service, 'spec', 'clusterIP')
  if (clusterIP === '' || textsOf(service, 'clusterIPs').length > 0) return service
  return withSpec(service, { clusterIPs: [clusterIP] })
}

/** A client that leaves out what the server once chose keeps it. */
export function keepAllocated(next: ApiObject, old: ApiObject): ApiObject {
  return syncAddresses(keepHealthPort(keepNodePorts(keepAddresses(next, old), old), old), old)
}

function keepAddresses(next: ApiObject, old: ApiObject): ApiObject {
  if (!hasAddresses(old) || !hasAddresses(next)) return next
  const { clusterIP, clusterIPs } = objectAt(old, 'spec')
  const change: Record<string, unknown> = {}
  if (textAt(next, 'spec', 'clusterIP') === '') change['clusterIP'] = clusterIP
  if (textsOf(next, 'clusterIPs').length === 0) change['clusterIPs'] = clusterIPs
  return withSpec(next, change)
}

function choosesPorts(service: ApiObject): boolean {
  const isBalanced = typeOf(service) === 'LoadBalancer'
  return hasNodePorts(service) && !(isBalanced && objectAt(service, 'spec')['allocateLoadBalancerNodePorts'] === false)
}

/** Ports keep the node port that they had under the same name, unless another one has it now. */
function keepNodePorts(next: ApiObject, old: ApiObject): ApiObject {
  if (!choosesPorts(old) || !choosesPorts(next)) return next
  const named = new Set(nodePortsOf(next))
  const used = new Set(nodePortsOf(old).filter((port) => named.has(port)))
  const known = new Map(listAt(old, 'spec', 'ports').map((port) => [textAt(port, 'name'), port['nodePort']]))
  const ports = listAt(next, 'spec', 'ports').map((port) => {
    const before = known.get(textAt(port, 'name'))
    const isOpen = (port['nodePort'] ?? 0) === 0
    return isOpen && typeof before === 'number' && !used.has(before) ? { ...port, nodePort: before } : port
  })
  return ports.length === 0 ? next : withSpec(next, { ports })
}

function keepHealthPort(next: ApiObject, old: ApiObject): ApiObject {
  const isKept = needsHealthPort(old) && needsHealthPort(next) && healthPortOf(next) === 0
  return isKept ? withSpec(next, { healthCheckNodePort: healthPortOf(old) }) : next
}

/** Clients that know only the first address change only that one: the list follows it. */
function syncAddresses(next: ApiObject, old: ApiObject): ApiObject {
  const [now, before] = [textAt(next, 'spec', 'clusterIP'), textAt(old, 'spec', 'clusterIP')]
  const isUnlisted = textsOf(next, 'clusterIPs').length === 0 && now === before
  const kept =
    isUnlisted && textsOf(old, 'clusterIPs').length > 0
      ? withSpec(next, { clusterIPs: textsOf(old, 'clusterIPs') })
      : next
  if (now === before || !equalJson(textsOf(kept, 'clusterIPs'), textsOf(old, 'clusterIPs'))) return kept
  return withSpec(kept, { clusterIPs: before !== '' && now === '' ? undefined : [now] })
}

const isExternal = (service: ApiObject): boolean =>
  hasNodePorts(service) || (typeOf(service) === 'ClusterIP' && textsAt(service, 'externalIPs').length > 0)

function textsAt(service: ApiObject, member: string): readonly unknown[] {
  const list = objectAt(service, 'spec')[member]
  return Array.isArray(list) ? list : []
}

type Change = Readonly<Record<string, unknown>>

/** Rows of what goes when a type loses something: whether it does, and which members, where the client left them alone. */
function unfitMembers(next: ApiObject, old: ApiObject): readonly (readonly [isLost: boolean, change: Change])[] {
  const loses = (has: (service: ApiObject) => boolean): boolean => has(old) && !has(next)
  const isBalanced = (service: ApiObject): boolean => typeOf(service) === 'LoadBalancer'
  const knownPorts = nodePortsOf(next).every((port) => nodePortsOf(old).includes(port))
  const sameHealth = healthPortOf(next) === healthPortOf(old)
  return [
    [loses(hasAddresses) && hasSameAddresses(next, old), { clusterIP: undefined, clusterIPs: undefined }],
    [
      loses(hasAddresses),
      { ...untouched(next, old, ['ipFamilies', 'ipFamilyPolicy']), internalTrafficPolicy: undefined },
    ],
    [loses(hasNodePorts) && knownPorts, { ports: withoutNodePorts(next) }],
    [loses(needsHealthPort) && sameHealth, { healthCheckNodePort: undefined }],
    [loses(isBalanced), untouched(next, old, ['allocateLoadBalancerNodePorts', 'loadBalancerClass'])],
    [loses(isExternal), untouched(next, old, ['externalTrafficPolicy'])],
  ]
}

function untouched(next: ApiObject, old: ApiObject, members: readonly string[]): Change {
  const [now, before] = [objectAt(next, 'spec'), objectAt(old, 'spec')]
  const same = members.filter((member) => equalJson(now[member], before[member]))
  return Object.fromEntries(same.map((member) => [member, undefined]))
}

/** Members that the new type does not have go, where the client did not change them too. */
export function dropUnfit(next: ApiObject, old: ApiObject): ApiObject {
  const lost = unfitMembers(next, old).filter(([isLost]) => isLost)
  const changed = lost.length === 0 ? next : withSpec(next, Object.assign({}, ...lost.map(([, change]) => change)))
  if (typeOf(next) === 'LoadBalancer') return changed
  return { ...changed, status: { ...objectAt(changed, 'status'), loadBalancer: {} } }
}

function withoutNodePorts(service: ApiObject): readonly JsonObject[] | undefined {
  const ports = listAt(service, 'spec', 'ports').map((port) => {
    const { nodePort: _, ...rest } = port
    return rest
  })
  return ports.length === 0 ? undefined : ports
}
