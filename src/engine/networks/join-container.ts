/**
 * A container's whole network: its namespace, its endpoints, the way out, published ports, the resolver. Each step
 * registers its undo first. The record on disk is written last on the way in and goes first on the way out, so that
 * after a crash what has no record is leftover and can be cleared.
 */
import { createUndoStack } from '#base/async/undo-stack.ts'
import { answerQuery } from './answer-query.ts'
import { planEndpoint, plugIn, routeOut } from './attach-endpoint.ts'
import type { AttachDeps, EndpointWish } from './attach-endpoint.ts'
import { readBridgeOptions } from './bridge-options.ts'
import { chooseGateway } from './choose-gateway.ts'
import { startResolver } from './container-resolver.ts'
import type { ResolverDeps } from './container-resolver.ts'
import { networkErrors } from './errors.ts'
import { isDefaultBridge } from './network-record.ts'
import type { Endpoint, NetworkRecord, Sandbox } from './network-record.ts'
import { planPorts } from './plan-ports.ts'
import type { PortPlanInput } from './plan-ports.ts'
import type { PortPublisher, PortTarget } from './publish-ports.ts'
import { removeLink } from './remove-link.ts'
import type { RemoveLinkDeps } from './remove-link.ts'
import type { SandboxFiles } from './sandbox-files.ts'

export interface JoinDeps extends AttachDeps, ResolverDeps, RemoveLinkDeps {
  readonly sandboxFiles: SandboxFiles
  readonly publisher: PortPublisher
  /** Resolvers by container id; whoever starts one puts it here. */
  readonly resolvers: Map<string, AsyncDisposable>
  /** Servers for names that no container has, from the host's resolv.conf unless wished otherwise. */
  readonly forwardServers: (wished: readonly string[]) => readonly string[]
  readonly hostHasIpv6: () => boolean
  readonly onEvent: (action: 'connect' | 'disconnect', network: NetworkRecord, containerId: string) => void
}

export interface JoinRequest {
  readonly containerId: string
  readonly name: string
  readonly hostname: string
  /** `--dns`. */
  readonly dns: readonly string[]
  /** In the order in which the interfaces shall be numbered. */
  readonly networks: readonly { readonly network: NetworkRecord; readonly wish: EndpointWish }[]
  readonly ports: Pick<PortPlanInput, 'bindings' | 'exposed' | 'publishAll'>
}

/** Makes everything; on failure nothing stays. */
export async function joinContainer(deps: JoinDeps, request: JoinRequest): Promise<Sandbox> {
  // Its last run may have ended while no engine was there to see it.
  await leaveContainer(deps, request.containerId)
  await using undo = createUndoStack()
  const { containerId, name, hostname, dns } = request
  const onHost = request.networks.some(({ network }) => network.driver === 'host')
  const netnsPath = deps.sandboxFiles.netnsPath(containerId)
  let sandbox: Sandbox = { containerId, name, hostname, dns, endpoints: [], ports: [], ...(onHost ? { onHost } : {}) }
  undo.defer(() => {
    deps.book.dropSandbox(containerId)
    return deps.sandboxFiles.remove(containerId)
  })
  if (!onHost) createNamespace(deps, netnsPath)
  for (const { network, wish } of request.networks) {
    const endpoint =
      onHost || network.driver === 'null'
        ? bareEndpoint(deps, network, sandbox)
        : planEndpoint(deps, { network, sandbox, wish })
    sandbox = withEndpoint(sandbox, endpoint)
    // In the book before the kernel work: the addresses are taken from here on.
    deps.book.putSandbox(sandbox)
    if (endpoint.interfaceName !== '') sandbox = withEndpoint(sandbox, plugIn(deps, { network, netnsPath, endpoint }))
    deps.book.putSandbox(sandbox)
  }
  if (!onHost) {
    const gateway = routeOut(deps, netnsPath, sandbox.endpoints)
    undo.defer(() => deps.publisher.release(containerId))
    sandbox = { ...sandbox, ports: await publish(deps, request, gateway) }
    undo.defer(() => stopResolver(deps, containerId))
    deps.book.putSandbox(sandbox)
    await resolveNames(deps, sandbox)
  }
  await deps.sandboxFiles.save(sandbox)
  undo.commit()
  for (const { network } of request.networks) deps.onEvent('connect', network, containerId)
  return sandbox
}

