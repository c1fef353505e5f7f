/** Services: cluster addresses and node ports are given out on create, kept on update, given back when the type changes. */
import { type ApiObject, equalJson, listAt, objectAt, textAt } from '../api-object.ts'
import type { Cause } from '../status-errors.ts'
import { addressNumber, addressText } from './allocations.ts'
import { isHeldByOther, serviceRanges } from './service-ranges.ts'
import type { Strategy, StrategyContext } from './strategy.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

const storage = '/services'
const headless = 'None'
const withNodePorts: ReadonlySet<string> = new Set(['NodePort', 'LoadBalancer'])

export const serviceStrategy: Partial<Strategy> = {
  prepareCreate: (service, context) => {
    const prepared = { ...service, status: { loadBalancer: {} } }
    return allocate(prepared, undefined, context)
  },
  prepareUpdate: (next, old, context) => allocate(keepAddresses(next, old), old, context),
  checkCreate: (service, context) => [...addressCauses(service, undefined, context), ...portCauses(service, context)],
  checkUpdate: (next, old, context) => addressCauses(next, old, context),
}

/** A PUT that leaves out what the server once chose keeps it. */
// oxlint-disable-next-line complexity -- independent checks, one after the other
function keepAddresses(next: ApiObject, old: ApiObject): ApiObject {
  const spec = objectAt(next, 'spec')
  const before = objectAt(old, 'spec')
  const was = textAt(old, 'spec', 'type')
  const is = textAt(next, 'spec', 'type')
  if (is === 'ExternalName') return was === 'ExternalName' ? next : withoutAddresses(next)
  const kept: Record<string, unknown> = { ...spec }
  if (was !== 'ExternalName') {
    for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
      if (spec[name] === undefined || spec[name] === '') kept[name] = before[name]
    }
  }
  // A client that knows only the first address changes only that one: the list follows it.
  const isStale = spec['clusterIP'] !== before['clusterIP'] && equalJson(spec['clusterIPs'], before['clusterIPs'])
  if (isStale && textAt(spec, 'clusterIP') !== '') kept['clusterIPs'] = [spec['clusterIP']]
  if (withNodePorts.has(was) && withNodePorts.has(is)) kept['ports'] = keepNodePorts(spec, before)
  if (withNodePorts.has(was) && !withNodePorts.has(is)) kept['ports'] = dropNodePorts(spec, before)
  if (was === 'LoadBalancer' && is !== 'LoadBalancer') {
    for (const name of ['allocateLoadBalancerNodePorts', 'loadBalancerClass']) Reflect.deleteProperty(kept, name)
  }
  if (withNodePorts.has(was) && is === 'ClusterIP') Reflect.deleteProperty(kept, 'externalTrafficPolicy')
  return { ...next, spec: kept }
}

function withoutAddresses(service: ApiObject): ApiObject {
  const { clusterIP: _, clusterIPs: __, ipFamilies: ___, ipFamilyPolicy: ____, ...spec } = objectAt(service, 'spec')
  return { ...service, spec }
}

const portName = (port: JsonObject): string => `${textAt(port, 'protocol') || 'TCP'}/${Number(port['port'])}`

function keepNodePorts(spec: JsonObject, before: JsonObject): readonly JsonObject[] {
  const known = new Map(listAt(before, 'ports').map((port) => [portName(port), port['nodePort']]))
  return listAt(spec, 'ports').map((port) => {
    const nodePort = port['nodePort'] ?? known.get(portName(port))
    return nodePort === undefined ? port : { ...port, nodePort }
  })
}

/** Ports that were given out go; one that the client changes in the same request is the client's mistake to see. */
function dropNodePorts(spec: JsonObject, before: JsonObject): readonly JsonObject[] {
  const known = new Set(listAt(before, 'ports').map((port) => port['nodePort']))
  return listAt(spec, 'ports').map((port) => {
    if (!known.has(port['nodePort'])) return port
    const { nodePort: _, ...rest } = port
    return rest
  })
}

function allocate(service: ApiObject, old: ApiObject | undefined, context: StrategyContext): ApiObject {
  const type = textAt(service, 'spec', 'type')
  if (type === 'ExternalName') return service
  return withPorts(withAddress(withFamilies(service), context), old, context)
}

function withFamilies(service: ApiObject): ApiObject {
  const spec = objectAt(service, 'spec')
  const ipFamilies = Array.isArray(spec['ipFamilies']) ? spec['ipFamilies'] : ['IPv4']
  const isHeadlessWithoutSelector = spec['clusterIP'] === headless && spec['selector'] === undefined
  const policy = spec['ipFamilyPolicy'] ?? (isHeadlessWithoutSelector ? 'RequireDualStack' : 'SingleStack')
  const families = policy === 'RequireDualStack' && isHeadlessWithoutSelector ? ['IPv4', 'IPv6'] : ipFamilies
  return { ...service, spec: { ...spec, ipFamilies: families, ipFamilyPolicy: policy } }
}

