/** The start of an engine: the kernel is brought to what the records say, leftovers of a crash are removed. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { randomHex } from '#world/ports/random.ts'
import { chooseSubnet, completePool } from './address-pools.ts'
import type { DefaultPool } from './address-pools.ts'
import { formatPrefix, overlaps, parsePrefix } from './address.ts'
import type { Prefix } from './address.ts'
import { bridgeName, ensureBridge, filteredBridge } from './bridge-driver.ts'
import { bridgeOptionNames } from './bridge-options.ts'
import { chooseGateway } from './choose-gateway.ts'
import { tableText } from './filter-rules.ts'
import { portTarget, resolveNames } from './join-container.ts'
import type { JoinDeps } from './join-container.ts'
import { ensureParent } from './macvlan-driver.ts'
import { isDefaultBridge } from './network-record.ts'
import type { NetworkRecord } from './network-record.ts'
import { forwardedPorts } from './publish-ports.ts'
import { removeLink } from './remove-link.ts'

export interface RestoreDeps extends JoinDeps {
  readonly save: (network: NetworkRecord) => Promise<void>
  readonly now: number
  /** Told of what could not be brought back; the engine starts all the same. */
  readonly warn: (message: string) => void
}

export interface DefaultBridgeConfig {
  readonly pools: readonly DefaultPool[]
  /** Address and subnet of the default bridge (`10.9.8.1/24`); undefined: from the pools. */
  readonly bip: string | undefined
  readonly interContainer: boolean
  readonly mtu: number
}

/** Prefixes that addresses and routes of the host occupy, but for one link's. */
export function hostPrefixes({ host }: Pick<JoinDeps, 'host'>, except?: string): Prefix[] {
  const addresses = host.addresses().filter(({ link }) => link !== except)
  const routes = host.routes().filter(({ link }) => link !== except)
  const texts = [
    ...addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    ...routes.map(({ destination }) => destination),
  ]
  return texts.flatMap((text) => parsePrefix(text ?? '') ?? [])
}

/** Loads nothing: the book has the stored networks. Makes those that every engine has, then the kernel's side of all. */
export async function restoreNetworks(deps: RestoreDeps, config: DefaultBridgeConfig): Promise<void> {
  await ensurePredefined(deps, config)
  deps.kernel.namespaces.setSysctl(undefined, 'net/ipv4/ip_forward', '1')
  for (const network of deps.book.networks()) restoreNetwork(deps, network)
  for (const sandbox of await deps.sandboxFiles.load()) deps.book.putSandbox(sandbox)
  deps.kernel.packetFilter.apply(wholeTable(deps))
  await removeStrayLinks(deps)
  for (const sandbox of deps.book.sandboxes()) {
    const gateway = chooseGateway(sandbox.endpoints, (id) => deps.book.network(id))
    const lost =
      sandbox.ports.length === 0
        ? []
        : await deps.publisher.restore(sandbox.containerId, sandbox.ports, portTarget(deps, gateway))
    for (const { hostIp, hostPort, protocol } of lost)
      deps.warn(`port ${hostIp}:${hostPort}/${protocol} of container ${sandbox.name} could not be reserved again`)
    await attempt(deps, `names for container ${sandbox.name}`, () => resolveNames(deps, sandbox, true))
  }
}

async function attempt(deps: RestoreDeps, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    deps.warn(`${what}: ${messageOf(error)}`)
  }
}

function restoreNetwork(deps: RestoreDeps, network: NetworkRecord): void {
  if (network.configOnly) return
  try {
    if (network.driver === 'bridge') ensureBridge(deps, network)
    if (network.driver === 'macvlan' || network.driver === 'ipvlan') ensureParent(deps, network)
    if (network.ipv6) deps.kernel.namespaces.setSysctl(undefined, 'net/ipv6/conf/all/forwarding', '1')
  } catch (error) {
    deps.warn(`network ${network.name}: ${messageOf(error)}`)
  }
}

function wholeTable({ book, names }: RestoreDeps): string {
  const bridges = book.networks().filter(({ driver, configOnly }) => driver === 'bridge' && !configOnly)
  const ports = book.sandboxes().flatMap(({ ports: published, endpoints }) => {
    const gateway = chooseGateway(endpoints, (id) => book.network(id))
    return forwardedPorts(published, portTarget({ book }, gateway))
  })
  return tableText(
    names.table,
    bridges.map((network) => filteredBridge(names, network)),
    ports,
  )
}

/** Interfaces of ours that no container has: left by a crash between making and recording them. */
async function removeStrayLinks(deps: RestoreDeps): Promise<void> {
  const known = new Set(deps.book.sandboxes().flatMap(({ endpoints }) => endpoints.map(({ hostLink }) => hostLink)))
  const stray = deps.host.links().filter(({ name }) => deps.names.isVeth(name) && !known.has(name))
  for (const { name } of stray) await removeLink(deps, name)
}