/** Interfaces get IPv6 only where their network has it; ports below 1024 and ping need no capability, as with Docker. */
function createNamespace({ kernel }: JoinDeps, netnsPath: string): void {
  kernel.namespaces.deleteNetwork(netnsPath)
  kernel.namespaces.createNetwork(netnsPath)
  kernel.namespaces.setSysctl(netnsPath, 'net/ipv6/conf/default/disable_ipv6', '1')
}

function bareEndpoint(deps: JoinDeps, network: NetworkRecord, sandbox: Sandbox): Endpoint {
  const id = Buffer.from(deps.random.bytes(32)).toString('hex')
  return {
    id,
    networkId: network.id,
    containerId: sandbox.containerId,
    interfaceName: '',
    mac: '',
    aliases: [],
    links: {},
    gatewayPriority: 0,
  }
}

function withEndpoint(sandbox: Sandbox, endpoint: Endpoint): Sandbox {
  return { ...sandbox, endpoints: [...sandbox.endpoints.filter(({ id }) => id !== endpoint.id), endpoint] }
}

/** Where published ports lead: to the endpoint that leads out, unless its network keeps to itself. */
export function portTarget(deps: Pick<JoinDeps, 'book'>, gateway: Endpoint | undefined): PortTarget {
  const network = gateway === undefined ? undefined : deps.book.network(gateway.networkId)
  const reachable = network?.driver === 'bridge' && !network.internal
  return { ipv4: reachable ? gateway?.ipv4 : undefined, ipv6: reachable ? gateway?.ipv6 : undefined }
}

async function publish(deps: JoinDeps, request: JoinRequest, gateway: Endpoint | undefined): Promise<Sandbox['ports']> {
  const target = portTarget(deps, gateway)
  if (gateway === undefined || (target.ipv4 === undefined && target.ipv6 === undefined)) return []
  const { hostBinding } = readBridgeOptions(deps.book.network(gateway.networkId)?.options ?? {})
  const requests = planPorts({ ...request.ports, defaultHostIp: hostBinding, hostHasIpv6: deps.hostHasIpv6() })
  return deps.publisher.publish(request.containerId, {
    requests,
    endpoint: { name: request.name, id: gateway.id },
    target,
  })
}

/** True when one of the sandbox's networks gives names to containers. */
export function hasNames(deps: Pick<JoinDeps, 'book'>, { endpoints }: Sandbox): boolean {
  return endpoints.some(({ networkId, interfaceName }) => {
    const network = deps.book.network(networkId)
    return network !== undefined && interfaceName !== '' && !isDefaultBridge(network)
  })
}

/** Starts the container's resolver when it needs one and has none. */
export async function resolveNames(
  deps: JoinDeps,
  { containerId, ...sandbox }: Sandbox,
  replaces = false,
): Promise<void> {
  if (deps.resolvers.has(containerId) || !hasNames(deps, { containerId, ...sandbox })) return
  const current = (): Sandbox | undefined => deps.book.sandbox(containerId)
  const view = { network: (id: string) => deps.book.network(id), members: (id: string) => deps.book.members(id) }
  const resolver = await startResolver(deps, {
    netnsPath: deps.sandboxFiles.netnsPath(containerId),
    replaces,
    answer: (question) => {
      const asker = current()
      return asker === undefined ? { kind: 'missing' } : answerQuery(view, asker, question)
    },
    servers: () => {
      const asker = current()
      const leadsOut = asker?.endpoints.some(({ networkId }) => deps.book.network(networkId)?.internal === false)
      return asker === undefined || leadsOut !== true ? [] : deps.forwardServers(asker.dns)
    },
  })
  deps.resolvers.set(containerId, resolver)
}

async function stopResolver(deps: JoinDeps, containerId: string): Promise<void> {
  const resolver = deps.resolvers.get(containerId)
  deps.resolvers.delete(containerId)
  await resolver?.[Symbol.asyncDispose]()
}

