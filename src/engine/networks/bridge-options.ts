/** Options of bridge networks (`-o key=value`), read once into plain values; pure. */
import { readGoBool } from '#base/data/go-bool.ts'
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
  const read = readGoBool(value)
  if (read === undefined) throw networkErrors.badOption(name, value)
  return read
}

/** An option's text; undefined when it is absent or empty. @throws GantryError invalid when it does not fit. */
function text(
  options: Readonly<Record<string, string>>,
  name: string,
  fits: (value: string) => boolean,
): string | undefined {
  const value = options[name]
  if (value === undefined || value === '') return undefined
  if (!fits(value)) throw networkErrors.badOption(name, value)
  return value
}

const isLinkName = (value: string): boolean => /^[A-Za-z0-9_.-]{1,15}$/.test(value)
const isSmallNumber = (value: string): boolean => /^\d{1,5}$/.test(value)
const isAddress = (value: string): boolean => parseAddress(value) !== undefined

/** Reads the options. @throws GantryError invalid for values that mean nothing. */
export function readBridgeOptions(options: NetworkRecord['options']): BridgeOptions {
  const mtu = Number(text(options, bridgeOptionNames.mtu, isSmallNumber) ?? text(options, 'mtu', isSmallNumber) ?? 0)
  const hostBinding = text(options, bridgeOptionNames.hostBinding, isAddress)
  return {
    bridgeName: text(options, bridgeOptionNames.name, isLinkName),
    interContainer: flag(options, bridgeOptionNames.icc, true),
    masquerade: flag(options, bridgeOptionNames.masquerade, true),
    hostBinding: hostBinding === '0.0.0.0' ? undefined : hostBinding,
    mtu: mtu === 0 ? undefined : mtu,
    interfacePrefix: options[bridgeOptionNames.interfacePrefix] ?? 'eth',
  }
}
