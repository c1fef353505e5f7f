/** The flags that join a container to networks, as the Engine API's NetworkingConfig. */
import { failure } from '#cli/docker/exit.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import type { NetworkRequest } from './network-flag.ts'
import { parseNetwork } from './network-flag.ts'

function networks(flags: Flags): readonly NetworkRequest[] {
  return [...flags.list('network'), ...flags.list('net')].map((text) => parseNetwork(text))
}

/** The first network asked for, by which the HostConfig names it. */
export function networkMode(flags: Flags): string {
  return networks(flags)[0]?.name ?? 'default'
}

/** The NetworkingConfig of a create request. */
export function networkingConfig(flags: Flags): { readonly EndpointsConfig: Readonly<Record<string, unknown>> } {
  const requests = networks(flags)
  const endpoints: Record<string, unknown> = {}
  const aliases = [...flags.list('network-alias'), ...flags.list('net-alias')]
  for (const [at, request] of requests.entries()) {
    const endpoint = at === 0 ? withGlobals(request, flags, aliases) : request
    if (request.name in endpoints) throw failure(`network "${request.name}" is specified multiple times`)
    if (requests.length > 1 || hasSettings(endpoint)) endpoints[request.name] = endpointSettings(endpoint)
  }
  if (requests.length === 0) {
    const endpoint = withGlobals(parseNetwork('default'), flags, aliases)
    if (hasSettings(endpoint)) endpoints['default'] = endpointSettings(endpoint)
  }
  return { EndpointsConfig: endpoints }
}

function withGlobals(request: NetworkRequest, flags: Flags, aliases: readonly string[]): NetworkRequest {
  if (request.aliases.length > 0 && aliases.length > 0)
    throw failure('conflicting options: cannot specify both --network-alias and per-network alias')
  if (request.ipv4 !== '' && flags.has('ip'))
    throw failure('conflicting options: cannot specify both --ip and per-network IPv4 address')
  if (request.ipv6 !== '' && flags.has('ip6'))
    throw failure('conflicting options: cannot specify both --ip6 and per-network IPv6 address')
  return {
    ...request,
    aliases: [...request.aliases, ...aliases],
    ipv4: request.ipv4 === '' ? flags.text('ip') : request.ipv4,
    ipv6: request.ipv6 === '' ? flags.text('ip6') : request.ipv6,
    linkLocal: [...request.linkLocal, ...flags.list('link-local-ip')],
  }
}

function hasSettings(request: NetworkRequest): boolean {
  return (
    request.aliases.length + request.linkLocal.length + Object.keys(request.driverOpts).length > 0 ||
    request.ipv4 !== '' ||
    request.ipv6 !== '' ||
    request.macAddress !== '' ||
    request.gatewayPriority !== 0
  )
}

/** The Engine API's EndpointSettings. */
export function endpointSettings(request: NetworkRequest): Readonly<Record<string, unknown>> {
  const ipam = {
    ...(request.ipv4 === '' ? {} : { IPv4Address: request.ipv4 }),
    ...(request.ipv6 === '' ? {} : { IPv6Address: request.ipv6 }),
    ...(request.linkLocal.length === 0 ? {} : { LinkLocalIPs: request.linkLocal }),
  }
  return {
    IPAMConfig: Object.keys(ipam).length === 0 ? null : ipam,
    Links: null,
    Aliases: request.aliases.length === 0 ? null : request.aliases,
    ...(request.macAddress === '' ? {} : { MacAddress: request.macAddress }),
    DriverOpts: Object.keys(request.driverOpts).length === 0 ? null : request.driverOpts,
    ...(request.gatewayPriority === 0 ? {} : { GwPriority: request.gatewayPriority }),
  }
}
