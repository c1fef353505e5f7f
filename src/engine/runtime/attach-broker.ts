/**
 * The engine's end of a monitor's attach socket: one connection a container (or exec), any number of clients.
 * What the process writes goes to every client; what clients write goes to the process. A client that reads slowly
 * slows the process down, as with Docker; one that does not read at all is dropped so that it cannot stop it for ever.
 */
import type { Duplex } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Kernel } from '#world/ports/kernel.ts'

export type OutputStream = 'stdout' | 'stderr'

/** Takes a process' output for one client. */
export interface OutputSink {
  /** A promise means "wait before you send more"; undefined: go on. */
  write(stream: OutputStream, chunk: Buffer): Promise<void> | undefined
  /** No more output will come. */
  end(): void
}

/** Input packets larger than this are cut off by the monitor. */
const stdinPacketBytesMax = 32_768
/** How long a client may keep everybody waiting. */
const stallMsMax = 60_000
const stderrMark = 3

export class AttachBroker {
  readonly #clock: Clock
  readonly #sinks = new Set<OutputSink>()
  #socket: Duplex | undefined
  #ended: boolean
  readonly #whenEnded: Promise<void>
  #markEnded: () => void = () => undefined
  readonly #whenConnected: Promise<void>
  #markConnected: () => void = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#ended = false
    this.#whenEnded = new Promise((resolve) => {
      this.#markEnded = resolve
    })
    this.#whenConnected = new Promise((resolve) => {
      this.#markConnected = resolve
    })
  }

  get connected(): boolean {
    return this.#socket !== undefined
  }

  /** Resolves when the monitor has closed the connection: all output has been seen. At once when never connected. */
  async drained(): Promise<void> {
    if (this.#socket !== undefined) await this.#whenEnded
  }

  /** Connects to the monitor's socket at `path`; a second call changes nothing. */
  connect(kernel: Kernel, path: string): void {
    if (this.#socket !== undefined || this.#ended) return
    const socket = kernel.connectSeqpacket(path)
    this.#socket = socket
    this.#markConnected()
    socket.on('data', (packet: Buffer) => this.#deliver(packet))
    socket.on('end', () => this.finish())
    socket.on('error', () => this.finish())
    socket.on('close', () => this.finish())
  }

  /** Adds a client; returns what removes it. Output that came before is not repeated. */
  addSink(sink: OutputSink): () => void {
    if (this.#ended) {
      sink.end()
      return () => undefined
    }
    this.#sinks.add(sink)
    return () => {
      this.#sinks.delete(sink)
    }
  }

  /** Resolves when input can be written, or never will be. */
  ready(): Promise<void> {
    return this.#whenConnected
  }

  /** Hands bytes to the process' standard input. @throws GantryError when there is no connection. */
  async writeStdin(chunk: Buffer): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) {
      throw new GantryError('ENGINE_STDIN_CLOSED', 'conflict', 'The container has no open standard input', {
        remedy: 'Start it with -i.',
      })
    }
    for (let offset = 0; offset < chunk.length; offset += stdinPacketBytesMax) {
      if (socket.destroyed || socket.writableEnded) return
      const packet = chunk.subarray(offset, offset + stdinPacketBytesMax)
      if (!socket.write(packet)) await drain(socket)
    }
  }

  /** Closes the process' standard input for good. */
  endStdin(): void {
    this.#socket?.end()
  }

  /** Tells every client that the output is over and forgets them. */
  finish(): void {
    if (this.#ended) return
    this.#ended = true
    for (const sink of this.#sinks) sink.end()
    this.#sinks.clear()
    this.#socket?.destroy()
    this.#markConnected()
    this.#markEnded()
  }

  #deliver(packet: Buffer): void {
    const stream: OutputStream = packet[0] === stderrMark ? 'stderr' : 'stdout'
    const chunk = packet.subarray(1)
    const waits: Promise<void>[] = []
    for (const sink of this.#sinks) {
      const wait = sink.write(stream, chunk)
      if (wait !== undefined) waits.push(this.#patience(sink, wait))
    }
    if (waits.length === 0) return
    const socket = this.#socket
    socket?.pause()
    void Promise.all(waits).then(() => socket?.resume())
  }

  /** Waits for a slow client, but not for ever. */
  async #patience(sink: OutputSink, wait: Promise<void>): Promise<void> {
    const stop = new AbortController()
    const stalled = this.#clock.sleep(stallMsMax, stop.signal).then(
      () => {
        this.#sinks.delete(sink)
        sink.end()
      },
      () => undefined,
    )
    await Promise.race([wait.catch(() => this.#sinks.delete(sink)), stalled])
    stop.abort()
  }
}

function drain(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
