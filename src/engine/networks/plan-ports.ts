/** Which ports of a container are published where: requests read, host ports chosen; pure. */
import type { HostConfig, PortBinding } from '#spec/docker/container-config.ts'
import { parseAddress } from './address.ts'
import { networkErrors } from './errors.ts'

export type Protocol = 'tcp' | 'udp' | 'sctp'

/** One wish: a container's port at an address of the host, on one of some ports. */
export interface PortRequest {
  readonly protocol: Protocol
  readonly containerPort: number
  readonly hostIp: string
  /** Candidates in order; empty: any free one of the ephemeral range. */
  readonly hostPorts: { readonly first: number; readonly last: number } | undefined
  /** Requests of one wish get the same host port at each address (0.0.0.0 and [::]). */
  readonly group: number
}

/** A wish come true. */
export interface PublishedPort {
  readonly protocol: Protocol
  readonly containerPort: number
  readonly hostIp: string
  readonly hostPort: number
}

const portKey = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i

/** Images and clients may expose what is no port (Docker takes it); it is shown and never published. */
function isPortKey(key: string): boolean {
  const port = Number(portKey.exec(key)?.[1] ?? 0)
  return port >= 1 && port <= 65_535
}

/** Reads `80/tcp`; the protocol may be left out. */
export function parsePortKey(key: string): { readonly port: number; readonly protocol: Protocol } {
  if (!isPortKey(key)) throw networkErrors.badPort(key)
  const [, port, protocol = 'tcp'] = portKey.exec(key) ?? []
  return { port: Number(port), protocol: protocol.toLowerCase() as Protocol }
}

function parseHostPorts(text: string): PortRequest['hostPorts'] {
  if (text === '' || text === '0') return undefined
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? match?.[1])
  if (match === null || first < 1 || last > 65_535 || last < first) throw networkErrors.badPort(text)
  return { first, last }
}

export interface PortPlanInput {
  readonly bindings: HostConfig['PortBindings']
  /** Keys of the exposed ports. */
  readonly exposed: readonly string[]
  readonly publishAll: boolean
  /** Where a binding without an address goes, by the network's option; undefined: everywhere. */
  readonly defaultHostIp: string | undefined
  /** The host has IPv6, so everywhere includes [::]. */
  readonly hostHasIpv6: boolean
}

/** All wishes of a container, in the order of the container's ports. @throws GantryError invalid for text that is no port. */
export function planPorts(input: PortPlanInput): PortRequest[] {
  const wanted: Record<string, readonly PortBinding[]> = { ...input.bindings }
  if (input.publishAll) {
    for (const key of input.exposed.filter(isPortKey))
      if ((wanted[normalKey(key)] ?? wanted[key] ?? []).length === 0)
        wanted[normalKey(key)] = [{ HostIp: '', HostPort: '' }]
  }
  let group = 0
  return Object.entries(wanted)
    .map(([key, bindings]) => ({ ...parsePortKey(key), bindings: bindings ?? [] }))
    .toSorted((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol))
    .flatMap(({ port, protocol, bindings }) =>
      bindings.flatMap(({ HostIp, HostPort }) => {
        group += 1
        const hostPorts = parseHostPorts(HostPort ?? '')
        return hostAddresses(HostIp ?? '', input).map((hostIp) => ({
          protocol,
          containerPort: port,
          hostIp,
          hostPorts,
          group,
        }))
      }),
    )
}

function normalKey(key: string): string {
  const { port, protocol } = parsePortKey(key)
  return `${port}/${protocol}`
}

function hostAddresses(hostIp: string, { defaultHostIp, hostHasIpv6 }: PortPlanInput): string[] {
  const bare = hostIp.replace(/^\[(.*)\]$/, '$1')
  if (bare !== '') {
    if (parseAddress(bare) === undefined) throw networkErrors.badPort(hostIp)
    return [bare]
  }
  if (defaultHostIp !== undefined) return [defaultHostIp]
  return hostHasIpv6 ? ['0.0.0.0', '::'] : ['0.0.0.0']
}

/** True when two bindings of the same protocol and port would meet. */
export function bindingsMeet(a: string, b: string): boolean {
  if (a.includes(':') !== b.includes(':')) return false
  return a === b || isWildcard(a) || isWildcard(b)
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** What `NetworkSettings.Ports` shows: bindings by container port, null for ports that are exposed only. */
export function showPorts(
  published: readonly PublishedPort[],
  exposed: readonly string[],
): Record<string, PortBinding[] | null> {
  const shown: Record<string, PortBinding[] | null> = {}
  for (const key of exposed) shown[isPortKey(key) ? normalKey(key) : key] = null
  for (const { protocol, containerPort, hostIp, hostPort } of published) {
    const list = (shown[`${containerPort}/${protocol}`] ??= [])
    list.push({ HostIp: hostIp, HostPort: String(hostPort) })
  }
  return shown
}
