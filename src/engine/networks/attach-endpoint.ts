/** A container's interface in one network: leasing its addresses, plugging it in, bringing it up inside. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import { randomHex } from '#world/ports/random.ts'
import { leaseAddress } from './address-pools.ts'
import { macOfAddress, parseAddress } from './address.ts'
import { plugIntoBridge } from './bridge-driver.ts'
import type { DriverDeps } from './bridge-driver.ts'
import { readBridgeOptions } from './bridge-options.ts'
import { chooseGateway, nextInterfaceName } from './choose-gateway.ts'
import { networkErrors } from './errors.ts'
import { plugIntoParent } from './macvlan-driver.ts'
import type { NetworkBook } from './network-book.ts'
import type { Endpoint, NetworkRecord, Sandbox } from './network-record.ts'

/** What a container wants of one network. */
export interface EndpointWish {
  readonly ipv4?: string
  readonly ipv6?: string
  readonly mac?: string
  readonly aliases: readonly string[]
  readonly links: Readonly<Record<string, string>>
  readonly gatewayPriority: number
  readonly interfaceName?: string
}

export interface AttachDeps extends DriverDeps {
  readonly book: NetworkBook
}

/** Every interface name that the container has or had. */
function interfacesOf({ endpoints, pastInterfaces = [] }: Sandbox): string[] {
  return [...endpoints.map(({ interfaceName }) => interfaceName), ...pastInterfaces]
}

/** Decides the endpoint: free addresses, MAC, interface name. Nothing is changed but what the caller then stores. */
export function planEndpoint(
  deps: AttachDeps,
  { network, sandbox, wish }: { network: NetworkRecord; sandbox: Sandbox; wish: EndpointWish },
): Endpoint {
  if (network.configOnly) throw networkErrors.configOnlyAttach(network.name)
  const taken = new Set(
    deps.book
      .members(network.id)
      .flatMap(({ endpoint }) => [endpoint.ipv4, endpoint.ipv6])
      .filter((address) => address !== undefined),
  )
  const four = leaseAddress({ network, family: 4, taken, ...(wish.ipv4 === undefined ? {} : { wanted: wish.ipv4 }) })
  const six = leaseAddress({ network, family: 6, taken, ...(wish.ipv6 === undefined ? {} : { wanted: wish.ipv6 }) })
  const { interfacePrefix } = readBridgeOptions(network.options)
  return {
    id: randomHex(deps.random, 32),
    networkId: network.id,
    containerId: sandbox.containerId,
    interfaceName: wish.interfaceName ?? nextInterfaceName(interfacePrefix, interfacesOf(sandbox)),
    mac: macOf(deps, wish, four?.address),
    ...(four === undefined ? {} : { ipv4: four.address, ipv4Length: four.prefixLength }),
    ...(six === undefined ? {} : { ipv6: six.address, ipv6Length: six.prefixLength }),
    ...(four?.gateway === undefined ? {} : { gateway4: four.gateway }),
    ...(six?.gateway === undefined ? {} : { gateway6: six.gateway }),
    aliases: wish.aliases,
    links: wish.links,
    gatewayPriority: wish.gatewayPriority,
  }
}

function macOf({ random }: DriverDeps, { mac }: EndpointWish, ipv4: string | undefined): string {
  if (mac !== undefined && mac !== '') {
    if (!/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(mac)) throw networkErrors.badMacAddress(mac)
    return mac.toLowerCase().replaceAll('-', ':')
  }
  const address = ipv4 === undefined ? undefined : parseAddress(ipv4)
  return address === undefined ? `02:42:${randomHex(random, 4).replace(/(..)(?=.)/g, '$1:')}` : macOfAddress(address)
}

/** Makes the interface and brings it up with its addresses. Answers the endpoint with our end's name; on failure nothing stays. */
export function plugIn(
  deps: AttachDeps,
  { network, netnsPath, endpoint }: { network: NetworkRecord; netnsPath: string; endpoint: Endpoint },
): Endpoint {
  const hostLink = network.driver === 'bridge' ? plugIntoBridge(deps, network, { netnsPath, endpoint }) : undefined
  if (hostLink === undefined) plugIntoParent(deps, network, { netnsPath, endpoint })
  using inside = deps.kernel.namespaces.netlink(netnsPath)
  try {
    const { interfaceName, ipv4, ipv4Length, ipv6, ipv6Length } = endpoint
    if (ipv4 !== undefined) inside.addAddress(interfaceName, { address: ipv4, prefixLength: ipv4Length ?? 32 })
    if (ipv6 !== undefined) {
      deps.kernel.namespaces.setSysctl(netnsPath, `net/ipv6/conf/${interfaceName}/accept_dad`, '0')
      deps.kernel.namespaces.setSysctl(netnsPath, `net/ipv6/conf/${interfaceName}/disable_ipv6`, '0')
      inside.addAddress(interfaceName, { address: ipv6, prefixLength: ipv6Length ?? 128 })
    }
    inside.setLink(interfaceName, { up: true })
    const mac = inside.link(interfaceName)?.mac ?? endpoint.mac
    return { ...endpoint, mac, ...(hostLink === undefined ? {} : { hostLink }) }
  } catch (error) {
    inside.deleteLink(endpoint.interfaceName)
    throw error
  }
}

/** Sets the namespace's default routes for its endpoints. Answers the endpoint that has them. */
export function routeOut(deps: AttachDeps, netnsPath: string, endpoints: readonly Endpoint[]): Endpoint | undefined {
  const chosen = chooseGateway(endpoints, (id) => deps.book.network(id))
  using inside = deps.kernel.namespaces.netlink(netnsPath)
  const wanted = [chosen?.gateway4, chosen?.gateway6].filter((gateway) => gateway !== undefined)
  const present = inside
    .routes()
    .filter(({ destination, gateway }) => destination === undefined && gateway !== undefined)
  for (const route of present)
    if (!(route.link === chosen?.interfaceName && wanted.includes(String(route.gateway)))) inside.deleteRoute(route)
  for (const gateway of wanted) {
    if (present.some((route) => route.gateway === gateway && route.link === chosen?.interfaceName)) continue
    addDefaultRoute(() => inside.addRoute({ gateway, link: chosen?.interfaceName ?? '' }))
  }
  return chosen
}

/** A route that is there already is as good as a new one. */
function addDefaultRoute(add: () => void): void {
  try {
    add()
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}
