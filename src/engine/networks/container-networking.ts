/** What the container actions ask of networks, in the Docker API's own shapes. */
import type { ConnectedNetwork, ContainerNetworking } from '#engine/containers/engine-parts.ts'
import type { ContainerRecord } from '#engine/containers/container-record.ts'
import type { EndpointSettings } from '#spec/docker/container-config.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { macOfAddress, parseAddress } from './address.ts'
import type { EndpointWish } from './attach-endpoint.ts'
import { joinOrder } from './choose-gateway.ts'
import { hostsText, namedResolvConf, plainResolvConf } from './container-files.ts'
import type { DnsWishes } from './container-files.ts'
import { networkErrors } from './errors.ts'
import type { JoinRequest } from './join-container.ts'
import { isDefaultBridge, isPredefined } from './network-record.ts'
import type { Endpoint, NetworkRecord, Sandbox } from './network-record.ts'
import type { Networks } from './networks.ts'
import { showPorts } from './plan-ports.ts'

export interface NetworkingConfig {
  /** The host's own files, as they are at this moment. */
  readonly hostResolvConf: () => Promise<string>
  readonly hostHosts: () => Promise<string>
  /** `host-gateway` in `--add-host`; undefined: the default bridge's gateway. */
  readonly hostGateway?: string
  /** For containers that say nothing of their own; left out: nothing. */
  readonly dns?: DnsWishes
}

/** An endpoint of which nothing is known yet but its network. */
export const blankEndpoint: EndpointSettings = {
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  MacAddress: '',
  DriverOpts: null,
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
}

/** What a container asked of a network (undefined: one that is still to be made), with nothing of what it got. */
export function askedEndpoint(
  asked: Partial<EndpointSettings>,
  network: NetworkRecord | undefined,
  names: readonly string[],
): EndpointSettings {
  const { IPAMConfig, Links, Aliases, DriverOpts, GwPriority, MacAddress } = asked
  return {
    ...blankEndpoint,
    IPAMConfig: IPAMConfig ?? null,
    Links: Links ?? null,
    Aliases: Aliases ?? null,
    DriverOpts: DriverOpts ?? null,
    MacAddress: MacAddress ?? '',
    ...(GwPriority === undefined ? {} : { GwPriority }),
    NetworkID: network?.id ?? '',
    DNSNames: network !== undefined && isDefaultBridge(network) ? null : names,
  }
}

/** What it asked for and got. */
export function gotEndpoint(asked: EndpointSettings, endpoint: Endpoint): EndpointSettings {
  return {
    ...asked,
    NetworkID: endpoint.networkId,
    EndpointID: endpoint.id,
    MacAddress: endpoint.mac,
    Gateway: endpoint.gateway4 ?? '',
    IPAddress: endpoint.ipv4 ?? '',
    IPPrefixLen: endpoint.ipv4Length ?? 0,
    IPv6Gateway: endpoint.gateway6 ?? '',
    GlobalIPv6Address: endpoint.ipv6 ?? '',
    GlobalIPv6PrefixLen: endpoint.ipv6Length ?? 0,
  }
}

/** An endpoint after its container's run: addresses are given back, wishes stay. A MAC address that does not follow from the IP address was wished for. */
export function restEndpoint(settings: EndpointSettings): EndpointSettings {
  const { EndpointID, Gateway, IPAddress, IPPrefixLen, IPv6Gateway, GlobalIPv6Address, GlobalIPv6PrefixLen } =
    blankEndpoint
  const address = parseAddress(settings.IPAddress)
  const derived = address !== undefined && macOfAddress(address) === settings.MacAddress
  const MacAddress = derived ? '' : settings.MacAddress
  return {
    ...settings,
    EndpointID,
    Gateway,
    IPAddress,
    IPPrefixLen,
    IPv6Gateway,
    GlobalIPv6Address,
    GlobalIPv6PrefixLen,
    MacAddress,
  }
}

