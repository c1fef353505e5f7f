/**
 * The engine's networks, whole: records, the kernel's side of them, containers in them, names and published ports.
 * Everything that the rest of the machine can see carries the engine's instance, so several engines live side by side.
 */
import { createKeyedMutex } from '#base/async/keyed-mutex.ts'
import { createUndoStack } from '#base/async/undo-stack.ts'
import { errnoOf } from '#base/errors/gantry-error.ts'
import { createRecordTable } from '#engine/records/record-table.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import { randomHex } from '#world/ports/random.ts'
import type { World } from '#world/ports/world.ts'
import { defaultPools } from './address-pools.ts'
import type { DefaultPool } from './address-pools.ts'
import type { EndpointWish } from './attach-endpoint.ts'
import { bridgeName, ensureBridge, filteredBridge } from './bridge-driver.ts'
import { forwardServers } from './container-files.ts'
import { networkErrors } from './errors.ts'
import { bridgeElements, removeTableText } from './filter-rules.ts'
import { createForwarder } from './forward-query.ts'
import { hostNames } from './host-names.ts'
import { connectContainer, disconnectContainer, joinContainer, leaveContainer } from './join-container.ts'
import type { JoinDeps, JoinRequest } from './join-container.ts'
import { ensureParent, parentOf } from './macvlan-driver.ts'
import { createNetworkBook } from './network-book.ts'
import type { Member } from './network-book.ts'
import { isPredefined } from './network-record.ts'
import type { NetworkRecord, Sandbox } from './network-record.ts'
import { planNetwork } from './plan-network.ts'
import type { NetworkCreateBody } from './plan-network.ts'
import { createPortPublisher } from './publish-ports.ts'
import { removeLink } from './remove-link.ts'
import { hostPrefixes, restoreNetworks } from './restore-networks.ts'
import type { RestoreDeps } from './restore-networks.ts'
import { createSandboxFiles } from './sandbox-files.ts'
import { isPrunable, matchesFilters, viewNetwork } from './view-networks.ts'
import type { Filters, PruneFilters } from './view-networks.ts'

export interface NetworksConfig {
  /** Eight hexadecimal digits from the engine's root; empty for the machine's main engine. */
  readonly instance: string
  /** Folder for what a restart of the machine wipes: pinned namespaces and their records. */
  readonly runDirectory: string
  readonly pools?: readonly DefaultPool[]
  /** Address and subnet of the default bridge, `172.17.0.1/16`. */
  readonly bip?: string
  /** Containers on the default bridge reach each other; true unless said otherwise. */
  readonly interContainer?: boolean
  readonly mtu?: number
  /** One lock file for all engines of the machine, so that two never choose the same subnet. */
  readonly poolLock?: string
  readonly resolvConf?: string
}

export interface NetworkEvent {
  readonly action: 'create' | 'connect' | 'disconnect' | 'destroy'
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
}

export interface NetworksDeps {
  readonly world: World
  readonly store: VersionedStore
  readonly emit: (event: NetworkEvent) => void
  readonly warn: (message: string) => void
}

export interface Networks extends AsyncDisposable {
  /** POST /networks/create. */
  create(body: NetworkCreateBody): Promise<{ readonly id: string; readonly warning: string }>
  /** Whole id, name or the beginning of an id. @throws GantryError not-found "network X not found". */
  find(reference: string): NetworkRecord
  /** GET /networks/{id}. */
  inspect(reference: string): Record<string, unknown>
  /** GET /networks. @throws GantryError invalid for filters that there are not. */
  list(filters: Filters): Record<string, unknown>[]
  remove(reference: string): Promise<void>
  /** Removes what no running container uses; answers the names. `inUse` adds networks that stopped containers name. */
  prune(filters: PruneFilters, inUse?: (network: NetworkRecord) => boolean): Promise<string[]>
  /** Makes a starting container's network. */
  join(request: JoinRequest): Promise<Sandbox>
  /** Takes an ended container's network away; nothing happens when it has none. */
  leave(containerId: string): Promise<void>
  /** Adds or removes a network of a running container. */
  connect(containerId: string, network: NetworkRecord, wish: EndpointWish): Promise<Sandbox>
  disconnect(containerId: string, network: NetworkRecord): Promise<Sandbox>
  /** Makes a running container answer to another name. */
  rename(containerId: string, name: string): Promise<void>
  sandbox(containerId: string): Sandbox | undefined
  sandboxes(): Sandbox[]
  members(networkId: string): Member[]
  /** Path of a running container's pinned namespace. */
  netnsPath(containerId: string): string
  /** Takes away what belongs to no container of the set: containers that ended while no engine ran. */
  releaseOthers(alive: ReadonlySet<string>): Promise<void>
  /** Takes everything that the machine can see away; for tests and for removing an engine. */
  tearDown(): Promise<void>
}

const poolLockTries = 250
const poolLockMs = 20
const resolvConfBytesMax = 1 << 16

