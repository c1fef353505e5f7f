/** Containers' side of networks: which they belong to, what their endpoints show, the texts of their name files. */
import { digestHex, digestOf } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EndpointWish } from '#engine/networks/attach-endpoint.ts'
import { hostsText, namedResolvConf, plainResolvConf } from '#engine/networks/container-files.ts'
import { isDefaultBridge } from '#engine/networks/network-record.ts'
import type { Endpoint, NetworkRecord, Sandbox } from '#engine/networks/network-record.ts'
import type { Networks } from '#engine/networks/networks.ts'
import { showPorts } from '#engine/networks/plan-ports.ts'
import type { EndpointSettings } from '#spec/docker/container-config.ts'
import type { Files } from '#world/ports/files.ts'
import type { ContainerBook } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { ContainerRecord } from './container-record.ts'
import type { ConnectedNetwork, ContainerNetworking } from './engine-parts.ts'

export interface ContainerNetworkingDeps {
  readonly networks: Networks
  readonly files: Files
  readonly book: () => ContainerBook
  /** The host's resolv.conf. */
  readonly resolvConf: string
}

type Endpoints = Readonly<Record<string, EndpointSettings>>

const unconnected: EndpointSettings = {
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

const resolvConfBytesMax = 1 << 16

/** What was asked of a network, without what a run got. Pure. */
export function wishedEndpoint(
  given: Partial<EndpointSettings> | null | undefined,
  networkId: string,
): EndpointSettings {
  const {
    IPAMConfig = null,
    Links = null,
    Aliases = null,
    MacAddress = '',
    DriverOpts = null,
    GwPriority,
  } = given ?? {}
  return {
    ...unconnected,
    IPAMConfig,
    Links,
    Aliases,
    MacAddress,
    DriverOpts,
    NetworkID: networkId,
    ...(GwPriority === undefined ? {} : { GwPriority }),
  }
}

/** What a run got, as the API shows it. Pure. */
export function connectedEndpoint(
  wished: EndpointSettings,
  endpoint: Endpoint,
  names: readonly string[],
): EndpointSettings {
  return {
    ...wished,
    NetworkID: endpoint.networkId,
    EndpointID: endpoint.id,
    MacAddress: endpoint.mac,
    Gateway: endpoint.gateway4 ?? '',
    IPAddress: endpoint.ipv4 ?? '',
    IPPrefixLen: endpoint.ipv4Length ?? 0,
    IPv6Gateway: endpoint.gateway6 ?? '',
    GlobalIPv6Address: endpoint.ipv6 ?? '',
    GlobalIPv6PrefixLen: endpoint.ipv6Length ?? 0,
    DNSNames: names.length > 0 ? names : null,
  }
}

function parseLinks(links: readonly string[] | null): Record<string, string> {
  return Object.fromEntries(
    (links ?? []).map((link) => {
      const [target = '', alias = target] = link.split(':')
      return [alias, target.replace(/^\//, '')]
    }),
  )
}

/** Reads an endpoint's settings as the network's wish; addresses and aliases are for user networks only. Pure. */
export function readWish(
  settings: EndpointSettings,
  network: NetworkRecord,
  links: readonly string[] | null,
): EndpointWish {
  const { IPv4Address = '', IPv6Address = '' } = settings.IPAMConfig ?? {}
  if (isDefaultBridge(network) && (IPv4Address !== '' || IPv6Address !== '')) {
    throw new GantryError(
      'ENGINE_STATIC_ADDRESS',
      'invalid',
      'user specified IP address is supported on user defined networks only',
    )
  }
  if (!network.userSubnet && (IPv4Address !== '' || IPv6Address !== '')) {
    throw new GantryError(
      'ENGINE_STATIC_ADDRESS',
      'invalid',
      'user specified IP address is supported only when connecting to networks with user configured subnets',
    )
  }
  return {
    ...(IPv4Address === '' ? {} : { ipv4: IPv4Address }),
    ...(IPv6Address === '' ? {} : { ipv6: IPv6Address }),
    ...(settings.MacAddress === '' ? {} : { mac: settings.MacAddress }),
    aliases: settings.Aliases ?? [],
    links: parseLinks([...(settings.Links ?? []), ...(links ?? [])]),
    gatewayPriority: settings.GwPriority ?? 0,
  }
}

/** The network of a mode word; undefined for another container's. */
function modeNetwork(networks: Networks, mode: string): NetworkRecord | undefined {
  if (mode.startsWith('container:')) return undefined
  return networks.find(mode === '' || mode === 'default' ? 'bridge' : mode)
}

function dnsNames(record: ContainerRecord, network: NetworkRecord, aliases: readonly string[]): string[] {
  if (isDefaultBridge(network) || network.driver === 'host' || network.driver === 'null') return []
  return [...new Set([record.name, ...aliases, record.id.slice(0, 12)])]
}

class Networking implements ContainerNetworking {
  readonly #deps: ContainerNetworkingDeps

  constructor(deps: ContainerNetworkingDeps) {
    this.#deps = deps
  }

  plan(request: Parameters<ContainerNetworking['plan']>[0]): Endpoints {
    const { networks } = this.#deps
    const first = modeNetwork(networks, request.networkMode)
    if (first === undefined) return {}
    const planned: Record<string, EndpointSettings> = {}
    const add = (network: NetworkRecord, given: Partial<EndpointSettings> | null | undefined): void => {
      planned[network.name] = wishedEndpoint(given, network.id)
    }
    add(first, request.macAddress === undefined ? undefined : { MacAddress: request.macAddress })
    if (first.driver === 'host' || first.driver === 'null') return planned
    for (const [reference, given] of Object.entries(request.endpoints)) {
      const network = reference === 'default' ? first : networks.find(reference)
      const mac = network.id === first.id && request.macAddress !== undefined ? { MacAddress: request.macAddress } : {}
      add(network, { ...given, ...mac })
    }
    return planned
  }

  async connect(record: ContainerRecord): Promise<ConnectedNetwork> {
    const { NetworkMode } = record.hostConfig
    if (NetworkMode.startsWith('container:')) return this.#share(NetworkMode.slice('container:'.length))
    const { networks } = this.#deps
    const { hostConfig, config } = record
    const rows = Object.entries(record.networks).map(([name, settings]) => {
      const network = networks.find(settings.NetworkID === '' ? name : settings.NetworkID)
      return { network, wish: readWish(settings, network, isDefaultBridge(network) ? null : hostConfig.Links) }
    })
    const sandbox = await networks.join({
      containerId: record.id,
      name: record.name,
      hostname: config.Hostname,
      dns: hostConfig.Dns,
      networks: rows,
      ports: {
        bindings: hostConfig.PortBindings,
        exposed: Object.keys(config.ExposedPorts ?? {}),
        publishAll: hostConfig.PublishAllPorts,
      },
    })
    const onHost = rows.some(({ network }) => network.driver === 'host')
    return {
      netnsPath: onHost ? undefined : networks.netnsPath(record.id),
      endpoints: this.endpointsOf(record, sandbox),
      hosts: this.hostsOf(record, sandbox),
      resolvConf: await this.#resolvConf(record, sandbox),
    }
  }

  async disconnect(record: ContainerRecord): Promise<Endpoints> {
    await this.#deps.networks.leave(record.id)
    return Object.fromEntries(
      Object.entries(record.networks).map(([name, settings]) => {
        const asked = record.config.MacAddress === undefined ? '' : settings.MacAddress
        return [name, wishedEndpoint({ ...settings, MacAddress: asked }, settings.NetworkID)]
      }),
    )
  }

  publishedPorts(record: ContainerRecord): ReturnType<ContainerNetworking['publishedPorts']> {
    const exposed = [
      ...new Set([...Object.keys(record.config.ExposedPorts ?? {}), ...Object.keys(record.hostConfig.PortBindings)]),
    ]
    const sandbox = this.#deps.networks.sandbox(record.id)
    if (sandbox === undefined || sandbox.onHost === true) return {}
    return showPorts(sandbox.ports, exposed)
  }

  sandboxOf(record: ContainerRecord): { readonly id: string; readonly key: string } {
    return { id: digestHex(digestOf(`sandbox ${record.id}`)), key: this.#deps.networks.netnsPath(record.id) }
  }

  /** The endpoints of a running container by network name. */
  endpointsOf(record: ContainerRecord, sandbox: Sandbox): Endpoints {
    const rows = sandbox.endpoints.flatMap((endpoint) => {
      const network = this.#deps.networks.find(endpoint.networkId)
      const wished = record.networks[network.name] ?? wishedEndpoint(undefined, network.id)
      return [
        [network.name, connectedEndpoint(wished, endpoint, dnsNames(record, network, wished.Aliases ?? []))] as const,
      ]
    })
    return Object.fromEntries(rows)
  }

  /** The hosts file of a running container. */
  hostsOf(record: ContainerRecord, sandbox: Sandbox): string {
    const { networks } = this.#deps
    const bridge = sandbox.endpoints.find((endpoint) => isDefaultBridge(networks.find(endpoint.networkId)))
    return hostsText({
      hostname: record.config.Hostname,
      domainname: record.config.Domainname,
      addresses: sandbox.endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((address) => address !== undefined),
      extraHosts: record.hostConfig.ExtraHosts ?? [],
      hostGateway:
        bridge?.gateway4 ??
        sandbox.endpoints.find(({ gateway4 }) => gateway4 !== undefined)?.gateway4 ??
        this.#bridgeGateway(),
      links: bridge === undefined ? [] : this.#linksOf(record),
    })
  }

  #bridgeGateway(): string | undefined {
    return this.#deps.networks.find('bridge').ipam.pools[0]?.gateway
  }

  #linksOf(record: ContainerRecord): { readonly address: string; readonly names: readonly string[] }[] {
    const book = this.#deps.book()
    return Object.entries(parseLinks(record.hostConfig.Links)).map(([alias, target]) => {
      const other = book.resolve(target)
      if (!isAlive(other.record.state))
        throw new GantryError(
          'ENGINE_LINK_STOPPED',
          'invalid',
          `Cannot link to a non running container: /${other.record.name} AS /${record.name}/${alias}`,
        )
      const address = Object.values(other.record.networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress ?? ''
      return { address, names: [...new Set([alias, other.id.slice(0, 12), other.record.name])] }
    })
  }

  #share(otherId: string): ConnectedNetwork {
    const other = this.#deps.book().resolve(otherId)
    if (!isAlive(other.record.state)) {
      throw new GantryError(
        'ENGINE_JOIN_STOPPED',
        'conflict',
        `cannot join network of a non running container: ${other.id}`,
        { remedy: 'Start that container first.' },
      )
    }
    return { netnsPath: this.#deps.networks.netnsPath(other.id), endpoints: {}, hosts: '', resolvConf: '' }
  }

  async #resolvConf(record: ContainerRecord, sandbox: Sandbox): Promise<string> {
    const { networks, files, resolvConf } = this.#deps
    const host = (await files.exists(resolvConf))
      ? await files.readText(resolvConf, { maxBytes: resolvConfBytesMax })
      : ''
    const { Dns, DnsSearch, DnsOptions } = record.hostConfig
    const wishes = { servers: Dns, search: DnsSearch, options: DnsOptions }
    if (sandbox.onHost === true && Dns.length === 0) return host
    const named = sandbox.endpoints.some((endpoint) => {
      const network = networks.find(endpoint.networkId)
      return !isDefaultBridge(network) && network.driver !== 'host' && network.driver !== 'null'
    })
    return named ? namedResolvConf(host, wishes) : plainResolvConf(host, wishes)
  }
}

export type { Networking }

/** Joins containers and networks. */
export function createContainerNetworking(deps: ContainerNetworkingDeps): Networking {
  return new Networking(deps)
}

/** Variables that a legacy link brings: the linked container's name and environment. Pure. */
export function linkEnvironment(record: ContainerRecord, resolve: (name: string) => ContainerRecord): string[] {
  return Object.entries(parseLinks(record.hostConfig.Links)).flatMap(([alias, target]) => {
    const other = resolve(target)
    const prefix = alias.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
    const ports = Object.keys(other.config.ExposedPorts ?? {}).flatMap((key) => {
      const [port = '', protocol = 'tcp'] = key.split('/')
      const address = Object.values(other.networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress ?? ''
      const name = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
      return [
        `${name}=${protocol}://${address}:${port}`,
        `${name}_ADDR=${address}`,
        `${name}_PORT=${port}`,
        `${name}_PROTO=${protocol}`,
      ]
    })
    const env = other.config.Env.filter((variable) => !/^(HOME|PATH)=/.test(variable)).map(
      (variable) => `${prefix}_ENV_${variable}`,
    )
    return [`${prefix}_NAME=/${record.name}/${alias}`, ...ports, ...env]
  })
}
