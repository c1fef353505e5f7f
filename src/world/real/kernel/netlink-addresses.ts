/** Addresses, routes and neighbours in rtnetlink's words; pure. Links are given by index. */
import { ipText } from '#base/data/ip-text.ts'
import type { LinkAddress, NetworkRoute } from '#world/ports/kernel.ts'
import { packAddress, packMac, unpackMac } from './address-bytes.ts'
import { attribute, parseAttributes, u32 } from './netlink-codec.ts'
import { familyBridge } from './netlink-links.ts'

const [inet, inet6] = [2, 10]
const scopes = { universe: 0, link: 253, host: 254 } as const
const mainTable = 254
const bootProtocol = 3
const unicast = 1

function familyOf(address: string): number {
  return address.includes(':') ? inet6 : inet
}

/** RTM_NEWADDR and RTM_DELADDR: struct ifaddrmsg and its attributes. IPv6 skips duplicate detection, so it works at once. */
export function addressParts(index: number, { address, prefixLength }: LinkAddress): Buffer[] {
  const ifa = { address: 1, local: 2, broadcast: 4, flags: 8 } as const
  const noDuplicateDetection = 2
  const family = familyOf(address)
  const header = Buffer.alloc(8)
  header[0] = family
  header[1] = prefixLength
  header.writeUInt32LE(index, 4)
  const bytes = packAddress(address)
  if (family === inet6)
    return [
      header,
      attribute(ifa.local, bytes),
      attribute(ifa.address, bytes),
      attribute(ifa.flags, u32(noDuplicateDetection)),
    ]
  const parts = [header, attribute(ifa.local, bytes), attribute(ifa.address, bytes)]
  const loopback = bytes[0] === 127
  if (prefixLength < 31 && !loopback) parts.push(attribute(ifa.broadcast, broadcastOf(bytes, prefixLength)))
  return parts
}

function broadcastOf(bytes: Buffer, prefixLength: number): Buffer {
  const value = Buffer.alloc(4)
  value.writeUInt32BE((bytes.readUInt32BE(0) | (0xffffffff >>> prefixLength)) >>> 0, 0)
  return value
}

/** Reads the body of an RTM_NEWADDR message. */
export function readAddress(body: Buffer): LinkAddress & { readonly index: number } {
  const attributes = parseAttributes(body.subarray(8))
  const bytes = attributes.get(2) ?? attributes.get(1) ?? Buffer.alloc(4)
  return { index: body.readUInt32LE(4), address: ipText(bytes), prefixLength: body[1] ?? 0 }
}

const rta = { destination: 1, outLink: 4, gateway: 5, priority: 6, source: 7, table: 15 } as const

/** RTM_NEWROUTE and RTM_DELROUTE: struct rtmsg and its attributes. */
export function routeParts(route: NetworkRoute, index: number): Buffer[] {
  const [address, prefix] = route.destination?.split('/') ?? []
  const family = familyOf(address ?? route.gateway ?? '')
  const scope = scopes[route.scope ?? (route.gateway === undefined && family === inet ? 'link' : 'universe')]
  const length = address === undefined ? 0 : Number(prefix ?? (family === inet ? 32 : 128))
  const header = Buffer.from([family, length, 0, 0, mainTable, bootProtocol, scope, unicast, 0, 0, 0, 0])
  return [
    header,
    ...addressAttribute(rta.destination, address),
    ...addressAttribute(rta.gateway, route.gateway),
    ...(route.metric === undefined ? [] : [attribute(rta.priority, u32(route.metric))]),
    attribute(rta.outLink, u32(index)),
  ]
}

function addressAttribute(type: number, address: string | undefined): Buffer[] {
  return address === undefined ? [] : [attribute(type, packAddress(address))]
}

/** Reads the body of an RTM_NEWROUTE message; undefined for other tables than main and for local or broadcast entries. */
export function readRoute(body: Buffer, linkName: (index: number) => string | undefined): NetworkRoute | undefined {
  const attributes = parseAttributes(body.subarray(12))
  const number = (type: number): number | undefined => attributes.get(type)?.readUInt32LE(0)
  const link = linkName(number(rta.outLink) ?? 0)
  if ((number(rta.table) ?? body[4]) !== mainTable || body[7] !== unicast || link === undefined) return undefined
  const destination = attributes.get(rta.destination)
  const gateway = attributes.get(rta.gateway)
  const metric = number(rta.priority)
  return {
    ...(destination === undefined ? {} : { destination: `${ipText(destination)}/${body[1]}` }),
    ...(gateway === undefined ? {} : { gateway: ipText(gateway) }),
    link,
    ...(metric === undefined ? {} : { metric }),
    scope: scopeName(body[6]),
  }
}

function scopeName(scope: number | undefined): 'link' | 'universe' | 'host' {
  if (scope === scopes.link) return 'link'
  return scope === scopes.host ? 'host' : 'universe'
}

const [neighborDestination, neighborMac] = [1, 2]
const permanent = 0x80
const noArp = 0x40
const onItself = 2
const onMaster = 4

/** A neighbour (`address` to `mac`) or a forwarding entry of a bridge or VXLAN (`mac`, at `remote`). */
export interface NeighborEntry {
  readonly address?: string
  readonly mac: string
  readonly bridge?: boolean
  readonly atPort?: boolean
  readonly remote?: string
}

/** RTM_NEWNEIGH and RTM_DELNEIGH: struct ndmsg and its attributes. */
export function neighborParts(index: number, entry: NeighborEntry): Buffer[] {
  const { address, mac, bridge = false, atPort = false, remote } = entry
  const header = Buffer.alloc(12)
  header[0] = bridge ? familyBridge : familyOf(address ?? '')
  header.writeInt32LE(index, 4)
  header.writeUInt16LE(neighborState(bridge, atPort), 8)
  if (bridge) header[10] = atPort ? onMaster : onItself
  return [
    header,
    ...addressAttribute(neighborDestination, bridge ? remote : address),
    attribute(neighborMac, packMac(mac)),
  ]
}

/** An entry at a port is static, not local: frames go through the port, also before it forwards. */
function neighborState(bridge: boolean, atPort: boolean): number {
  if (atPort) return noArp
  return bridge ? permanent | noArp : permanent
}

/** struct ndmsg that asks for one family's table. */
export function neighborDumpHeader(bridge: boolean): Buffer {
  const header = Buffer.alloc(12)
  header[0] = bridge ? familyBridge : 0
  return header
}

/** Reads the body of an RTM_NEWNEIGH message. */
export function readNeighbor(body: Buffer): NeighborEntry & { readonly index: number } {
  const attributes = parseAttributes(body.subarray(12))
  const bridge = body[0] === familyBridge
  const destination = attributes.get(neighborDestination)
  const at = destination === undefined ? undefined : ipText(destination)
  const mac = unpackMac(attributes.get(neighborMac) ?? Buffer.alloc(0))
  return {
    index: body.readInt32LE(4),
    mac,
    bridge,
    ...(at === undefined ? {} : bridge ? { remote: at } : { address: at }),
  }
}
