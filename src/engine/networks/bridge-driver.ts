/** Bridge networks in the kernel: the bridge with its addresses, and one veth pair for each container. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Kernel, NetlinkSession } from '#world/ports/kernel.ts'
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import { poolPrefixes } from './address-pools.ts'
import { readBridgeOptions } from './bridge-options.ts'
import { networkErrors } from './errors.ts'
import type { FilteredBridge } from './filter-rules.ts'
import type { HostNames } from './host-names.ts'
import { formatPrefix } from './address.ts'
import type { Endpoint, NetworkRecord } from './network-record.ts'

export interface DriverDeps {
  readonly kernel: Kernel
  readonly random: Random
  /** A session in the host's namespace. */
  readonly host: NetlinkSession
  readonly names: HostNames
  /** Bridged frames pass the packet filter (br_netfilter): a container that uses its own published port gets its frame back where it came from. */
  readonly hairpin: boolean
}

/** Name of a network's bridge on the host. */
export function bridgeName(names: HostNames, network: NetworkRecord): string {
  return readBridgeOptions(network.options).bridgeName ?? names.bridge(network)
}

/** The network as the packet filter sees it. */
export function filteredBridge(names: HostNames, network: NetworkRecord): FilteredBridge {
  return {
    link: bridgeName(names, network),
    subnets: poolPrefixes(network).map(({ prefix }) => formatPrefix(prefix)),
    internal: network.internal,
    masquerade: readBridgeOptions(network.options).masquerade,
  }
}

/** Makes the bridge, or completes what is there. Answers whether it had to be made. */
export function ensureBridge(deps: DriverDeps, network: NetworkRecord): boolean {
  const { host, kernel, random } = deps
  const name = bridgeName(deps.names, network)
  const { mtu } = readBridgeOptions(network.options)
  const found = host.link(name)
  if (found !== undefined && found.kind !== 'bridge') throw networkErrors.bridgeTaken(name)
  if (found === undefined) {
    const mac = `02:42:${randomHex(random, 4).replace(/(..)(?=.)/g, '$1:')}`
    host.addLink({ kind: 'bridge', name, mac, ...(mtu === undefined ? {} : { mtu }) })
  } else if (mtu !== undefined && found.mtu !== mtu && network.foreignBridge !== true) {
    host.setLink(name, { mtu })
  }
  const sysctl = (key: string, value: string): void => kernel.namespaces.setSysctl(undefined, key, value)
  // Published ports are reachable on the host's loopback; the filter's guard keeps containers from using that way in.
  sysctl(`net/ipv4/conf/${name}/route_localnet`, '1')
  if (network.ipv6) {
    // Until an address is known to be nobody else's, a second or more, neighbours could not be asked for.
    sysctl(`net/ipv6/conf/${name}/accept_dad`, '0')
    sysctl(`net/ipv6/conf/${name}/disable_ipv6`, '0')
    sysctl(`net/ipv6/conf/${name}/accept_ra`, '0')
  }
  addGateways(host, network, name)
  host.setLink(name, { up: true })
  return found === undefined
}

function addGateways(host: NetlinkSession, network: NetworkRecord, link: string): void {
  const present = new Set(host.addresses(link).map(({ address }) => address))
  for (const { pool, prefix } of poolPrefixes(network)) {
    if (pool.gateway === undefined || present.has(pool.gateway)) continue
    host.addAddress(link, { address: pool.gateway, prefixLength: prefix.length })
  }
}

/** Makes the container's end and ours, ours in the bridge. The container's end is down and without addresses. Answers our end's name. */
export function plugIntoBridge(
  deps: DriverDeps,
  network: NetworkRecord,
  { netnsPath, endpoint }: { netnsPath: string; endpoint: Endpoint },
): string {
  const { host } = deps
  const { mtu, interContainer } = readBridgeOptions(network.options)
  const master = bridgeName(deps.names, network)
  const name = addPair(deps, { netnsPath, endpoint, mtu })
  try {
    host.setLink(name, {
      master,
      up: true,
      ...(interContainer ? {} : { isolated: true }),
      ...(deps.hairpin ? { hairpin: true } : {}),
    })
    // A container before this one may have had the same address, and the bridge would still send its frames there.
    host.addNeighbor({ link: name, mac: endpoint.mac, bridge: true, atPort: true })
    return name
  } catch (error) {
    host.deleteLink(name)
    throw error
  }
}

function addPair(
  deps: DriverDeps,
  { netnsPath, endpoint, mtu }: { netnsPath: string; endpoint: Endpoint; mtu: number | undefined },
): string {
  for (let attempt = 1; ; attempt += 1) {
    const name = deps.names.newVeth(deps.random)
    try {
      deps.host.addLink({
        kind: 'veth',
        name,
        peerName: endpoint.interfaceName,
        peerNetns: netnsPath,
        peerMac: endpoint.mac,
        ...(mtu === undefined ? {} : { mtu }),
      })
      return name
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || deps.host.link(name) === undefined || attempt === 8) throw error
    }
  }
}
