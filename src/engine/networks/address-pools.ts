/** Which addresses are whose: choosing subnets for networks and addresses for endpoints; pure. */
import {
  bitsOf,
  contains,
  formatAddress,
  formatPrefix,
  lastOf,
  overlaps,
  parseAddress,
  parsePrefix,
} from './address.ts'
import type { Address, Family, Prefix } from './address.ts'
import { networkErrors } from './errors.ts'
import type { IpamPool, NetworkRecord } from './network-record.ts'

/** A big prefix that is cut into subnets of one length. */
export interface DefaultPool {
  readonly base: string
  readonly size: number
}

/** Docker's own pools: 172.17 to 172.31 as they are, 192.168 in pieces of 4096 addresses. */
export const defaultPools: readonly DefaultPool[] = [
  ...Array.from({ length: 15 }, (_, index) => ({ base: `172.${17 + index}.0.0/16`, size: 16 })),
  { base: '192.168.0.0/16', size: 20 },
]

/** The first subnet of the pools that meets none of those in use (other networks, the host's routes and addresses). */
export function chooseSubnet(pools: readonly DefaultPool[], used: readonly Prefix[], family: Family): Prefix {
  for (const { base, size } of pools) {
    const pool = parsePrefix(base)
    if (pool === undefined || pool.family !== family) continue
    const step = 1n << BigInt(bitsOf(family) - size)
    for (let at = pool.base; at <= lastOf(pool); at += step) {
      const candidate: Prefix = { family, base: at, length: size }
      const taken = used.find((other) => overlaps(candidate, other))
      if (taken === undefined) return candidate
      // A large network in the way is stepped over at once.
      at += ((lastOf(taken) - at) / step) * step
    }
  }
  throw networkErrors.noPool(family)
}

/** A unique local /64 from a network's id (RFC 4193 wants the bits random; the id is). */
export function localPrefixOf(networkId: string): Prefix {
  const global = BigInt(`0x${networkId.slice(0, 14)}`)
  return { family: 6, base: (0xfdn << 120n) | (global << 64n), length: 64 }
}

/** The prefixes of a network's pools. Records are checked when they are made, so all of them parse. */
export function poolPrefixes(network: NetworkRecord): { readonly pool: IpamPool; readonly prefix: Prefix }[] {
  return network.ipam.pools.flatMap((pool) => {
    const prefix = parsePrefix(pool.subnet)
    return prefix === undefined ? [] : [{ pool, prefix }]
  })
}

/** First usable address of a subnet: what Docker takes as gateway when none is given. */
export function defaultGateway(prefix: Prefix): string {
  return formatAddress({
    family: prefix.family,
    value: prefix.base + (bitsOf(prefix.family) - prefix.length > 1 ? 1n : 0n),
  })
}

/** Addresses of a subnet that no endpoint gets: network, broadcast (IPv4), gateway and auxiliary ones. */
function isReserved(pool: IpamPool, prefix: Prefix, value: bigint): boolean {
  const tiny = bitsOf(prefix.family) - prefix.length < 2
  if (!tiny && (value === prefix.base || (prefix.family === 4 && value === lastOf(prefix)))) return true
  const text = formatAddress({ family: prefix.family, value })
  return text === pool.gateway || Object.values(pool.auxiliary).includes(text)
}

/** One leased address with its subnet. */
export interface Lease {
  readonly address: string
  readonly prefixLength: number
  readonly gateway: string | undefined
}

export interface LeaseRequest {
  readonly network: NetworkRecord
  readonly family: Family
  /** Addresses of this network in use, as text. */
  readonly taken: ReadonlySet<string>
  /** The address that the user wants. */
  readonly wanted?: string
}

/**
 * Leases the wanted or the lowest free address; undefined when the network has no pool of that family.
 * Throws with Docker's words when the wanted one is foreign or taken and when none is left.
 */
