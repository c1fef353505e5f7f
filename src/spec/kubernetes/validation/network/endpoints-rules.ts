/** Endpoints and endpoint slices (core and discovery validation, v1.36). */
import type { EndpointAddress, EndpointPort as LegacyPort, Endpoints } from '../../objects/core-v1.generated.ts'
import type { Endpoint, EndpointHints, EndpointSlice } from '../../objects/discovery-v1.generated.ts'
import { each, ifSet, immutableText, matches, matchesIfSet, portNumber, requiredOneOf, oneOf } from '../checks.ts'
import { duplicate, invalid, required, tooMany, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { fullyQualifiedDomainName } from '../format-errors.ts'
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName, type Format } from '../formats.ts'
import { canonicalIp, endpointIp, isIpv6, legacyIp } from '../ip-address.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateLabels } from '../labels.ts'
import { protocols } from '../pods/containers.ts'
import { sameValue } from '../same-value.ts'

function legacyAddress(address: EndpointAddress, at: Path): FieldError[] {
  return [
    ...legacyIp(at.child('ip'), address.ip),
    ...matchesIfSet(at.child('hostname'), address.hostname, dnsLabel),
    ...ifSet(address.nodeName, (name) => matches(at.child('nodeName'), name, dnsSubdomain)),
    ...endpointIp(at.child('ip'), address.ip),
  ]
}

function legacyPort(at: Path, port: LegacyPort, needsName: boolean): FieldError[] {
  const name = port.name ?? ''
  return [
    ...(name === '' && needsName ? [required(at.child('name'))] : matchesIfSet(at.child('name'), name, dnsLabel)),
    ...portNumber(at.child('port'), port.port),
    ...requiredOneOf(at.child('protocol'), port.protocol, protocols),
    ...ifSet(port.appProtocol, (protocol) => matches(at.child('appProtocol'), protocol, qualifiedName)),
  ]
}

function subsets(endpoints: Endpoints): FieldError[] {
  return each(path('subsets'), endpoints.subsets, (subset, at) => {
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset
    const isEmpty = addresses.length + notReadyAddresses.length === 0
    return [
      ...(isEmpty ? [required(at, 'must specify `addresses` or `notReadyAddresses`')] : []),
      ...each(at.child('addresses'), addresses, legacyAddress),
      ...each(at.child('notReadyAddresses'), notReadyAddresses, legacyAddress),
      ...each(at.child('ports'), ports, (port, portAt) => legacyPort(portAt, port, ports.length > 1)),
    ]
  })
}

/** The rules of endpoints. */
export const endpointsRules: AnyKindRules = kindRules<Endpoints>({
  name: dnsSubdomain,
  create: subsets,
  update: ({ object, old }) => (sameValue(object.subsets, old.subsets) ? [] : subsets(object)),
})

function sliceAddress(at: Path, address: string, type: string): FieldError[] {
  const list = at
  if (type === 'FQDN') return fullyQualifiedDomainName(list, address)
  const isV6 = type === 'IPv6'
  if (!isV6 && type !== 'IPv4') return []
  const errors = isV6 ? canonicalIp(list, address) : legacyIp(list, address)
  return errors.length > 0 ? errors : endpointIp(list, address)
}

function wrongFamily(at: Path, address: string, type: string): FieldError[] {
  const isWrong = (type === 'IPv4' && isIpv6(address)) || (type === 'IPv6' && !isIpv6(address))
  const isAddress = legacyIp(at, address).length === 0
  return isWrong && isAddress ? [invalid(at, address, `must be an ${type} address`)] : []
}

interface HintRules {
  readonly member: 'forZones' | 'forNodes'
  readonly format: Format
}

