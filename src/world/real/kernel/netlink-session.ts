/** One rtnetlink socket: requests in, the kernel's answers out. It stays in the namespace in which it was opened. */
import { closeSync, constants, openSync } from 'node:fs'
import type { LinkOptions, NetlinkSession, NetworkLink, NetworkRoute } from '#world/ports/kernel.ts'
import type { Libc } from './libc.ts'
import {
  addressParts,
  neighborDumpHeader,
  neighborParts,
  readAddress,
  readNeighbor,
  readRoute,
  routeParts,
} from './netlink-addresses.ts'
import { decodeDatagram, emptyAnswer, encodeRequest, messageFlags, messageTypes } from './netlink-codec.ts'
import type { Answer } from './netlink-codec.ts'
import {
  bridgePortParts,
  changeLinkParts,
  linkHeader,
  linkStateHeader,
  nameAttribute,
  newLinkParts,
  readLink,
} from './netlink-links.ts'
import { systemError } from './system-error.ts'

const [familyNetlink, rawCloseOnExec, protocolRoute] = [16, 3 | 0o2000000, 0]
const [levelNetlink, optionCapAcknowledge, optionExtendedAcknowledge, optionStrictCheck] = [270, 10, 11, 12]
const errnos = { ENOENT: 2, EINTR: 4, ENODEV: 19 } as const
const receiveBytes = 65_536
/** A table that keeps changing under a dump is read again this often, then taken as it came. */
const dumpAttemptsMax = 5

interface Request {
  readonly type: number
  readonly flags: number
  readonly parts: readonly Uint8Array[]
  /** For messages: what is done to what. */
  readonly about: string
}

/** Sends requests over one socket. */
class Exchange implements Disposable {
  private sequence = 0
  private readonly buffer = Buffer.allocUnsafeSlow(receiveBytes)
  private readonly libc: Libc
  private readonly fd: number
  private open = true

  constructor(libc: Libc) {
    this.libc = libc
    this.fd = libc.socket(familyNetlink, rawCloseOnExec, protocolRoute)
    if (this.fd < 0) throw systemError('socket', libc.errno(), 'netlink')
    const one = Buffer.from([1, 0, 0, 0])
    for (const option of [optionCapAcknowledge, optionExtendedAcknowledge, optionStrictCheck])
      libc.setsockopt(this.fd, levelNetlink, option, one, 4)
  }

  request({ type, flags, parts, about }: Request): Answer {
    const sequence = (this.sequence += 1)
    const message = encodeRequest({ type, flags, sequence, parts })
    const sent = this.libc.send(this.fd, message, message.length, 0)
    if (sent < 0) throw systemError('netlink', this.libc.errno(), about)
    const answer = emptyAnswer()
    while (answer.errno === undefined) {
      const length = this.libc.recv(this.fd, this.buffer, this.buffer.length, 0)
      if (length >= 0) decodeDatagram(answer, this.buffer.subarray(0, length), sequence)
      else if (this.libc.errno() !== errnos.EINTR) throw systemError('netlink', this.libc.errno(), about)
    }
    if (answer.errno === 0) return answer
    const error = systemError('netlink', answer.errno, about)
    if (answer.explanation !== '') error.message += `: ${answer.explanation}`
    throw error
  }

  /** Changes something; `flags` beside the acknowledgement. */
  change(type: number, flags: number, [parts, about]: readonly [parts: readonly Uint8Array[], about: string]): void {
    this.request({ type, flags: flags | messageFlags.acknowledge, parts, about })
  }

  dump(type: number, header: Uint8Array, about: string): Buffer[] {
    for (let attempt = 1; ; attempt += 1) {
      const answer = this.request({ type, flags: messageFlags.dump, parts: [header], about })
      if (!answer.interrupted || attempt === dumpAttemptsMax) return answer.bodies
    }
  }

  [Symbol.dispose](): void {
    if (this.open) closeSync(this.fd)
    this.open = false
  }
}

const createNew = messageFlags.create | messageFlags.exclusive

function findLink(exchange: Exchange, name: string): NetworkLink | undefined {
  try {
    const { bodies } = exchange.request({
      type: messageTypes.getLink,
      flags: messageFlags.acknowledge,
      parts: [linkHeader({}), nameAttribute(name)],
      about: name,
    })
    return bodies[0] === undefined ? undefined : readLink(bodies[0])
  } catch (error) {
    if ((error as { errno?: number }).errno === -errnos.ENODEV) return undefined
    throw error
  }
}

function indexOf(exchange: Exchange, name: string): number {
  const link = findLink(exchange, name)
  if (link === undefined) throw systemError('netlink', errnos.ENODEV, name)
  return link.index
}

/** Hands an open descriptor of a namespace file to `work`. */
function withNetns<T>(path: string | undefined, work: (fd: number | undefined) => T): T {
  if (path === undefined) return work(undefined)
  const fd = openSync(path, constants.O_RDONLY)
  try {
    return work(fd)
  } finally {
    closeSync(fd)
  }
}

function addLink(exchange: Exchange, options: LinkOptions): void {
  const netns = options.kind === 'veth' ? options.peerNetns : 'netns' in options ? options.netns : undefined
  withNetns(netns, (netnsFd) => {
    const parts = newLinkParts(options, {
      ...(netnsFd === undefined ? {} : { netnsFd }),
      ...('parent' in options ? { parentIndex: indexOf(exchange, options.parent) } : {}),
    })
    exchange.change(messageTypes.newLink, createNew, [parts, `add ${options.kind} ${options.name}`])
  })
}

