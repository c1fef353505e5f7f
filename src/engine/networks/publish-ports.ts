/** The published ports of all containers: reservations, the kernel's forwarding and the proxies beside it. */
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import { portElements } from './filter-rules.ts'
import type { ForwardedPort } from './filter-rules.ts'
import type { PortRequest, PublishedPort } from './plan-ports.ts'
import { proxyPort } from './proxy-port.ts'
import type { ProxyDeps } from './proxy-port.ts'
import { reservePorts } from './reserve-ports.ts'
import type { EphemeralCursor, ReservedPort } from './reserve-ports.ts'

export interface PublisherDeps extends ProxyDeps {
  readonly kernel: Kernel
  readonly table: string
  readonly cursor: EphemeralCursor
}

/** Where a container's published ports lead. */
export interface PortTarget {
  readonly ipv4: string | undefined
  readonly ipv6: string | undefined
}

export interface PortPublisher {
  /** Reserves and forwards; all or nothing. */
  publish(
    containerId: string,
    request: {
      readonly requests: readonly PortRequest[]
      readonly endpoint: { readonly name: string; readonly id: string }
      readonly target: PortTarget
    },
  ): Promise<PublishedPort[]>
  /** Ports of a container that was running before this engine started: what can be reserved again is; answers what could not. The filter has them already. */
  restore(containerId: string, ports: readonly PublishedPort[], target: PortTarget): Promise<PublishedPort[]>
  /** Leads a container's ports to another address (its way out changed). */
  retarget(containerId: string, target: PortTarget): Promise<void>
  release(containerId: string): Promise<void>
  /** Gives the sockets back without touching the kernel's forwarding. */
  close(): Promise<void>
}

interface Holding {
  target: PortTarget
  readonly reserved: readonly ReservedPort[]
  forwarded: readonly ForwardedPort[]
  proxies: readonly AsyncDisposable[]
  closed: boolean
}

/** What the kernel forwards: same family on both sides. */
export function forwardedPorts(ports: readonly PublishedPort[], target: PortTarget): ForwardedPort[] {
  return ports.flatMap(({ protocol, containerPort, hostIp, hostPort }) => {
    const containerIp = hostIp.includes(':') ? target.ipv6 : target.ipv4
    return containerIp === undefined ? [] : [{ protocol, containerPort, hostIp, hostPort, containerIp }]
  })
}

/** One publisher per engine. */
export function createPortPublisher(deps: PublisherDeps): PortPublisher {
  const holdings = new Map<string, Holding>()
  const taken = (): PublishedPort[] => [...holdings.values()].flatMap(({ reserved }) => reserved)
  const hold = async (containerId: string, reserved: readonly ReservedPort[], target: PortTarget): Promise<void> => {
    const holding: Holding = {
      target,
      reserved,
      forwarded: forwardedPorts(reserved, target),
      proxies: [],
      closed: false,
    }
    holdings.set(containerId, holding)
    holding.proxies = await startProxies(deps, holding)
  }
  const letGo = async (containerId: string): Promise<Holding | undefined> => {
    const holding = holdings.get(containerId)
    holdings.delete(containerId)
    if (holding !== undefined) await closeSockets(holding)
    return holding
  }
  return {
    publish: async (containerId, { requests, endpoint, target }) => {
      if (requests.length === 0) return []
      const reserved = reservePorts((path, socket) => deps.kernel.namespaces.bindSocket(path, socket), {
        requests,
        taken: taken(),
        cursor: deps.cursor,
        endpoint,
      })
      const forwarded = forwardedPorts(reserved, target)
      try {
        if (forwarded.length > 0) deps.kernel.packetFilter.apply(portElements(deps.table, 'add', forwarded))
      } catch (error) {
        for (const { socket } of reserved) socket?.[Symbol.dispose]()
        throw error
      }
      await hold(containerId, reserved, target)
      return reserved.map(toPublished)
    },
    restore: async (containerId, ports, target) => {
      const lost: PublishedPort[] = []
      const reserved = ports.flatMap((port) => reserveAgain(deps, port, lost))
      await hold(containerId, reserved, target)
      return lost
    },
    retarget: async (containerId, target) => {
      const holding = holdings.get(containerId)
      if (holding === undefined) return
      removeElements(deps, holding.forwarded)
      holding.target = target
      holding.forwarded = forwardedPorts(holding.reserved, target)
      if (holding.forwarded.length > 0)
        deps.kernel.packetFilter.apply(portElements(deps.table, 'add', holding.forwarded))
    },
    release: async (containerId) => {
      const forwarded = holdings.get(containerId)?.forwarded ?? []
      removeElements(deps, forwarded)
      await letGo(containerId)
    },
    close: async () => {
      await Promise.all([...holdings.keys()].map(letGo))
    },
  }
}

function toPublished({ protocol, containerPort, hostIp, hostPort }: ReservedPort): PublishedPort {
  return { protocol, containerPort, hostIp, hostPort }
}

/** Elements that somebody else took away already are no reason to fail. */
function removeElements({ kernel, table }: PublisherDeps, forwarded: readonly ForwardedPort[]): void {
  if (forwarded.length === 0) return
  try {
    kernel.packetFilter.apply(portElements(table, 'delete', forwarded))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    for (const one of forwarded.length > 1 ? forwarded : []) removeElements({ kernel, table } as PublisherDeps, [one])
  }
}

function reserveAgain({ kernel }: PublisherDeps, port: PublishedPort, lost: PublishedPort[]): ReservedPort[] {
  try {
    return [
      {
        ...port,
        socket: kernel.namespaces.bindSocket(undefined, {
          kind: port.protocol,
          address: port.hostIp,
          port: port.hostPort,
          listen: true,
        }),
      },
    ]
  } catch {
    // Somebody took the port while no engine ran. The kernel still forwards it; the books keep it as the container's.
    lost.push(port)
    return [{ ...port, socket: undefined }]
  }
}

/** IPv6 sockets are served here: for containers without IPv6, and for `::1`, which the kernel cannot forward. */
async function startProxies(deps: PublisherDeps, holding: Holding): Promise<AsyncDisposable[]> {
  const address = (): string | undefined => holding.target.ipv4 ?? holding.target.ipv6
  return Promise.all(holding.reserved.filter(isProxied).map((port) => proxyPort(deps, port, address)))
}

function isProxied({ hostIp, socket }: ReservedPort): boolean {
  return hostIp.includes(':') && socket !== undefined
}

async function closeSockets(holding: Holding): Promise<void> {
  if (holding.closed) return
  holding.closed = true
  const proxied = holding.proxies.length > 0
  for (const port of holding.reserved) if (!(proxied && isProxied(port))) port.socket?.[Symbol.dispose]()
  await Promise.all(holding.proxies.map((proxy) => proxy[Symbol.asyncDispose]()))
}
