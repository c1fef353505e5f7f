/** Sockets bound inside a namespace, handed to Node by descriptor. */
import { closeSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import type { BoundSocket, Namespaces } from '#world/ports/kernel.ts'
import { packAddress } from './address-bytes.ts'
import type { Libc } from './libc.ts'
import { systemError } from './system-error.ts'
import { inNetworkNamespace } from './thread-namespace.ts'

const [inet, inet6] = [2, 10]
const nonblockCloseOnExec = 0o4000 | 0o2000000
const socketTypes = {
  tcp: { type: 1, protocol: 6 },
  udp: { type: 2, protocol: 17 },
  sctp: { type: 1, protocol: 132 },
} as const

/** struct sockaddr_in or sockaddr_in6. */
function packSocketAddress(address: string, port: number): Buffer {
  const sixth = isIPv6(address)
  const bytes = Buffer.alloc(sixth ? 28 : 16)
  bytes.writeUInt16LE(sixth ? inet6 : inet, 0)
  bytes.writeUInt16BE(port, 2)
  packAddress(address).copy(bytes, sixth ? 8 : 4)
  return bytes
}

function setFlag(libc: Libc, fd: number, [level, name]: readonly [number, number]): void {
  const one = Buffer.alloc(4)
  one.writeInt32LE(1, 0)
  if (libc.setsockopt(fd, level, name, one, one.length) < 0) throw systemError('setsockopt', libc.errno())
}

/** Opens and binds in the thread's current namespace; an IPv6 socket takes IPv6 only. */
export function openBoundSocket(
  libc: Libc,
  { kind, address, port, listen }: Parameters<Namespaces['bindSocket']>[1],
): BoundSocket {
  const { type, protocol } = socketTypes[kind]
  const fd = libc.socket(isIPv6(address) ? inet6 : inet, type | nonblockCloseOnExec, protocol)
  if (fd < 0) throw systemError('socket', libc.errno(), `${address}:${port}`)
  try {
    if (kind !== 'udp') setFlag(libc, fd, [1, 2])
    if (isIPv6(address)) setFlag(libc, fd, [41, 26])
    const bytes = packSocketAddress(address, port)
    if (libc.bind(fd, bytes, bytes.length) < 0) throw systemError('bind', libc.errno(), `${address}:${port}`)
    if (listen === true && kind !== 'udp' && libc.listen(fd, 511) < 0)
      throw systemError('listen', libc.errno(), `${address}:${port}`)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length, 0)
    if (libc.getsockname(fd, bytes, length) < 0) throw systemError('getsockname', libc.errno())
    return { fd, port: bytes.readUInt16BE(2), [Symbol.dispose]: () => closeSync(fd) }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** The port's `bindSocket`. */
export function createBindSocket(libc: Libc): Namespaces['bindSocket'] {
  return (path, socket) =>
    path === undefined
      ? openBoundSocket(libc, socket)
      : inNetworkNamespace(libc, path, () => openBoundSocket(libc, socket))
}