function withAddress(service: ApiObject, { view, defer }: StrategyContext): ApiObject {
  const spec = objectAt(service, 'spec')
  const listed = Array.isArray(spec['clusterIPs']) ? (spec['clusterIPs'] as readonly unknown[]) : []
  let clusterIP = textAt(spec, 'clusterIP') || (typeof listed[0] === 'string' ? listed[0] : '')
  if (clusterIP === '') {
    const pool = view.allocations.addresses
    const taken = new Set(view.list(storage, '').map((other) => addressNumber(textAt(other, 'spec', 'clusterIP'))))
    const isTaken = (value: number): boolean => taken.has(value) || isHeldByOther(view, value)
    const chosen = firstOf(serviceRanges(view), (range) => pool.choose(isTaken, range))
    if (chosen === undefined) return service
    defer(pool.reserve(chosen))
    clusterIP = addressText(chosen)
  }
  return { ...service, spec: { ...spec, clusterIP, clusterIPs: listed.length > 0 ? listed : [clusterIP] } }
}

/** The first answer that is one. */
function firstOf<T, R>(list: readonly T[], ask: (one: T) => R | undefined): R | undefined {
  for (const one of list) {
    const answer = ask(one)
    if (answer !== undefined) return answer
  }
  return undefined
}

function withPorts(service: ApiObject, old: ApiObject | undefined, { view, defer }: StrategyContext): ApiObject {
  const spec = objectAt(service, 'spec')
  const type = textAt(spec, 'type')
  if (!withNodePorts.has(type)) return service
  if (type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] === false) return service
  const mine = (other: ApiObject): boolean => other.metadata.uid === (old ?? service).metadata.uid
  const taken = new Set(
    view
      .list(storage, '')
      .flatMap((other) => (mine(other) ? [] : listAt(other, 'spec', 'ports').map((p) => p['nodePort']))),
  )
  const pool = view.allocations.nodePorts
  const wanted = new Set(listAt(spec, 'ports').map((port) => port['nodePort']))
  const ports = listAt(spec, 'ports').map((port) => {
    if (typeof port['nodePort'] === 'number' && port['nodePort'] !== 0) return port
    const nodePort = pool.choose((value) => taken.has(value) || wanted.has(value))
    if (nodePort === undefined) return port
    defer(pool.reserve(nodePort))
    return { ...port, nodePort }
  })
  return { ...service, spec: { ...spec, ports } }
}

/** An address of the client's choice must be free and in the range. */
function addressCauses(service: ApiObject, old: ApiObject | undefined, { view }: StrategyContext): readonly Cause[] {
  const address = textAt(service, 'spec', 'clusterIP')
  if (address === '' || address === headless || address === textAt(old, 'spec', 'clusterIP')) return []
  if (textAt(service, 'spec', 'type') === 'ExternalName') return []
  const value = addressNumber(address)
  if (Number.isNaN(value)) return []
  const quoted = JSON.stringify([address])
  const failed = (why: string): readonly Cause[] => [
    {
      reason: 'FieldValueInvalid',
      field: 'spec.clusterIPs',
      message: `Invalid value: ${quoted}: failed to allocate IP ${address}: ${why}`,
    },
  ]
  const pool = view.allocations.addresses
  if (!serviceRanges(view).some((range) => pool.contains(value, range)))
    return failed('the provided network does not match the current range')
  const other = view.list(storage, '').find((one) => textAt(one, 'spec', 'clusterIP') === address)
  const isSame = other !== undefined && other.metadata.uid === service.metadata.uid
  const isTaken = (other !== undefined && !isSame) || isHeldByOther(view, value, service)
  return isTaken ? failed('provided IP is already allocated') : []
}

/** A node port of the client's choice likewise. */
function portCauses(service: ApiObject, { view }: StrategyContext): readonly Cause[] {
  const type = textAt(service, 'spec', 'type')
  if (!withNodePorts.has(type)) return []
  const [first, last] = view.config.nodePorts
  const taken = new Set(
    view
      .list(storage, '')
      .filter((other) => other.metadata.uid !== service.metadata.uid)
      .flatMap((other) => listAt(other, 'spec', 'ports').map((port) => port['nodePort'])),
  )
  return listAt(service, 'spec', 'ports').flatMap((port, index): Cause[] => {
    const nodePort = port['nodePort']
    if (typeof nodePort !== 'number' || nodePort === 0) return []
    const why = !view.allocations.nodePorts.contains(nodePort)
      ? `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
      : taken.has(nodePort)
        ? 'provided port is already allocated'
        : undefined
    if (why === undefined) return []
    const field = `spec.ports[${index}].nodePort`
    return [{ reason: 'FieldValueInvalid', field, message: `Invalid value: ${nodePort}: ${why}` }]
  })
}
