/** Which of a container's networks leads out, and what its interfaces are called; pure. */
import type { Endpoint, NetworkRecord } from './network-record.ts'

type NetworkOf = (id: string) => NetworkRecord | undefined

/** The endpoint with the default route: highest priority, then networks that lead out, then by name. Undefined when none has a gateway. */
export function chooseGateway(endpoints: readonly Endpoint[], networkOf: NetworkOf): Endpoint | undefined {
  const rank = (endpoint: Endpoint): readonly [number, number, string] => {
    const network = networkOf(endpoint.networkId)
    return [-endpoint.gatewayPriority, network?.internal === true ? 1 : 0, network?.name ?? '']
  }
  const able = endpoints.filter(({ gateway4, gateway6 }) => gateway4 !== undefined || gateway6 !== undefined)
  return able.toSorted((a, b) => compareRanks(rank(a), rank(b)))[0]
}

function compareRanks(a: readonly [number, number, string], b: readonly [number, number, string]): number {
  if (a[0] !== b[0]) return a[0] - b[0]
  if (a[1] !== b[1]) return a[1] - b[1]
  return a[2] < b[2] ? -1 : 1
}

/** The lowest number that no interface of that beginning has or had: eth0, eth1, … */
export function nextInterfaceName(prefix: string, taken: readonly string[]): string {
  for (let number = 0; ; number += 1) {
    const name = `${prefix}${number}`
    if (!taken.includes(name)) return name
  }
}

/** Names of networks in the order in which a starting container joins them: the one of its mode first, then as they were given. */
export function joinOrder(mode: string, names: readonly string[]): string[] {
  const first = mode === 'default' ? 'bridge' : mode
  return names.includes(first) ? [first, ...names.filter((name) => name !== first)] : [...names]
}
