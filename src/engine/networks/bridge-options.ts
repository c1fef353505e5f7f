/** Options of bridge networks (`-o key=value`), read once into plain values; pure. */
import { parseAddress } from './address.ts'
import { networkErrors } from './errors.ts'
import type { NetworkRecord } from './network-record.ts'

export interface BridgeOptions {
  /** Name of the bridge; undefined: derived from the network's id. */
  readonly bridgeName: string | undefined
  readonly interContainer: boolean
  readonly masquerade: boolean
  /** Where published ports without an address are bound; undefined: everywhere. */
  readonly hostBinding: string | undefined
  readonly mtu: number | undefined
  /** Beginning of interface names inside containers. */
  readonly interfacePrefix: string
}

export const bridgeOptionNames = {
  name: 'com.docker.network.bridge.name',
  icc: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  hostBinding: 'com.docker.network.bridge.host_binding_ipv4',
  defaultBridge: 'com.docker.network.bridge.default_bridge',
  mtu: 'com.docker.network.driver.mtu',
  interfacePrefix: 'com.docker.network.container_iface_prefix',
} as const

/** Go's words for true and false, which clients may send. */
function flag(options: Readonly<Record<string, string>>, name: string, fallback: boolean): boolean {
  const value = options[name]
  if (value === undefined || value === '') return fallback
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value)) return false
  throw networkErrors.badOption(name, value)
}

/** Reads the options. @throws GantryError invalid for values that mean nothing. */
export function readBridgeOptions(options: NetworkRecord['options']): BridgeOptions {
  const bridgeName = options[bridgeOptionNames.name]
  if (bridgeName !== undefined && !/^[A-Za-z0-9_.-]{1,15}$/.test(bridgeName))
    throw networkErrors.badOption(bridgeOptionNames.name, bridgeName)
  const mtu = options[bridgeOptionNames.mtu] ?? options['mtu']
  if (mtu !== undefined && !/^\d{1,5}$/.test(mtu)) throw networkErrors.badOption(bridgeOptionNames.mtu, mtu)
  const hostBinding = options[bridgeOptionNames.hostBinding]
  const bindable = hostBinding === undefined || hostBinding === '' ? undefined : parseAddress(hostBinding)
  if (hostBinding !== undefined && hostBinding !== '' && bindable === undefined)
    throw networkErrors.badOption(bridgeOptionNames.hostBinding, hostBinding)
  return {
    bridgeName,
    interContainer: flag(options, bridgeOptionNames.icc, true),
    masquerade: flag(options, bridgeOptionNames.masquerade, true),
    hostBinding: bindable === undefined || bindable.value === 0n ? undefined : hostBinding,
    mtu: mtu === undefined || Number(mtu) === 0 ? undefined : Number(mtu),
    interfacePrefix: options[bridgeOptionNames.interfacePrefix] ?? 'eth',
  }
}
