/** Connections of this machine. */
import { createSocket } from 'node:dgram'
import type { Socket as UdpSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { connect, createServer, isIPv6 } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Datagram, DatagramSocket, DialTarget, Listener, Network } from '#world/ports/network.ts'

/** The real Network. */
export function createNetwork(): Network {
  return {
    dial: ({ host, port, timeoutMs, signal }) =>
      settle(connect({ host, port, noDelay: true, allowHalfOpen: true }), {
        host,
        port,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(signal === undefined ? {} : { signal }),
      }),
    dialUnix: (path, signal) =>
      settle(connect({ path, allowHalfOpen: true }), {
        host: path,
        port: 0,
        ...(signal === undefined ? {} : { signal }),
      }),
    listen,
    openDatagram,
    lookup: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  }
}

/** Resolves when connected; every other end destroys the socket. */
async function settle(socket: Socket, { host, port, timeoutMs, signal }: DialTarget): Promise<Duplex> {
  try {
    signal?.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => reject(timedOut(host, port)), timeoutMs)
      const abort = (): void => reject(signal?.reason as Error)
      const done = (finish: () => void): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        finish()
      }
      signal?.addEventListener('abort', abort)
      socket.once('connect', () => done(resolve))
      socket.once('error', (error) => done(() => reject(error)))
    })
    return socket
  } catch (error) {
    socket.on('error', () => undefined)
    socket.destroy()
    throw error
  }
}

function timedOut(host: string, port: number): GantryError {
  return new GantryError(
    'NETWORK_DIAL_TIMEOUT',
    'deadline',
    `dial tcp ${isIPv6(host) ? `[${host}]` : host}:${port}: i/o timeout`,
    { remedy: 'Check that the other side is up and reachable.' },
  )
}

async function listen(at: Parameters<Network['listen']>[0], onConnection: (socket: Duplex) => void): Promise<Listener> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    onConnection(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.fd === undefined ? { host: at.host ?? '0.0.0.0', port: at.port ?? 0 } : { fd: at.fd }, resolve)
  })
  const address = server.address() as AddressInfo | null
  return { port: address?.port ?? 0, [Symbol.asyncDispose]: () => closeServer(server, open) }
}

/** Connections still open are ended with their listener: both have one owner. */
async function closeServer(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const socket of open) socket.destroy()
  await closed
}

async function openDatagram(at: Parameters<Network['openDatagram']>[0]): Promise<DatagramSocket> {
  const socket = createSocket({ type: isIPv6(at.host ?? '') ? 'udp6' : 'udp4', ipv6Only: isIPv6(at.host ?? '') })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    const bound = (): void => resolve()
    if (at.fd === undefined) socket.bind({ address: at.host ?? '0.0.0.0', port: at.port ?? 0 }, bound)
    else socket.bind({ fd: at.fd }, bound)
  })
  // Errors of single datagrams (an unreachable peer) are the sender's to see; the socket stays.
  socket.on('error', () => undefined)
  return datagramSocket(socket)
}

function datagramSocket(socket: UdpSocket): DatagramSocket {
  let open = true
  return {
    port: socket.address().port,
    send: (payload, address, port) =>
      new Promise((resolve, reject) => {
        socket.send(payload, port, address, (error) => (error === null ? resolve() : reject(error)))
      }),
    onMessage: (handler: (message: Datagram) => void) => {
      socket.on('message', (payload, { address, port }) => handler({ payload, address, port }))
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        if (open) socket.close(() => resolve())
        else resolve()
        open = false
      }),
  }
}