/** Brings the kernel to what the records say and answers for networks from then on. @throws when the kernel refuses (no root). */
export async function createNetworks(deps: NetworksDeps, config: NetworksConfig): Promise<Networks> {
  const { world, emit } = deps
  const table = createRecordTable<NetworkRecord>(deps.store, 'networks')
  const book = createNetworkBook()
  for (const network of (await table.load()).values()) book.putNetwork(network)
  const hostResolvConf = await readHostResolvConf(world, config.resolvConf ?? '/etc/resolv.conf')
  const host = world.kernel.namespaces.netlink()
  const names = hostNames(config.instance)
  const cursor = await ephemeralCursor(world)
  const hasIpv6 = host.addresses('lo').some(({ address }) => address.includes(':'))
  const parts: JoinDeps = {
    ...{
      kernel: world.kernel,
      random: world.random,
      clock: world.clock,
      network: world.network,
      processes: world.processes,
    },
    ...{ host, names, book, hairpin: await bridgesAreFiltered(world) },
    forwarder: createForwarder(world),
    sandboxFiles: createSandboxFiles(world, config.runDirectory),
    publisher: createPortPublisher({
      kernel: world.kernel,
      network: world.network,
      clock: world.clock,
      table: names.table,
      cursor,
    }),
    resolvers: new Map(),
    forwardServers: (wished) => forwardServers(hostResolvConf, wished),
    hostHasIpv6: () => hasIpv6,
    onEvent: (action, network, containerId) =>
      emit({
        action,
        id: network.id,
        attributes: { container: containerId, name: network.name, type: network.driver },
      }),
  }
  const restoring: RestoreDeps = {
    ...parts,
    save: (network) => table.save(network.id, network),
    now: world.clock.now(),
    warn: deps.warn,
  }
  const { bip, pools = defaultPools, interContainer = true, mtu = 1500 } = config
  await withPoolLock(world, config, () => restoreNetworks(restoring, { pools, bip, interContainer, mtu }))
  return networksOf({ parts, table, deps, config })
}

interface Whole {
  readonly parts: JoinDeps
  readonly table: ReturnType<typeof createRecordTable<NetworkRecord>>
  readonly deps: NetworksDeps
  readonly config: NetworksConfig
}

function networksOf(whole: Whole): Networks {
  const { parts, deps } = whole
  const { book } = parts
  const mutex = createKeyedMutex()
  const used = (network: NetworkRecord): boolean => book.members(network.id).length > 0
  const own = <T>(containerId: string, work: () => Promise<T>): Promise<T> =>
    mutex.run(`container ${containerId}`, work)
  const sandboxOf = (containerId: string): Sandbox => {
    const sandbox = book.sandbox(containerId)
    if (sandbox === undefined) throw networkErrors.sandboxMissing(containerId)
    return sandbox
  }
  const remove = (network: NetworkRecord): Promise<void> => mutex.run('networks', () => removeNetwork(whole, network))
  const leave = (containerId: string): Promise<void> => own(containerId, () => leaveContainer(parts, containerId))
  return {
    create: (body) => mutex.run('networks', () => createNetwork(whole, body)),
    find: (reference) => book.find(reference),
    inspect: (reference) => {
      const network = book.find(reference)
      return viewNetwork(network, book.members(network.id))
    },
    list: (filters) =>
      book
        .networks()
        .filter((network) => matchesFilters(network, filters, { used: used(network) }))
        .map((network) => viewNetwork(network, [])),
    remove: (reference) => remove(book.find(reference)),
    prune: async (filters, inUse = () => false) => {
      const removed = book
        .networks()
        .filter((network) => isPrunable(network, filters, { used: used(network) || inUse(network) }))
      for (const network of removed) await remove(network)
      return removed.map(({ name }) => name)
    },
    join: (request) => own(request.containerId, () => joinContainer(parts, request)),
    leave,
    connect: (containerId, network, wish) =>
      own(containerId, () => connectContainer(parts, { sandbox: sandboxOf(containerId), network, wish })),
    disconnect: (containerId, network) =>
      own(containerId, () => disconnectContainer(parts, sandboxOf(containerId), network)),
    rename: (containerId, name) =>
      own(containerId, async () => {
        const sandbox = book.sandbox(containerId)
        if (sandbox === undefined) return
        await parts.sandboxFiles.save({ ...sandbox, name })
        book.putSandbox({ ...sandbox, name })
      }),
    sandbox: (containerId) => book.sandbox(containerId),
    sandboxes: () => book.sandboxes(),
    members: (networkId) => book.members(networkId),
    netnsPath: (containerId) => parts.sandboxFiles.netnsPath(containerId),
    releaseOthers: async (alive) => {
      for (const { containerId } of book.sandboxes()) if (!alive.has(containerId)) await leave(containerId)
    },
    tearDown: async () => {
      for (const { containerId } of book.sandboxes()) await leave(containerId)
      for (const network of book.networks()) await removeKernelSide(whole, network)
      deps.world.kernel.packetFilter.apply(removeTableText(parts.names.table))
    },
    [Symbol.asyncDispose]: async () => {
      await parts.publisher.close()
      await Promise.all([...parts.resolvers.values()].map((resolver) => resolver[Symbol.asyncDispose]()))
      parts.resolvers.clear()
      parts.host[Symbol.dispose]()
    },
  }
}