async function ensurePredefined(deps: RestoreDeps, config: DefaultBridgeConfig): Promise<void> {
  const networks = deps.book.networks()
  const found = networks.find(isDefaultBridge)
  const bridge =
    found === undefined ? newDefaultBridge(deps, config) : asConfigured(deps, config, keepClear(deps, config, found))
  if (bridge !== found) await putNetwork(deps, bridge)
  for (const [name, driver] of [
    ['host', 'host'],
    ['none', 'null'],
  ] as const) {
    if (!networks.some((network) => network.name === name)) await putNetwork(deps, blankNetwork(deps, name, driver))
  }
}

async function putNetwork(deps: RestoreDeps, network: NetworkRecord): Promise<void> {
  await deps.save(network)
  deps.book.putNetwork(network)
}

function blankNetwork(deps: RestoreDeps, name: string, driver: NetworkRecord['driver']): NetworkRecord {
  return {
    id: randomHex(deps.random, 32),
    name,
    createdAt: deps.now,
    driver,
    internal: false,
    attachable: false,
    ipv4: true,
    ipv6: false,
    options: {},
    labels: {},
    ipam: { driver: 'default', options: null, pools: [] },
    configOnly: false,
    configFrom: '',
    userSubnet: false,
  }
}

function newDefaultBridge(deps: RestoreDeps, config: DefaultBridgeConfig): NetworkRecord {
  const network = blankNetwork(deps, 'bridge', 'bridge')
  const options = {
    [bridgeOptionNames.defaultBridge]: 'true',
    [bridgeOptionNames.icc]: String(config.interContainer),
    [bridgeOptionNames.masquerade]: 'true',
    [bridgeOptionNames.hostBinding]: '0.0.0.0',
    [bridgeOptionNames.name]: deps.names.bridge(network),
    [bridgeOptionNames.mtu]: String(config.mtu),
  }
  return withSubnet(deps, config, { ...network, options })
}

/** The default bridge follows the engine's settings of this start. */
function asConfigured(deps: RestoreDeps, config: DefaultBridgeConfig, network: NetworkRecord): NetworkRecord {
  const options = {
    ...network.options,
    [bridgeOptionNames.icc]: String(config.interContainer),
    [bridgeOptionNames.mtu]: String(config.mtu),
  }
  const changed = Object.entries(options).some(([name, value]) => network.options[name] !== value)
  return withBip(deps, config, changed ? { ...network, options } : network)
}

/** While containers are on the bridge its addresses stay: they could not be given others. */
function withBip(deps: RestoreDeps, config: DefaultBridgeConfig, network: NetworkRecord): NetworkRecord {
  const { bip } = config
  const prefix = parsePrefix(bip ?? '')
  const [pool] = network.ipam.pools
  if (prefix === undefined || (pool?.subnet === formatPrefix(prefix) && pool.gateway === bip?.split('/', 1)[0]))
    return network
  const name = bridgeName(deps.names, network)
  const link = deps.host.link(name)
  if (link !== undefined && deps.host.links().some(({ master }) => master === link.index)) {
    deps.warn(`--bip ${bip}: containers are on the default bridge, which keeps ${pool?.subnet ?? 'its addresses'}`)
    return network
  }
  // The bridge is made anew with its address: nothing is left of the old one.
  if (link !== undefined) deps.host.deleteLink(name)
  return withSubnet(deps, config, network)
}

function withSubnet(deps: RestoreDeps, { pools, bip }: DefaultBridgeConfig, network: NetworkRecord): NetworkRecord {
  const used = deps.book
    .networks()
    .flatMap(({ id, ipam }) => (id === network.id ? [] : ipam.pools.flatMap(({ subnet }) => parsePrefix(subnet) ?? [])))
  const wanted = bip === undefined ? undefined : parsePrefix(bip)
  const prefix = wanted ?? chooseSubnet(pools, [...used, ...hostPrefixes(deps, bridgeName(deps.names, network))], 4)
  const gateway = wanted === undefined ? {} : { gateway: String(bip).split('/', 1)[0] ?? '' }
  const pool = completePool({ subnet: formatPrefix(prefix), auxiliary: {}, ...gateway }, prefix, true)
  return { ...network, ipam: { ...network.ipam, pools: [pool] } }
}

/** After a restart of the machine the default subnet may be somebody else's; while our bridge stands it is ours. */
function keepClear(deps: RestoreDeps, config: DefaultBridgeConfig, network: NetworkRecord): NetworkRecord {
  const link = bridgeName(deps.names, network)
  const prefix = parsePrefix(network.ipam.pools[0]?.subnet ?? '')
  if (deps.host.link(link) !== undefined || prefix === undefined) return network
  const clash = hostPrefixes(deps, link).some((other) => other.length > 0 && overlaps(other, prefix))
  return clash ? withSubnet(deps, config, network) : network
}
