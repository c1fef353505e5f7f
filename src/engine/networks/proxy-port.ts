/** Published ports that the kernel cannot forward (IPv6 on the host to IPv4 in the container): passed on in this process. */
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '#world/ports/clock.ts'
import type { Datagram, DatagramSocket, Network } from '#world/ports/network.ts'
import type { ReservedPort } from './reserve-ports.ts'

const connectMs = 10_000
/** A UDP exchange is over after this much silence. */
const idleMs = 90_000
/** Peers of one UDP port at once; the one that was quiet longest makes room. */
const peersMax = 1024

export interface ProxyDeps {
  readonly network: Network
  readonly clock: Clock
}

/** Takes the reserved socket over and passes everything to the address as it is at that moment. SCTP has no such way and is left alone. */
export async function proxyPort(
  deps: ProxyDeps,
  { protocol, containerPort, hostIp, socket }: ReservedPort,
  containerIp: () => string | undefined,
): Promise<AsyncDisposable> {
  if (socket === undefined || protocol === 'sctp')
    return { [Symbol.asyncDispose]: async () => socket?.[Symbol.dispose]() }
  const target: Target = { address: () => containerIp() ?? '', port: containerPort }
  if (protocol === 'udp') {
    const outer = await deps.network.openDatagram({ host: hostIp, fd: socket.fd })
    return proxyDatagrams(deps, outer, target)
  }
  return deps.network.listen({ fd: socket.fd }, (outer) => void proxyConnection(deps, outer, target))
}

interface Target {
  readonly address: () => string
  readonly port: number
}

/** Both directions end by themselves: a half-closed connection still carries the other half. */
async function proxyConnection({ network }: ProxyDeps, outer: Duplex, { address, port }: Target): Promise<void> {
  outer.on('error', () => undefined)
  try {
    const inner = await network.dial({ host: address(), port, timeoutMs: connectMs })
    await Promise.all([pipeline(outer, inner, { end: true }), pipeline(inner, outer, { end: true })])
  } catch {
    // The peer sees its connection end, which is all that a refused or broken container connection means to it.
    outer.destroy()
  }
}

interface Peer {
  readonly socket: DatagramSocket
  /** The container's address when the exchange began. */
  readonly to: string
  timer: Disposable
}

function proxyDatagrams(deps: ProxyDeps, outer: DatagramSocket, target: Target): AsyncDisposable {
  const peers = new Map<string, Promise<Peer>>()
  const drop = (key: string): void => {
    const peer = peers.get(key)
    peers.delete(key)
    void peer?.then(({ socket, timer }) => {
      timer[Symbol.dispose]()
      return socket[Symbol.asyncDispose]()
    })
  }
  const open = async (key: string, back: Datagram): Promise<Peer> => {
    const to = target.address()
    const socket = await deps.network.openDatagram({ host: to.includes(':') ? '::' : '0.0.0.0' })
    socket.onMessage(({ payload, address, port }) => {
      if (address === to && port === target.port)
        void outer.send(payload, back.address, back.port).catch(() => undefined)
    })
    return { socket, to, timer: deps.clock.setTimer(idleMs, () => drop(key)) }
  }
  outer.onMessage((message) => {
    const { payload, address, port } = message
    const key = `${address} ${port}`
    const oldest = peers.keys().next().value
    if (!peers.has(key) && peers.size >= peersMax && oldest !== undefined) drop(oldest)
    const known = peers.get(key) ?? open(key, message)
    peers.delete(key)
    peers.set(key, known)
    known
      .then((peer) => {
        peer.timer[Symbol.dispose]()
        peer.timer = deps.clock.setTimer(idleMs, () => drop(key))
        return peer.socket.send(payload, peer.to, target.port)
      })
      .catch(() => drop(key))
  })
  return {
    [Symbol.asyncDispose]: async () => {
      for (const key of [...peers.keys()]) drop(key)
      await outer[Symbol.asyncDispose]()
    },
  }
}