function hintList(at: Path, hints: EndpointHints, { member, format }: HintRules): FieldError[] {
  const list = hints[member] ?? []
  const listAt = at.child(member)
  if (list.length > 8) return [tooMany(listAt, list.length, 8)]
  const seen = new Set<string>()
  return each(listAt, list, ({ name }, itemAt) => {
    const nameAt = itemAt.child('name')
    const repeated = seen.has(name) ? [duplicate(nameAt, name)] : []
    seen.add(name)
    return [...repeated, ...matches(nameAt, name, format)]
  })
}

function hints(at: Path, value: EndpointHints): FieldError[] {
  const zones = hintList(at, value, { member: 'forZones', format: labelValue })
  if ((value.forZones ?? []).length > 8) return zones
  return [...zones, ...hintList(at, value, { member: 'forNodes', format: dnsSubdomain })]
}

function validateEndpoint(at: Path, endpoint: Endpoint, type: string): FieldError[] {
  const addressesAt = at.child('addresses')
  const addresses = endpoint.addresses ?? []
  const topology = endpoint.deprecatedTopology
  const topologyAt = at.child('deprecatedTopology')
  const count = Object.keys(topology ?? {}).length
  return [
    ...(addresses.length === 0 ? [required(addressesAt, 'must contain at least 1 address')] : []),
    ...(addresses.length > 100 ? [tooMany(addressesAt, addresses.length, 100)] : []),
    ...each(addressesAt, addresses, (address, itemAt) => [
      ...wrongFamily(addressesAt, address, type),
      ...sliceAddress(itemAt, address, type),
    ]),
    ...ifSet(endpoint.nodeName, (name) => matches(at.child('nodeName'), name, dnsSubdomain)),
    ...(count > 16 ? [tooMany(topologyAt, count, 16)] : []),
    ...validateLabels(topologyAt, topology),
    ...ifSet(endpoint.hostname, (name) => matches(at.child('hostname'), name, dnsLabel)),
    ...ifSet(endpoint.hints, (value) => hints(at.child('hints'), value)),
  ]
}

function slicePorts(slice: EndpointSlice): FieldError[] {
  const at = path('ports')
  const ports = slice.ports ?? []
  if (ports.length > 20000) return [tooMany(at, ports.length, 20000)]
  const seen = new Set<string>()
  return each(at, ports, (port, itemAt) => {
    const name = port.name ?? ''
    const errors = matchesIfSet(itemAt.child('name'), name, dnsLabel)
    if (seen.has(name)) errors.push(duplicate(itemAt.child('name'), name))
    seen.add(name)
    return [
      ...errors,
      ...(port.protocol === undefined
        ? [required(itemAt.child('protocol'))]
        : oneOf(itemAt.child('protocol'), port.protocol, protocols)),
      ...ifSet(port.appProtocol, (protocol) => matches(itemAt.child('appProtocol'), protocol, qualifiedName)),
    ]
  })
}

function sliceEndpoints(slice: EndpointSlice): FieldError[] {
  const at = path('endpoints')
  const endpoints = slice.endpoints ?? []
  if (endpoints.length > 1000) return [tooMany(at, endpoints.length, 1000)]
  return each(at, endpoints, (endpoint, itemAt) => validateEndpoint(itemAt, endpoint, slice.addressType ?? ''))
}

function sliceHead(slice: EndpointSlice): FieldError[] {
  return [...requiredOneOf(path('addressType'), slice.addressType, ['FQDN', 'IPv4', 'IPv6']), ...slicePorts(slice)]
}

/** The rules of endpoint slices. */
export const endpointSliceRules: AnyKindRules = kindRules<EndpointSlice>({
  name: dnsSubdomain,
  create: (slice) => [...sliceHead(slice), ...sliceEndpoints(slice)],
  update: ({ object, old }) => [
    ...sliceHead(object),
    ...(sameValue(object.endpoints, old.endpoints) ? [] : sliceEndpoints(object)),
    ...(object.addressType === old.addressType
      ? []
      : [invalid(path('addressType'), object.addressType, immutableText)]),
  ],
})