/** The addresses that an endpoint wishes for, without empty texts. */
function wishedAddresses({ IPAMConfig: asked }: Partial<EndpointSettings>): {
  readonly ipv4?: string
  readonly ipv6?: string
} {
  const { IPv4Address = '', IPv6Address = '' } = asked ?? {}
  return { ...(IPv4Address === '' ? {} : { ipv4: IPv4Address }), ...(IPv6Address === '' ? {} : { ipv6: IPv6Address }) }
}

/** Checks what is asked of one network. @throws GantryError invalid in Docker's words. */
export function checkEndpoint(network: NetworkRecord, asked: Partial<EndpointSettings>): void {
  const { ipv4, ipv6 } = wishedAddresses(asked)
  if (ipv4 !== undefined && parseAddress(ipv4) === undefined) throw networkErrors.badAddress(ipv4, 4)
  if (ipv6 !== undefined && parseAddress(ipv6) === undefined) throw networkErrors.badAddress(ipv6, 6)
  const addresses = [ipv4, ipv6].filter((address) => address !== undefined)
  if (addresses.length > 0 && isPredefined(network.name)) throw networkErrors.addressOnDefault()
  if (addresses.length > 0 && !network.userSubnet) throw networkErrors.addressWithoutSubnet()
  if (isPredefined(network.name) && (asked.Aliases ?? []).length > 0) throw networkErrors.aliasOnDefault()
}

/** Reads an endpoint's settings as a wish. Links are `container:alias`. */
export function wishOf(asked: Partial<EndpointSettings>): EndpointWish {
  const { MacAddress: mac = '', Aliases: aliases, Links: links, DriverOpts: options } = asked
  const interfaceName = options?.['com.docker.network.endpoint.ifname']
  return {
    ...wishedAddresses(asked),
    ...(mac === '' ? {} : { mac }),
    aliases: aliases ?? [],
    links: Object.fromEntries((links ?? []).map((link) => splitLink(link).toReversed() as [string, string])),
    gatewayPriority: asked.GwPriority ?? 0,
    ...(interfaceName === undefined ? {} : { interfaceName }),
  }
}

/** `container:alias`, also in the stored form `/container:/this/alias`. */
export function splitLink(link: string): readonly [container: string, alias: string] {
  const [target = '', alias = target] = link.split(':')
  const last = (text: string): string => text.slice(text.lastIndexOf('/') + 1)
  return [last(target), last(alias)]
}

/** The networking that containers use, over the engine's networks. */
export function createContainerNetworking(networks: Networks, config: NetworkingConfig): ContainerNetworking {
  return {
    plan: (request) => planEndpoints(networks, request),
    connect: (record) => connectRecord(networks, config, record),
    disconnect: async (record) => {
      await networks.leave(record.id)
      return Object.fromEntries(
        Object.entries(record.networks).map(([name, settings]) => [name, restEndpoint(settings)]),
      )
    },
    rename: (record) => networks.rename(record.id, record.name),
    publishedPorts: (record) => showPorts(networks.sandbox(record.id)?.ports ?? [], exposedPorts(record)),
    sandboxOf: (record) => {
      const sandbox = networks.sandbox(record.id)
      if (sandbox === undefined) return { id: '', key: '' }
      return { id: record.id, key: sandbox.onHost === true ? '/proc/self/ns/net' : networks.netnsPath(record.id) }
    },
  }
}

function exposedPorts({ config }: ContainerRecord): string[] {
  return Object.keys(config.ExposedPorts ?? {})
}

/** The container whose namespace is shared (`container:ID`). */
function sharedWith(mode: string): string | undefined {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : undefined
}

type PlanRequest = Parameters<ContainerNetworking['plan']>[0]

/** Settings asked for by network name; the network of the mode is always among them, and gets the container's MAC address. */
function askedNetworks({
  networkMode,
  endpoints,
  macAddress = '',
}: PlanRequest): Map<string, Partial<EndpointSettings>> {
  const bridge = (name: string): string => (name === 'default' || name === '' ? 'bridge' : name)
  const first = bridge(networkMode)
  const asked = new Map(Object.entries(endpoints).map(([name, settings]) => [bridge(name), settings ?? {}]))
  const { MacAddress = '', ...rest } = asked.get(first) ?? {}
  asked.set(first, { ...rest, MacAddress: MacAddress === '' ? macAddress : MacAddress })
  return new Map(joinOrder(first, [...asked.keys()]).map((name) => [name, asked.get(name) ?? {}]))
}

