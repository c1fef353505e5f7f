/** What is kept of a network, and of a container's place in it. */
import type { PublishedPort } from './plan-ports.ts'

export interface IpamPool {
  /** As the user gave it, or as it was chosen; CIDR. */
  readonly subnet: string
  readonly ipRange?: string
  readonly gateway?: string
  /** Names and addresses that are never handed out. */
  readonly auxiliary: Readonly<Record<string, string>>
}

export interface NetworkRecord {
  readonly id: string
  readonly name: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly driver: 'bridge' | 'host' | 'null' | 'macvlan' | 'ipvlan'
  readonly internal: boolean
  readonly attachable: boolean
  readonly ipv4: boolean
  readonly ipv6: boolean
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly ipam: {
    readonly driver: string
    readonly options: Readonly<Record<string, string>> | null
    readonly pools: readonly IpamPool[]
  }
  readonly configOnly: boolean
  /** Name of the configuration-only network that this one was made from. */
  readonly configFrom: string
  /** The user chose the subnet, so containers may choose addresses. */
  readonly userSubnet: boolean
  /** The bridge was there before the network and stays when it goes. */
  readonly foreignBridge?: boolean
}

/** One container's interface in one network, while it runs. */
export interface Endpoint {
  readonly id: string
  readonly networkId: string
  readonly containerId: string
  /** Interface inside the container. */
  readonly interfaceName: string
  /** Our end of it, where there is one. */
  readonly hostLink?: string
  readonly mac: string
  readonly ipv4?: string
  readonly ipv4Length?: number
  readonly gateway4?: string
  readonly ipv6?: string
  readonly ipv6Length?: number
  readonly gateway6?: string
  readonly aliases: readonly string[]
  /** Names that this container alone gives to others in the network: alias to container name or id. */
  readonly links: Readonly<Record<string, string>>
  /** Highest wins the default route. */
  readonly gatewayPriority: number
}

/** A container's network namespace and everything in it. */
export interface Sandbox {
  readonly containerId: string
  /** Without slash; DNS answers with it. */
  readonly name: string
  readonly hostname: string
  /** It shares the host's namespace: nothing is pinned, endpoints are names only. */
  readonly onHost?: boolean
  /** Servers that unknown names are asked of; empty: the host's. */
  readonly dns: readonly string[]
  readonly endpoints: readonly Endpoint[]
  /** Names of interfaces that were taken away again: as with Docker, no later one gets them. */
  readonly pastInterfaces?: readonly string[]
  readonly ports: readonly PublishedPort[]
}

/** The network that `docker run` uses when none is named. */
export function isDefaultBridge(network: NetworkRecord): boolean {
  return network.name === 'bridge' && network.driver === 'bridge'
}

/** The three networks that every engine has. */
export function isPredefined(name: string): boolean {
  return name === 'bridge' || name === 'host' || name === 'none'
}
