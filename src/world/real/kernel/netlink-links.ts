/** Network links in rtnetlink's words: making, changing and reading them; pure. */
import type { LinkOptions, NetworkLink } from '#world/ports/kernel.ts'
import { packAddress, packMac, unpackMac } from './address-bytes.ts'
import { attribute, nested, parseAttributes, readText, text, u16, u16BigEndian, u32, u8 } from './netlink-codec.ts'

const ifla = { address: 1, name: 3, mtu: 4, link: 5, master: 10, protocolInfo: 12, linkInfo: 18, netnsFd: 28 } as const
const infoKind = 1
const infoData = 2
const flagUp = 1
const nestedFlag = 0x8000
const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const
const ipvlanModes = { l2: 0, l3: 1, l3s: 2 } as const
export const familyBridge = 7

/** struct ifinfomsg. */
export function linkHeader({
  index = 0,
  flags = 0,
  change = 0,
  family = 0,
}: {
  index?: number
  flags?: number
  change?: number
  family?: number
}): Buffer {
  const bytes = Buffer.alloc(16)
  bytes[0] = family
  bytes.writeInt32LE(index, 4)
  bytes.writeUInt32LE(flags, 8)
  bytes.writeUInt32LE(change, 12)
  return bytes
}

/** Header with the wanted state. */
export function linkStateHeader(index: number, up: boolean | undefined): Buffer {
  return up === undefined ? linkHeader({ index }) : linkHeader({ index, flags: up ? flagUp : 0, change: flagUp })
}

/** The request part that names a link. */
export function nameAttribute(name: string): Buffer {
  return attribute(ifla.name, text(name))
}

/** What the caller looked up for a new link. */
export interface LinkSurroundings {
  readonly parentIndex?: number
  readonly netnsFd?: number
}

/** Parts of RTM_NEWLINK that make a link. */
export function newLinkParts(options: LinkOptions, around: LinkSurroundings): Buffer[] {
  const data = kindData(options, around)
  const info = nested(
    ifla.linkInfo,
    attribute(infoKind, Buffer.from(options.kind)),
    ...(data === undefined ? [] : [data]),
  )
  const parts = [linkHeader({}), nameAttribute(options.name), info]
  if ('mtu' in options && options.mtu !== undefined) parts.push(attribute(ifla.mtu, u32(options.mtu)))
  if ('mac' in options && options.mac !== undefined) parts.push(attribute(ifla.address, packMac(options.mac)))
  if ('parent' in options && around.parentIndex !== undefined) parts.push(attribute(ifla.link, u32(around.parentIndex)))
  if ('netns' in options && around.netnsFd !== undefined) parts.push(attribute(ifla.netnsFd, u32(around.netnsFd)))
  return parts
}

function kindData(options: LinkOptions, around: LinkSurroundings): Buffer | undefined {
  switch (options.kind) {
    case 'veth':
      return nested(infoData, nested(1, ...peerParts(options, around)))
    case 'macvlan':
      return nested(infoData, attribute(1, u32(macvlanModes[options.mode])))
    case 'ipvlan':
      return nested(infoData, attribute(1, u16(ipvlanModes[options.mode])))
    case 'vlan':
      return nested(infoData, attribute(1, u16(options.id)))
    case 'vxlan':
      return nested(infoData, ...vxlanParts(options))
    case 'bridge':
    case 'dummy':
      return undefined
  }
}

function peerParts(
  { peerName, peerMac, mtu }: Extract<LinkOptions, { kind: 'veth' }>,
  { netnsFd }: LinkSurroundings,
): Buffer[] {
  return [
    linkHeader({}),
    nameAttribute(peerName),
    ...(peerMac === undefined ? [] : [attribute(ifla.address, packMac(peerMac))]),
    ...(mtu === undefined ? [] : [attribute(ifla.mtu, u32(mtu))]),
    ...(netnsFd === undefined ? [] : [attribute(ifla.netnsFd, u32(netnsFd))]),
  ]
}

function vxlanParts({ vni, port, local, learning }: Extract<LinkOptions, { kind: 'vxlan' }>): Buffer[] {
  const vxlan = { id: 1, local: 4, learning: 7, port: 15, local6: 17 } as const
  return [
    attribute(vxlan.id, u32(vni)),
    attribute(vxlan.port, u16BigEndian(port)),
    attribute(vxlan.learning, u8(learning === true ? 1 : 0)),
    ...(local === undefined ? [] : [attribute(local.includes(':') ? vxlan.local6 : vxlan.local, packAddress(local))]),
  ]
}

/** Attributes of RTM_NEWLINK that change a link. */
export function changeLinkParts(change: {
  readonly newName?: string
  readonly masterIndex?: number
  readonly mac?: string
  readonly mtu?: number
  readonly netnsFd?: number
}): Buffer[] {
  const parts: Buffer[] = []
  if (change.newName !== undefined) parts.push(nameAttribute(change.newName))
  if (change.masterIndex !== undefined) parts.push(attribute(ifla.master, u32(change.masterIndex)))
  if (change.mac !== undefined) parts.push(attribute(ifla.address, packMac(change.mac)))
  if (change.mtu !== undefined) parts.push(attribute(ifla.mtu, u32(change.mtu)))
  if (change.netnsFd !== undefined) parts.push(attribute(ifla.netnsFd, u32(change.netnsFd)))
  return parts
}

/** Parts of RTM_SETLINK that change how a bridge treats one of its ports. */
export function bridgePortParts(
  index: number,
  { hairpin, isolated }: { readonly hairpin?: boolean; readonly isolated?: boolean },
): Buffer[] {
  const port = { mode: 4, isolated: 33 } as const
  const values = [
    ...(hairpin === undefined ? [] : [attribute(port.mode, u8(hairpin ? 1 : 0))]),
    ...(isolated === undefined ? [] : [attribute(port.isolated, u8(isolated ? 1 : 0))]),
  ]
  return [linkHeader({ index, family: familyBridge }), nested(ifla.protocolInfo | nestedFlag, ...values)]
}

/** Reads the body of an RTM_NEWLINK message. */
export function readLink(body: Buffer): NetworkLink {
  const attributes = parseAttributes(body.subarray(16))
  const info = attributes.get(ifla.linkInfo)
  const number = (type: number): number => attributes.get(type)?.readUInt32LE(0) ?? 0
  const index = body.readInt32LE(4)
  const peer = number(ifla.link)
  return {
    index,
    name: readText(attributes.get(ifla.name)),
    kind: info === undefined ? '' : readText(parseAttributes(info).get(infoKind)),
    mac: unpackMac(attributes.get(ifla.address) ?? Buffer.alloc(0)),
    mtu: number(ifla.mtu),
    up: (body.readUInt32LE(8) & flagUp) !== 0,
    master: number(ifla.master),
    peer,
  }
}