function planEndpoints(networks: Networks, request: PlanRequest): Record<string, EndpointSettings> {
  if (sharedWith(request.networkMode) !== undefined) return {}
  const planned: Record<string, EndpointSettings> = {}
  for (const [name, settings] of askedNetworks(request)) {
    const network = findOrLater(networks, name)
    if (network !== undefined) checkEndpoint(network, settings)
    planned[network?.name ?? name] = askedEndpoint(settings, network, [])
  }
  return planned
}

/** A network that does not exist is found out at the start, as with Docker: it may be made until then. */
function findOrLater(networks: Networks, name: string): NetworkRecord | undefined {
  try {
    return networks.find(name)
  } catch (error) {
    if (isErrorKind(error, 'not-found')) return undefined
    throw error
  }
}

async function connectRecord(
  networks: Networks,
  config: NetworkingConfig,
  record: ContainerRecord,
): Promise<ConnectedNetwork> {
  const shared = sharedWith(record.hostConfig.NetworkMode)
  if (shared !== undefined) return joinShared(networks, config, shared)
  const names = joinOrder(record.hostConfig.NetworkMode, Object.keys(record.networks))
  const request: JoinRequest = {
    containerId: record.id,
    name: record.name,
    hostname: record.config.Hostname,
    dns: dnsWishesOf(record, config).servers,
    networks: names.map((name) => {
      const settings = record.networks[name] ?? blankEndpoint
      return {
        network: networks.find(settings.NetworkID === '' ? name : networkReference(networks, settings.NetworkID, name)),
        wish: wishOf(settings),
      }
    }),
    ports: {
      bindings: record.hostConfig.PortBindings,
      exposed: exposedPorts(record),
      publishAll: record.hostConfig.PublishAllPorts,
    },
  }
  const links = request.networks.some(({ network }) => isDefaultBridge(network)) ? resolveLinks(networks, record) : []
  const sandbox = await networks.join(request)
  const endpoints = names.map(
    (name, index) =>
      [
        name,
        gotEndpoint(withNames(record.networks[name] ?? blankEndpoint, record), sandbox.endpoints[index] as Endpoint),
      ] as const,
  )
  const files = await containerFiles(networks, config, { record, sandbox, links })
  return {
    netnsPath: sandbox.onHost === true ? undefined : networks.netnsPath(record.id),
    endpoints: Object.fromEntries(endpoints),
    ...files,
  }
}

/** A network that was made anew under the same name is the one that is meant. */
function networkReference(networks: Networks, id: string, name: string): string {
  try {
    return networks.find(id).id
  } catch {
    return name
  }
}

function withNames(settings: EndpointSettings, { name, id, config }: ContainerRecord): EndpointSettings {
  if (settings.DNSNames === null) return settings
  return { ...settings, DNSNames: [...new Set([name, ...(settings.Aliases ?? []), id.slice(0, 12), config.Hostname])] }
}

async function joinShared(
  networks: Networks,
  config: NetworkingConfig,
  containerId: string,
): Promise<ConnectedNetwork> {
  const sandbox = networks
    .sandboxes()
    .find((candidate) => candidate.containerId === containerId || candidate.name === containerId)
  if (sandbox === undefined) throw networkErrors.sandboxMissing(containerId)
  const netnsPath = sandbox.onHost === true ? undefined : networks.netnsPath(sandbox.containerId)
  // The other's files are mounted by whoever knows where they are; these stand in when they are gone.
  return { netnsPath, endpoints: {}, hosts: await config.hostHosts(), resolvConf: await config.hostResolvConf() }
}

/** A linked container as the hosts file names it. */
export interface HostLink {
  readonly address: string
  readonly names: readonly string[]
}

