/** SOCK_SEQPACKET unix sockets (conmon's attach): packets keep their borders in both directions. */
import { closeSync, readSync } from 'node:fs'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { errnoOf, GantryError } from '#base/errors/gantry-error.ts'
import type { Libc } from './libc.ts'
import { systemError } from './system-error.ts'

/** The reader at the other end takes at most this much of one packet and loses the rest. */
const packetBytesMax = 32_768
const unixPathBytesMax = 107
const retryMs = 5
/** How long a full accept backlog is waited for. */
const connectMsMax = 10_000
const errnos = { EAGAIN: 11, EINTR: 4 } as const
/** `fcntl` command F_DUPFD_CLOEXEC. */
const duplicateCloseOnExec = 1030
/** Packets that come from the other end, its mark included, are at most this long. */
const readBytesMax = 1 << 17

interface PacketHandle {
  open(fd: number): void
  readStart(): void
  readStop(): void
}

interface PipeWrap {
  readonly Pipe: new (type: number) => PacketHandle
  readonly constants: { readonly SOCKET: number }
}

/** Connects at once, or keeps trying while the backlog is full; other failures throw here, later ones destroy the stream. */
export function connectSeqpacket(libc: Libc, path: string): Duplex {
  const first = tryConnect(libc, path)
  return new SeqpacketStream(libc, path, first)
}

/** Undefined when the listener's backlog is full. */
function tryConnect(libc: Libc, path: string): Connection | undefined {
  const address = Buffer.alloc(110)
  if (Buffer.byteLength(path) > unixPathBytesMax) throw systemError('connect', 36, path)
  address.writeUInt16LE(1, 0)
  address.write(path, 2)
  const seqpacketNonblockCloseOnExec = 5 | 0o4000 | 0o2000000
  const fd = libc.socket(1, seqpacketNonblockCloseOnExec, 0)
  if (fd < 0) throw systemError('socket', libc.errno(), path)
  if (libc.connect(fd, address, address.length) === 0) return adopt(libc, fd)
  const errno = libc.errno()
  closeSync(fd)
  if (errno === errnos.EAGAIN || errno === errnos.EINTR) return undefined
  throw systemError('connect', errno, path)
}

interface Connection {
  readonly socket: Socket
  /** Stops and starts the reading: a paused `Socket` would keep packets of its own, and lose them with an error. */
  readonly handle: PacketHandle
  /** The same socket once more, for what is left in it when Node has given it up. */
  readonly second: number
}

/**
 * Packets that are still to be read. An end that closes with input of ours unread makes the kernel report ECONNRESET
 * before them, once, and Node closes a socket at its first error.
 */
function readRest(fd: number): Buffer[] {
  const packets: Buffer[] = []
  const room = Buffer.alloc(readBytesMax)
  for (let resets = 0; resets < 2;) {
    try {
      const sizeBytes = readSync(fd, room)
      if (sizeBytes === 0) break
      packets.push(Buffer.from(room.subarray(0, sizeBytes)))
    } catch (error) {
      if (errnoOf(error) !== 'ECONNRESET') break
      resets += 1
    }
  }
  return packets
}

/** Node gives no public way to a stream over such a socket; its pipe handle reads and writes it packet by packet. */
function adopt(libc: Libc, fd: number): Connection {
  const second = libc.fcntl(fd, duplicateCloseOnExec, 0)
  if (second < 0) {
    closeSync(fd)
    throw systemError('fcntl', libc.errno())
  }
  try {
    const { Pipe, constants } = (process as unknown as { binding(name: string): PipeWrap }).binding('pipe_wrap')
    const handle = new Pipe(constants.SOCKET)
    handle.open(fd)
    const socket = new Socket({ handle, allowHalfOpen: true } as unknown as ConstructorParameters<typeof Socket>[0])
    return { socket, handle, second }
  } catch (cause) {
    closeSync(second)
    closeSync(fd)
    throw new GantryError('KERNEL_SEQPACKET_MISSING', 'not-implemented', 'this Node.js cannot read packet sockets', {
      cause,
      remedy: 'Run Gantry with the Node.js release that it brings.',
    })
  }
}

/** Reads in object mode so that two packets never melt into one; writes are cut, and never joined, into packets. */
class SeqpacketStream extends Duplex {
  private socket: Socket | undefined
  private handle: PacketHandle | undefined
  private second = -1
  private readonly libc: Libc
  private readonly path: string
  private timer: NodeJS.Timeout | undefined
  private reading = true
  private waited = 0
  private readonly whenConnected: (() => void)[] = []

  constructor(libc: Libc, path: string, connection: Connection | undefined) {
    super({
      readableObjectMode: true,
      readableHighWaterMark: 16,
      writableHighWaterMark: 4 * packetBytesMax,
      allowHalfOpen: true,
    })
    this.libc = libc
    this.path = path
    if (connection === undefined) this.retryLater()
    else this.use(connection)
  }

  private retryLater(): void {
    this.timer = setTimeout(() => {
      this.waited += retryMs
      try {
        const connection = tryConnect(this.libc, this.path)
        if (connection !== undefined) this.use(connection)
        else if (this.waited >= connectMsMax) this.destroy(systemError('connect', errnos.EAGAIN, this.path))
        else this.retryLater()
      } catch (error) {
        this.destroy(error as Error)
      }
    }, retryMs)
  }

  private use({ socket, handle, second }: Connection): void {
    this.socket = socket
    this.handle = handle
    this.second = second
    socket.on('data', (packet: Buffer) => {
      if (this.push(packet)) return
      this.reading = false
      handle.readStop()
    })
    socket.on('end', () => this.push(null))
    // The other end is gone. What it said before counts, what it was still to be told does not.
    socket.on('error', () => this.endWithRest())
    socket.on('close', () => {
      if (!this.destroyed && this.readableEnded) this.destroy()
    })
    for (const run of this.whenConnected.splice(0)) run()
  }

  private endWithRest(): void {
    if (this.destroyed || this.readableEnded) return
    for (const packet of readRest(this.second)) this.push(packet)
    this.push(null)
  }

  override _read(): void {
    if (this.reading || this.socket?.destroyed !== false) return
    this.reading = true
    this.handle?.readStart()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { socket } = this
    if (socket === undefined) {
      this.whenConnected.push(() => this._write(chunk, _encoding, done))
      return
    }
    const packet = chunk.subarray(0, packetBytesMax)
    socket.write(packet, (error) => {
      // Nobody reads any more; the end of the output tells that.
      if (error !== null && error !== undefined) done()
      else if (packet.length === chunk.length) done()
      else this._write(chunk.subarray(packet.length), _encoding, done)
    })
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.socket === undefined) this.whenConnected.push(() => this._final(done))
    else this.socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.timer)
    this.socket?.destroy()
    if (this.second >= 0) closeSync(this.second)
    this.second = -1
    done(error)
  }
}
