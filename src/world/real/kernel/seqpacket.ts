/** SOCK_SEQPACKET unix sockets (conmon's attach): packets keep their borders in both directions. */
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Libc } from './libc.ts'
import { systemError } from './system-error.ts'

/** The reader at the other end takes at most this much of one packet and loses the rest. */
const packetBytesMax = 32_768
const unixPathBytesMax = 107
const retryMs = 5
/** How long a full accept backlog is waited for. */
const connectMsMax = 10_000
const errnos = { EAGAIN: 11, EINTR: 4 } as const

interface PipeWrap {
  readonly Pipe: new (type: number) => { open(fd: number): void }
  readonly constants: { readonly SOCKET: number }
}

/** Connects at once, or keeps trying while the backlog is full; other failures throw here, later ones destroy the stream. */
export function connectSeqpacket(libc: Libc, path: string): Duplex {
  const first = tryConnect(libc, path)
  return new SeqpacketStream(libc, path, first)
}

/** Undefined when the listener's backlog is full. */
function tryConnect(libc: Libc, path: string): Socket | undefined {
  const address = Buffer.alloc(110)
  if (Buffer.byteLength(path) > unixPathBytesMax) throw systemError('connect', 36, path)
  address.writeUInt16LE(1, 0)
  address.write(path, 2)
  const seqpacketNonblockCloseOnExec = 5 | 0o4000 | 0o2000000
  const fd = libc.socket(1, seqpacketNonblockCloseOnExec, 0)
  if (fd < 0) throw systemError('socket', libc.errno(), path)
  if (libc.connect(fd, address, address.length) === 0) return adopt(fd)
  const errno = libc.errno()
  closeSync(fd)
  if (errno === errnos.EAGAIN || errno === errnos.EINTR) return undefined
  throw systemError('connect', errno, path)
}

/** Node gives no public way to a stream over such a socket; its pipe handle reads and writes it packet by packet. */
function adopt(fd: number): Socket {
  try {
    const { Pipe, constants } = (process as unknown as { binding(name: string): PipeWrap }).binding('pipe_wrap')
    const handle = new Pipe(constants.SOCKET)
    handle.open(fd)
    return new Socket({ handle, allowHalfOpen: true } as unknown as ConstructorParameters<typeof Socket>[0])
  } catch (cause) {
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
  private readonly libc: Libc
  private readonly path: string
  private timer: NodeJS.Timeout | undefined
  private wantsData = false
  private waited = 0
  private readonly whenConnected: (() => void)[] = []

  constructor(libc: Libc, path: string, socket: Socket | undefined) {
    super({
      readableObjectMode: true,
      readableHighWaterMark: 16,
      writableHighWaterMark: 4 * packetBytesMax,
      allowHalfOpen: true,
    })
    this.libc = libc
    this.path = path
    if (socket === undefined) this.retryLater()
    else this.use(socket)
  }

  private retryLater(): void {
    this.timer = setTimeout(() => {
      this.waited += retryMs
      try {
        const socket = tryConnect(this.libc, this.path)
        if (socket !== undefined) this.use(socket)
        else if (this.waited >= connectMsMax) this.destroy(systemError('connect', errnos.EAGAIN, this.path))
        else this.retryLater()
      } catch (error) {
        this.destroy(error as Error)
      }
    }, retryMs)
  }

  private use(socket: Socket): void {
    this.socket = socket
    socket.on('data', (packet: Buffer) => {
      if (!this.push(packet)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => {
      if (!this.destroyed && this.readableEnded) this.destroy()
    })
    if (!this.wantsData) socket.pause()
    for (const run of this.whenConnected.splice(0)) run()
  }

  override _read(): void {
    this.wantsData = true
    this.socket?.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { socket } = this
    if (socket === undefined) {
      this.whenConnected.push(() => this._write(chunk, _encoding, done))
      return
    }
    const packet = chunk.subarray(0, packetBytesMax)
    socket.write(packet, (error) => {
      if (error !== null && error !== undefined) done(error)
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
    done(error)
  }
}
