/** Names that the rest of the machine sees. All carry the engine's instance, so that engines do not meet; pure. */
import { randomHex } from '#world/ports/random.ts'
import type { Random } from '#world/ports/random.ts'
import { isDefaultBridge } from './network-record.ts'
import type { NetworkRecord } from './network-record.ts'

export interface HostNames {
  /** The packet filter's table. */
  readonly table: string
  /** Bridge of a network, 15 characters at most. */
  bridge(network: NetworkRecord): string
  /** A fresh name for our end of a container's interface. */
  newVeth(random: Random): string
  /** True for what `newVeth` of this engine makes. */
  isVeth(name: string): boolean
  /** Interface that stands in for a missing parent of a macvlan network. */
  standIn(networkId: string): string
}

/** `instance`: eight hexadecimal digits, or empty for the machine's main engine. */
export function hostNames(instance: string): HostNames {
  const tag = instance === '' ? '00000000' : instance
  return {
    table: instance === '' ? 'gantry' : `gantry_${instance}`,
    bridge: (network) =>
      isDefaultBridge(network) ? (instance === '' ? 'gantry0' : `gbr-${instance}`) : `br-${network.id.slice(0, 12)}`,
    newVeth: (random) => `ve${tag}${randomHex(random, 3).slice(0, 5)}`,
    isVeth: (name) => name.length === 15 && name.startsWith(`ve${tag}`),
    standIn: (networkId) => `dm-${networkId.slice(0, 12)}`,
  }
}