/** `--link` on the default bridge: the other's address under its alias, its hostname and its name. */
export function resolveLinks(networks: Networks, record: ContainerRecord): HostLink[] {
  const bridge = networks.find('bridge')
  return (record.hostConfig.Links ?? []).map((link) => {
    const [target, alias] = splitLink(link)
    const member = networks
      .members(bridge.id)
      .find(
        ({ sandbox }) =>
          sandbox.name === target || sandbox.containerId === target || sandbox.containerId.startsWith(target),
      )
    if (member?.endpoint.ipv4 === undefined) throw networkErrors.deadLink(`/${target}`, `/${record.name}/${alias}`)
    const { name, hostname } = member.sandbox
    return { address: member.endpoint.ipv4, names: [...new Set([alias, hostname, name])] }
  })
}

/** What a container says about DNS, and the engine for what it leaves out. */
function dnsWishesOf({ hostConfig }: ContainerRecord, { dns }: NetworkingConfig): DnsWishes {
  const { Dns, DnsSearch, DnsOptions } = hostConfig
  return {
    servers: Dns.length > 0 ? Dns : (dns?.servers ?? []),
    search: DnsSearch.length > 0 ? DnsSearch : (dns?.search ?? []),
    options: DnsOptions.length > 0 ? DnsOptions : (dns?.options ?? []),
  }
}

/** Texts of a container's hosts and resolv.conf for its networks at this moment; to be written again when a running one joins or leaves a network. */
export async function containerFiles(
  networks: Networks,
  config: NetworkingConfig,
  { record, sandbox, links }: { record: ContainerRecord; sandbox: Sandbox; links: readonly HostLink[] },
): Promise<{ hosts: string; resolvConf: string }> {
  const hostText = await config.hostResolvConf()
  const { ExtraHosts } = record.hostConfig
  const wishes = dnsWishesOf(record, config)
  const asked = wishes.servers.length + wishes.search.length + wishes.options.length > 0
  if (sandbox.onHost === true && (ExtraHosts ?? []).length === 0)
    return { hosts: await config.hostHosts(), resolvConf: asked ? plainResolvConf(hostText, wishes) : hostText }
  const named = sandbox.endpoints.some(
    ({ networkId, interfaceName }) => interfaceName !== '' && !isDefaultBridge(networks.find(networkId)),
  )
  const hosts = hostsText({
    hostname: record.config.Hostname,
    domainname: record.config.Domainname,
    addresses: sandbox.endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((address) => address !== undefined),
    extraHosts: ExtraHosts ?? [],
    hostGateway: config.hostGateway ?? networks.find('bridge').ipam.pools[0]?.gateway,
    links,
  })
  return { hosts, resolvConf: named ? namedResolvConf(hostText, wishes) : plainResolvConf(hostText, wishes) }
}

/** POST /networks/{id}/connect for a container: live when it runs; answers its settings for the record. */
export async function connectNetwork(
  networks: Networks,
  record: ContainerRecord,
  { network, asked }: { network: NetworkRecord; asked: Partial<EndpointSettings> },
): Promise<EndpointSettings> {
  const mode = record.hostConfig.NetworkMode
  if (mode === 'host' || sharedWith(mode) !== undefined) throw networkErrors.sharedNamespace()
  if (network.driver === 'host') throw networkErrors.hostChange()
  checkEndpoint(network, asked)
  if (record.networks[network.name] !== undefined) throw networkErrors.alreadyConnected(record.name, network.name)
  const settings = askedEndpoint(asked, network, [])
  if (networks.sandbox(record.id) === undefined) return settings
  const sandbox = await networks.connect(record.id, network, wishOf(asked))
  const endpoint = sandbox.endpoints.find(({ networkId }) => networkId === network.id)
  return endpoint === undefined ? settings : gotEndpoint(withNames(settings, record), endpoint)
}

/** POST /networks/{id}/disconnect: the caller then drops the network's name from the record. */
export async function disconnectNetwork(
  networks: Networks,
  record: ContainerRecord,
  network: NetworkRecord,
): Promise<void> {
  if (record.hostConfig.NetworkMode === 'host' || network.driver === 'host') throw networkErrors.hostChange()
  if (record.networks[network.name] === undefined) throw networkErrors.notConnected(record.id, network.name)
  if (networks.sandbox(record.id) !== undefined) await networks.disconnect(record.id, network)
}