/** The record is stored before the kernel is asked: a crash between leaves a network that the next start completes. */
async function createNetwork(whole: Whole, body: NetworkCreateBody): Promise<{ id: string; warning: string }> {
  const { parts, table, deps, config } = whole
  const { random, clock } = deps.world
  return withPoolLock(deps.world, config, async () => {
    await using undo = createUndoStack((error) => deps.warn(String(error)))
    const planned = planNetwork({
      body,
      id: randomHex(random, 32),
      createdAt: clock.now(),
      existing: parts.book.networks(),
      hostPrefixes: hostPrefixes(parts),
      pools: config.pools ?? defaultPools,
    })
    const foreignBridge = planned.driver === 'bridge' && parts.host.link(bridgeName(parts.names, planned)) !== undefined
    const network: NetworkRecord = { ...planned, ...(foreignBridge ? { foreignBridge } : {}) }
    undo.defer(() => table.remove(network.id))
    await table.save(network.id, network)
    if (!network.configOnly) {
      undo.defer(() => removeKernelSide(whole, network))
      addKernelSide(whole, network)
    }
    parts.book.putNetwork(network)
    undo.commit()
    deps.emit({ action: 'create', id: network.id, attributes: { name: network.name, type: network.driver } })
    return { id: network.id, warning: '' }
  })
}

function addKernelSide({ parts }: Whole, network: NetworkRecord): void {
  if (network.ipv6) parts.kernel.namespaces.setSysctl(undefined, 'net/ipv6/conf/all/forwarding', '1')
  if (network.driver !== 'bridge') {
    ensureParent(parts, network)
    return
  }
  ensureBridge(parts, network)
  parts.kernel.packetFilter.apply(bridgeElements(parts.names.table, 'add', filteredBridge(parts.names, network)))
}

async function removeKernelSide({ parts }: Whole, network: NetworkRecord): Promise<void> {
  if (network.configOnly) return
  if (network.driver === 'bridge') {
    removeElements(parts, network)
    if (network.foreignBridge !== true) await removeLink(parts, bridgeName(parts.names, network))
  }
  if (network.driver !== 'macvlan' && network.driver !== 'ipvlan') return
  const parent = parentOf(parts, network)
  const made = parent === parts.names.standIn(network.id) || parts.host.link(parent)?.kind === 'vlan'
  if (made) await removeLink(parts, parent)
}

/** What was never added, or is gone already, need not be removed. */
function removeElements({ kernel, names }: JoinDeps, network: NetworkRecord): void {
  for (const command of bridgeElements(names.table, 'delete', filteredBridge(names, network)).split('\n')) {
    try {
      kernel.packetFilter.apply(command)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }
}

async function removeNetwork(whole: Whole, network: NetworkRecord): Promise<void> {
  const { parts, table, deps } = whole
  if (isPredefined(network.name)) throw networkErrors.predefinedRemoval(network.name)
  if (parts.book.members(network.id).length > 0) throw networkErrors.inUse(network)
  if (network.configOnly && parts.book.networks().some(({ configFrom }) => configFrom === network.name))
    throw networkErrors.configInUse(network.name)
  // Out of the book first: nothing joins what is on its way out.
  parts.book.dropNetwork(network.id)
  try {
    await removeKernelSide(whole, network)
    await table.remove(network.id)
  } catch (error) {
    parts.book.putNetwork(network)
    throw error
  }
  deps.emit({ action: 'destroy', id: network.id, attributes: { name: network.name, type: network.driver } })
}

/** Engines of one machine choose subnets one after the other. Where the lock cannot be had, collisions are the risk, not a failure. */
async function withPoolLock<T>(
  { kernel, clock }: World,
  { poolLock }: NetworksConfig,
  work: () => Promise<T>,
): Promise<T> {
  if (poolLock === undefined) return work()
  let lock = kernel.lockFile(poolLock)
  for (let tries = 0; lock === undefined && tries < poolLockTries; tries += 1) {
    await clock.sleep(poolLockMs)
    lock = kernel.lockFile(poolLock)
  }
  try {
    return await work()
  } finally {
    lock?.[Symbol.dispose]()
  }
}

async function readHostResolvConf({ files }: World, path: string): Promise<string> {
  return (await files.exists(path)) ? files.readText(path, { maxBytes: resolvConfBytesMax }) : ''
}

async function bridgesAreFiltered({ files }: World): Promise<boolean> {
  const path = '/proc/sys/net/bridge/bridge-nf-call-iptables'
  return (await files.exists(path)) && (await files.readText(path)).trim() === '1'
}

/** The kernel's range for ports that nobody named; 49153 to 65535 where it does not say. */
async function ephemeralCursor({ files }: World): Promise<{ first: number; last: number; next: number }> {
  const path = '/proc/sys/net/ipv4/ip_local_port_range'
  const text = (await files.exists(path)) ? await files.readText(path) : ''
  const [first = 49_153, last = 65_535] = text
    .trim()
    .split(/\s+/)
    .map(Number)
    .filter((port) => port > 0)
  return { first, last, next: first }
}