export function leaseAddress(request: LeaseRequest): Lease | undefined {
  const pools = poolPrefixes(request.network).filter(({ prefix }) => prefix.family === request.family)
  if (request.wanted !== undefined) return leaseWanted(request, request.wanted, pools)
  if (pools.length === 0) return undefined
  for (const { pool, prefix } of pools) {
    const range = pool.ipRange === undefined ? prefix : (parsePrefix(pool.ipRange) ?? prefix)
    const value = lowestFree(request.taken, { pool, prefix, range })
    if (value !== undefined) return toLease(pool, prefix, value)
  }
  throw networkErrors.noAddress(request.network, request.family)
}

function lowestFree(
  taken: ReadonlySet<string>,
  { pool, prefix, range }: { pool: IpamPool; prefix: Prefix; range: Prefix },
): bigint | undefined {
  const last = lastOf(range)
  for (let value = range.base; value <= last; value += 1n) {
    if (!isReserved(pool, prefix, value) && !taken.has(formatAddress({ family: prefix.family, value }))) return value
  }
  return undefined
}

function leaseWanted(request: LeaseRequest, wanted: string, pools: ReturnType<typeof poolPrefixes>): Lease {
  const address = parseAddress(wanted)
  const home = address === undefined ? undefined : pools.find(({ prefix }) => contains(prefix, address))
  if (address === undefined || home === undefined) throw networkErrors.foreignAddress(wanted)
  if (request.taken.has(formatAddress(address)) || isReserved(home.pool, home.prefix, address.value))
    throw networkErrors.addressTaken()
  return toLease(home.pool, home.prefix, address.value)
}

function toLease(pool: IpamPool, prefix: Prefix, value: bigint): Lease {
  return {
    address: formatAddress({ family: prefix.family, value }),
    prefixLength: prefix.length,
    gateway: pool.gateway,
  }
}

/** The subnets of networks, for overlap checks. */
export function usedPrefixes(networks: Iterable<NetworkRecord>): Prefix[] {
  return [...networks].flatMap((network) => poolPrefixes(network).map(({ prefix }) => prefix))
}

/** A pool with everything that can be filled in. @throws GantryError when the parts do not fit each other. */
export function completePool(pool: IpamPool, prefix: Prefix, withGateway: boolean): IpamPool {
  const gateway = pool.gateway ?? (withGateway ? gatewayBeside(pool, prefix) : undefined)
  const outside = (text: string | undefined): boolean => {
    const address: Address | undefined = text === undefined ? undefined : parseAddress(text)
    return text !== undefined && (address === undefined || !contains(prefix, address))
  }
  if (outside(gateway)) throw networkErrors.badGateway(String(gateway))
  const range = pool.ipRange === undefined ? undefined : parsePrefix(pool.ipRange)
  if (pool.ipRange !== undefined && (range === undefined || !overlaps(range, prefix) || range.length < prefix.length))
    throw networkErrors.badRange(pool.ipRange)
  const stray = Object.values(pool.auxiliary).find((address) => outside(address))
  if (stray !== undefined) throw networkErrors.badAuxiliary(stray)
  return {
    ...pool,
    subnet: pool.subnet === '' ? formatPrefix(prefix) : pool.subnet,
    ...(gateway === undefined ? {} : { gateway }),
  }
}

/** The first address that is no auxiliary one; with a range the range's own first address, as Docker chooses. */
function gatewayBeside(pool: IpamPool, prefix: Prefix): string {
  const aux = new Set(Object.values(pool.auxiliary))
  const range = pool.ipRange === undefined ? undefined : parsePrefix(pool.ipRange)
  const start =
    range === undefined || range.base === prefix.base
      ? (parseAddress(defaultGateway(prefix))?.value ?? prefix.base)
      : range.base
  for (let value = start; value <= lastOf(prefix); value += 1n) {
    const text = formatAddress({ family: prefix.family, value })
    if (!aux.has(text)) return text
  }
  return defaultGateway(prefix)
}