function setLink(exchange: Exchange, name: string, change: Parameters<NetlinkSession['setLink']>[1]): void {
  const index = indexOf(exchange, name)
  const { up, newName, master, mac, mtu, netns, hairpin, isolated } = change
  const masterIndex = master === undefined ? undefined : master === null ? 0 : indexOf(exchange, master)
  withNetns(netns, (netnsFd) => {
    const parts = changeLinkParts({
      ...(newName === undefined ? {} : { newName }),
      ...(masterIndex === undefined ? {} : { masterIndex }),
      ...(mac === undefined ? {} : { mac }),
      ...(mtu === undefined ? {} : { mtu }),
      ...(netnsFd === undefined ? {} : { netnsFd }),
    })
    if (parts.length > 0 || up !== undefined)
      exchange.change(messageTypes.newLink, 0, [[linkStateHeader(index, up), ...parts], `set ${name}`])
  })
  if (hairpin === undefined && isolated === undefined) return
  const port = { ...(hairpin === undefined ? {} : { hairpin }), ...(isolated === undefined ? {} : { isolated }) }
  exchange.change(messageTypes.setLink, 0, [bridgePortParts(index, port), `set port ${name}`])
}

function listLinks(exchange: Exchange): NetworkLink[] {
  return exchange.dump(messageTypes.getLink, linkHeader({}), 'links').map(readLink)
}

function listAddresses(exchange: Exchange, only: string | undefined): ReturnType<NetlinkSession['addresses']> {
  const names = new Map(listLinks(exchange).map((link) => [link.index, link.name]))
  return exchange
    .dump(messageTypes.getAddress, Buffer.alloc(8), 'addresses')
    .map(readAddress)
    .map(({ index, address, prefixLength }) => ({ link: names.get(index) ?? '', address, prefixLength }))
    .filter(({ link }) => only === undefined || link === only)
}

function listRoutes(exchange: Exchange): NetworkRoute[] {
  const names = new Map(listLinks(exchange).map((link) => [link.index, link.name]))
  return exchange
    .dump(messageTypes.getRoute, Buffer.alloc(12), 'routes')
    .map((body) => readRoute(body, (index) => names.get(index)))
    .filter((route) => route !== undefined)
}

function listNeighbors(exchange: Exchange, bridge: boolean): ReturnType<NetlinkSession['neighbors']> {
  const names = new Map(listLinks(exchange).map((link) => [link.index, link.name]))
  return exchange
    .dump(messageTypes.getNeighbor, neighborDumpHeader(bridge), 'neighbours')
    .map(readNeighbor)
    .map(({ index, ...entry }) => ({ ...entry, link: names.get(index) ?? '' }))
}

/** Opens a session in the thread's current network namespace. */
export function openNetlink(libc: Libc): NetlinkSession {
  const exchange = new Exchange(libc)
  const change = (type: number, flags: number, what: readonly [readonly Uint8Array[], string]): void =>
    exchange.change(type, flags, what)
  const replace = messageFlags.create | messageFlags.replace
  return {
    links: () => listLinks(exchange),
    link: (name) => findLink(exchange, name),
    addLink: (options) => addLink(exchange, options),
    deleteLink: (name) =>
      change(messageTypes.deleteLink, 0, [[linkHeader({ index: indexOf(exchange, name) })], `delete ${name}`]),
    setLink: (name, wanted) => setLink(exchange, name, wanted),
    addresses: (link) => listAddresses(exchange, link),
    addAddress: (link, address) =>
      change(messageTypes.newAddress, createNew, [
        addressParts(indexOf(exchange, link), address),
        `add ${address.address} to ${link}`,
      ]),
    deleteAddress: (link, address) =>
      change(messageTypes.deleteAddress, 0, [
        addressParts(indexOf(exchange, link), address),
        `delete ${address.address} of ${link}`,
      ]),
    routes: () => listRoutes(exchange),
    addRoute: (route) =>
      change(messageTypes.newRoute, createNew, [
        routeParts(route, indexOf(exchange, route.link)),
        `add route ${route.destination ?? 'default'}`,
      ]),
    deleteRoute: (route) =>
      change(messageTypes.deleteRoute, 0, [
        routeParts(route, indexOf(exchange, route.link)),
        `delete route ${route.destination ?? 'default'}`,
      ]),
    addNeighbor: ({ link, ...entry }) => {
      // Several places may be given for the all-zero address of a VXLAN: those are added, one entry is replaced otherwise.
      const flags =
        entry.bridge === true && entry.mac === '00:00:00:00:00:00' ? messageFlags.create | messageFlags.append : replace
      change(messageTypes.newNeighbor, flags, [
        neighborParts(indexOf(exchange, link), entry),
        `add neighbour ${entry.mac}`,
      ])
    },
    deleteNeighbor: ({ link, ...entry }) =>
      change(messageTypes.deleteNeighbor, 0, [
        neighborParts(indexOf(exchange, link), entry),
        `delete neighbour ${entry.mac}`,
      ]),
    neighbors: (options = {}) => listNeighbors(exchange, options.bridge === true),
    [Symbol.dispose]: () => exchange[Symbol.dispose](),
  }
}
