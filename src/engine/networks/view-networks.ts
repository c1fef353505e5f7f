/** Networks as the Docker API shows, filters and prunes them; pure. */
import { formatInstant } from '#world/ports/clock.ts'
import { networkErrors } from './errors.ts'
import type { Member } from './network-book.ts'
import { isPredefined } from './network-record.ts'
import type { IpamPool, NetworkRecord } from './network-record.ts'

export type Filters = Readonly<Record<string, readonly string[]>>

/** GET /networks/{id}: `members` are the running containers in it; a list shows none. */
export function viewNetwork(network: NetworkRecord, members: readonly Member[]): Record<string, unknown> {
  return {
    Name: network.name,
    Id: network.id,
    Created: formatInstant(network.createdAt),
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: network.ipv4,
    EnableIPv6: network.ipv6,
    IPAM: { Driver: network.ipam.driver, Options: network.ipam.options, Config: network.ipam.pools.map(viewPool) },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: network.configFrom },
    ConfigOnly: network.configOnly,
    Containers: Object.fromEntries(members.map(viewMember)),
    Options: network.options,
    Labels: network.labels,
  }
}

function viewPool({ subnet, ipRange, gateway, auxiliary }: IpamPool): Record<string, unknown> {
  return {
    Subnet: subnet,
    ...(ipRange === undefined ? {} : { IPRange: ipRange }),
    ...(gateway === undefined ? {} : { Gateway: gateway }),
    ...(Object.keys(auxiliary).length === 0 ? {} : { AuxiliaryAddresses: auxiliary }),
  }
}

function viewMember({ sandbox, endpoint }: Member): [string, Record<string, string>] {
  const cidr = (address: string | undefined, length: number | undefined): string =>
    address === undefined ? '' : `${address}/${length ?? 0}`
  return [
    sandbox.containerId,
    {
      Name: sandbox.name,
      EndpointID: endpoint.id,
      MacAddress: endpoint.mac,
      IPv4Address: cidr(endpoint.ipv4, endpoint.ipv4Length),
      IPv6Address: cidr(endpoint.ipv6, endpoint.ipv6Length),
    },
  ]
}

/** What a filter needs to know beside the record. */
export interface FilterFacts {
  /** A running container is in it. */
  readonly used: boolean
}

type Test = (network: NetworkRecord, value: string, facts: FilterFacts) => boolean

const tests: Readonly<Record<string, Test>> = {
  dangling: (network, value, { used }) => (!used && !isPredefined(network.name)) === readFlag(value),
  driver: (network, value) => network.driver === value,
  id: (network, value) => network.id.startsWith(value),
  label: (network, value) => hasLabel(network, value),
  name: (network, value) => network.name.includes(value),
  scope: (_network, value) => value === 'local',
  type: (network, value) => {
    if (value !== 'custom' && value !== 'builtin') throw networkErrors.badFilterValue('type', value)
    return isPredefined(network.name) === (value === 'builtin')
  },
}

/** Filters whose values must all hold; of the others one is enough. */
const conjunctive = new Set(['label'])

/** True when a network passes GET /networks?filters=…. @throws GantryError invalid for unknown keys, whatever else matches. */
export function matchesFilters(network: NetworkRecord, filters: Filters, facts: FilterFacts): boolean {
  return Object.entries(filters).every(([key, values]) => {
    const test = tests[key]
    if (test === undefined) throw networkErrors.badFilter(key)
    const holds = values.map((value) => test(network, value, facts))
    if (values.length === 0) return true
    return conjunctive.has(key) ? holds.every(Boolean) : holds.some(Boolean)
  })
}

function readFlag(value: string): boolean {
  if (/^(1|true|t)$/i.test(value)) return true
  if (/^(0|false|f)$/i.test(value)) return false
  throw networkErrors.badFilter(`dangling=[${value}]`)
}

/** `key` or `key=value`. */
function hasLabel({ labels }: NetworkRecord, text: string): boolean {
  const at = text.indexOf('=')
  return at < 0 ? labels[text] !== undefined : labels[text.slice(0, at)] === text.slice(at + 1)
}

export interface PruneFilters {
  readonly label: readonly string[]
  readonly withoutLabel: readonly string[]
  /** Epoch milliseconds; only older networks go. */
  readonly until: number | undefined
}

/** True for what POST /networks/prune removes. */
export function isPrunable(network: NetworkRecord, filters: PruneFilters, { used }: FilterFacts): boolean {
  if (used || network.configOnly || isPredefined(network.name)) return false
  if (filters.until !== undefined && network.createdAt > filters.until) return false
  return (
    filters.label.every((text) => hasLabel(network, text)) &&
    !filters.withoutLabel.some((text) => hasLabel(network, text))
  )
}
