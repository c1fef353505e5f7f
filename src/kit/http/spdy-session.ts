/**
 * SPDY/3.1 on a connection that left HTTP, both sides of it, as far as exec, attach and port-forward use it: streams with
 * headers, data and half-close, resets, pings, going away. Neither kubelets nor clients use its flow control, so neither do
 * we: a stream that nobody reads stops the reading of the whole connection.
 */
import { Duplex } from 'node:stream'
import { HeaderReader, type SpdyHeaders, HeaderWriter, spdyInvalid } from './spdy-headers.ts'

const frame = {
  synStream: 1,
  synReply: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const
const fin = 1
const version = 0x8003
const cancelled = 5
/** Frames as our peers send them are far smaller; the format allows 16 MiB. */
const frameBytesMax = 1024 * 1024
const streamsMax = 1000
const dataBytesMax = 32 * 1024

export interface SpdyOptions {
  /** Servers open even streams, clients odd ones. */
  readonly isServer: boolean
  /** Told of each stream that the other side opens. */
  readonly onStream?: (stream: SpdyStream) => void
}

/** One stream: what is written goes out as data frames; ending it half-closes. */
export class SpdyStream extends Duplex {
  readonly id: number
  readonly headers: SpdyHeaders
  readonly #session: SpdySession

  constructor(session: SpdySession, id: number, headers: SpdyHeaders) {
    super({ allowHalfOpen: true, autoDestroy: true })
    this.#session = session
    this.id = id
    this.headers = headers
    // Its owner learns of it by 'close'; a late reset must not end the program.
    this.on('error', () => {})
  }

  /** Accepts a stream that the other side opened. */
  reply(headers: SpdyHeaders = {}): void {
    this.#session.reply(this.id, headers)
  }

  override _read(): void {
    this.#session.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#session.sendData(this.id, chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#session.endStream(this.id, done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#session.forget(this.id, !this.readableEnded || !this.writableFinished)
    done(error)
  }
}

/** Speaks SPDY on a connection. */
export class SpdySession {
  readonly #connection: Duplex
  readonly #options: SpdyOptions
  readonly #streams = new Map<number, SpdyStream>()
  readonly #reader = new HeaderReader()
  readonly #writer = new HeaderWriter()
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  #nextId: number
  #blocked: PromiseWithResolvers<void> | undefined

  constructor(connection: Duplex, options: SpdyOptions) {
    this.#connection = connection
    this.#options = options
    this.#nextId = options.isServer ? 2 : 1
    connection.on('error', () => {})
    this.closed = this.#run()
  }

  /** Opens a stream. */
  open(headers: SpdyHeaders): SpdyStream {
    const stream = new SpdyStream(this, this.#nextId, headers)
    this.#nextId += 2
    this.#streams.set(stream.id, stream)
    const head = Buffer.alloc(10)
    head.writeUInt32BE(stream.id)
    this.#control(frame.synStream, 0, Buffer.concat([head, this.#writer.write(headers)]))
    return stream
  }

  /** Lets what was written go out, then closes the connection. */
  close(): void {
    const payload = Buffer.alloc(8)
    this.#control(frame.goAway, 0, payload)
    this.#connection.end()
  }

  destroy(): void {
    this.#connection.destroy()
  }

  /** @internal */
  reply(id: number, headers: SpdyHeaders): void {
    this.#control(frame.synReply, 0, Buffer.concat([idBytes(id), this.#writer.write(headers)]))
  }

  /** @internal */
  sendData(id: number, chunk: Buffer, done: (error?: Error | null) => void): void {
    let at = 0
    do {
      const part = chunk.subarray(at, at + dataBytesMax)
      at += dataBytesMax
      const isLast = at >= chunk.length
      this.#data(id, { flags: 0, payload: part }, isLast ? done : undefined)
    } while (at < chunk.length)
  }

  /** @internal */
  endStream(id: number, done: (error?: Error | null) => void): void {
    this.#data(id, { flags: fin, payload: Buffer.alloc(0) }, done)
  }

  /** @internal */
  forget(id: number, isCut: boolean): void {
    if (!this.#streams.delete(id)) return
    this.resume()
    if (isCut && !this.#connection.writableEnded) {
      const status = idBytes(cancelled)
      this.#control(frame.reset, 0, Buffer.concat([idBytes(id), status]))
    }
  }

  /** @internal */
  resume(): void {
    this.#blocked?.resolve()
    this.#blocked = undefined
  }

  async #run(): Promise<void> {
    try {
      let left: Buffer = Buffer.alloc(0)
      for await (const chunk of this.#connection as AsyncIterable<Buffer>) {
        left = left.length === 0 ? chunk : Buffer.concat([left, chunk])
        left = await this.#frames(left)
      }
    } catch {
      // A broken frame or connection: either way nothing more comes.
    } finally {
      this.#reader.close()
      this.#connection.destroy()
      for (const stream of this.#streams.values()) stream.destroy()
      this.resume()
    }
  }

  /** Takes every whole frame; what is left is the beginning of the next one. */
  async #frames(bytes: Buffer): Promise<Buffer> {
    let at = 0
    while (bytes.length - at >= 8) {
      const length = bytes.readUInt32BE(at + 4) & 0xffffff
      if (length > frameBytesMax) throw spdyInvalid('a frame is too large')
      if (bytes.length - at < 8 + length) break
      await this.#take(bytes.subarray(at, at + 8), bytes.subarray(at + 8, at + 8 + length))
      at += 8 + length
    }
    return bytes.subarray(at)
  }

  async #take(head: Buffer, payload: Buffer): Promise<void> {
    const flags = head[4] ?? 0
    if (((head[0] ?? 0) & 0x80) === 0) return this.#takeData(head.readUInt32BE(), flags, payload)
    if (head.readUInt16BE() !== version) throw spdyInvalid('another version of SPDY')
    return this.#takeControl(head.readUInt16BE(2), flags, payload)
  }

  async #takeControl(type: number, flags: number, payload: Buffer): Promise<void> {
    if (type === frame.synStream) return this.#takeStream(flags, payload)
    // Every header block must be read, or those after it make no sense.
    if (type === frame.synReply || type === frame.headers) {
      await this.#reader.read(payload.subarray(4))
      if ((flags & fin) !== 0) this.#streams.get(idOf(payload))?.push(null)
    } else if (type === frame.reset) this.#streams.get(idOf(payload))?.destroy()
    else if (type === frame.ping && payload.length === 4) this.#takePing(payload)
    return undefined
  }

  async #takeData(id: number, flags: number, payload: Buffer): Promise<void> {
    const stream = this.#streams.get(id)
    if (stream === undefined || stream.destroyed) return
    if (payload.length > 0 && !stream.push(payload)) await this.#room(stream)
    if ((flags & fin) !== 0) stream.push(null)
  }

  /** Waits until the stream is read from again or gone. */
  async #room(stream: SpdyStream): Promise<void> {
    while (!stream.destroyed && stream.readableLength >= stream.readableHighWaterMark) {
      this.#blocked ??= Promise.withResolvers<void>()
      await this.#blocked.promise
    }
  }

  async #takeStream(flags: number, payload: Buffer): Promise<void> {
    if (payload.length < 10) throw spdyInvalid('a frame is cut off')
    const id = idOf(payload)
    const headers = await this.#reader.read(payload.subarray(10))
    const isTheirs = id % 2 === (this.#options.isServer ? 1 : 0)
    if (!isTheirs || this.#streams.has(id) || this.#streams.size >= streamsMax)
      throw spdyInvalid('a stream that must not be opened')
    const stream = new SpdyStream(this, id, headers)
    this.#streams.set(id, stream)
    if ((flags & fin) !== 0) stream.push(null)
    this.#options.onStream?.(stream)
  }

  /** Ours come back; theirs are answered. */
  #takePing(payload: Buffer): void {
    const isTheirs = payload.readUInt32BE() % 2 === (this.#options.isServer ? 1 : 0)
    if (isTheirs) this.#control(frame.ping, 0, payload)
  }

  #control(type: number, flags: number, payload: Buffer): void {
    if (this.#connection.destroyed || this.#connection.writableEnded) return
    const head = Buffer.alloc(8)
    head.writeUInt16BE(version)
    head.writeUInt16BE(type, 2)
    head.writeUInt32BE(payload.length, 4)
    head[4] = flags
    this.#connection.write(Buffer.concat([head, payload]))
  }

  #data(id: number, { flags, payload }: DataFrame, done?: (error?: Error | null) => void): void {
    if (this.#connection.destroyed || this.#connection.writableEnded) {
      done?.(spdyInvalid('the connection is closed'))
      return
    }
    const head = Buffer.alloc(8)
    head.writeUInt32BE(id)
    head.writeUInt32BE(payload.length, 4)
    head[4] = flags
    this.#connection.write(Buffer.concat([head, payload]), (error) => done?.(error))
  }
}

interface DataFrame {
  readonly flags: number
  readonly payload: Buffer
}

function idOf(payload: Buffer): number {
  return payload.length < 4 ? 0 : payload.readUInt32BE() & 0x7fffffff
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(id)
  return bytes
}