/** Takes everything away after the container's end. Its interfaces go with the namespace. */
export async function leaveContainer(deps: JoinDeps, containerId: string): Promise<void> {
  const sandbox = deps.book.sandbox(containerId)
  if (sandbox === undefined) return
  await deps.publisher.release(containerId)
  await stopResolver(deps, containerId)
  await deps.sandboxFiles.remove(containerId)
  deps.book.dropSandbox(containerId)
  for (const { networkId } of sandbox.endpoints) {
    const network = deps.book.network(networkId)
    if (network !== undefined) deps.onEvent('disconnect', network, containerId)
  }
}

/** Adds a running container to one more network. */
export async function connectContainer(
  deps: JoinDeps,
  { sandbox, network, wish }: { sandbox: Sandbox; network: NetworkRecord; wish: EndpointWish },
): Promise<Sandbox> {
  checkConnect(deps, sandbox, network)
  const netnsPath = deps.sandboxFiles.netnsPath(sandbox.containerId)
  // A container that had no network at all leaves "none" with its first one.
  const before: Sandbox = {
    ...sandbox,
    endpoints: sandbox.endpoints.filter(({ interfaceName }) => interfaceName !== ''),
  }
  const planned = planEndpoint(deps, { network, sandbox: before, wish })
  deps.book.putSandbox(withEndpoint(before, planned))
  try {
    const endpoint = plugIn(deps, { network, netnsPath, endpoint: planned })
    const after = withEndpoint(before, endpoint)
    deps.book.putSandbox(after)
    await followGateway(deps, after)
    await resolveNames(deps, after)
    await deps.sandboxFiles.save(after)
    deps.onEvent('connect', network, sandbox.containerId)
    return after
  } catch (error) {
    deps.book.putSandbox(sandbox)
    await unplug(deps, netnsPath, planned)
    routeOut(deps, netnsPath, sandbox.endpoints)
    throw error
  }
}

function checkConnect(deps: JoinDeps, sandbox: Sandbox, network: NetworkRecord): void {
  if (network.driver === 'host') throw networkErrors.hostChange()
  if (sandbox.onHost === true) throw networkErrors.sharedNamespace()
  if (sandbox.endpoints.some(({ networkId }) => networkId === network.id))
    throw networkErrors.alreadyConnected(sandbox.name, network.name)
  const isolated = sandbox.endpoints.some(({ networkId }) => deps.book.network(networkId)?.driver === 'null')
  if (isolated || network.driver === 'null') throw networkErrors.noneMixed()
}

/** Takes a running container out of a network. */
export async function disconnectContainer(deps: JoinDeps, sandbox: Sandbox, network: NetworkRecord): Promise<Sandbox> {
  if (network.driver === 'host' || sandbox.onHost === true) throw networkErrors.hostChange()
  const endpoint = sandbox.endpoints.find(({ networkId }) => networkId === network.id)
  if (endpoint === undefined) throw networkErrors.notConnected(sandbox.containerId, network.name)
  const after: Sandbox = {
    ...sandbox,
    endpoints: sandbox.endpoints.filter(({ id }) => id !== endpoint.id),
    pastInterfaces: [...(sandbox.pastInterfaces ?? []), endpoint.interfaceName].filter((name) => name !== ''),
  }
  await deps.sandboxFiles.save(after)
  const netnsPath = deps.sandboxFiles.netnsPath(sandbox.containerId)
  if (endpoint.interfaceName !== '') await unplug(deps, netnsPath, endpoint)
  deps.book.putSandbox(after)
  await followGateway(deps, after)
  deps.onEvent('disconnect', network, sandbox.containerId)
  return after
}

async function unplug(deps: JoinDeps, netnsPath: string, endpoint: Endpoint): Promise<void> {
  if (endpoint.hostLink !== undefined) {
    await removeLink(deps, endpoint.hostLink)
    return
  }
  using inside = deps.kernel.namespaces.netlink(netnsPath)
  if (inside.link(endpoint.interfaceName) !== undefined) inside.deleteLink(endpoint.interfaceName)
}

/** Default routes and published ports go where the best of the endpoints is. */
async function followGateway(deps: JoinDeps, sandbox: Sandbox): Promise<void> {
  routeOut(deps, deps.sandboxFiles.netnsPath(sandbox.containerId), sandbox.endpoints)
  const gateway = chooseGateway(sandbox.endpoints, (id) => deps.book.network(id))
  if (sandbox.ports.length > 0) await deps.publisher.retarget(sandbox.containerId, portTarget(deps, gateway))
}
