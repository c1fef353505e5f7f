/**
 * A network in memory: connections and datagrams between whoever shares it. Messages take time, get lost and come twice as
 * the options say; connections are refused or cut. Bytes of one connection keep their order, datagrams do not.
 */
import { Duplex } from 'node:stream'
import type { Clock } from '#world/ports/clock.ts'
import type { Datagram, DatagramSocket, DialTarget, Listener, Network } from '#world/ports/network.ts'
import type { Random } from '#world/ports/random.ts'
import { systemError } from './file-tree.ts'

export interface NetworkFaults {
  /** Shortest and longest time of a message on its way, milliseconds. */
  readonly delayMs: readonly [least: number, most: number]
  /** Share of datagrams that never arrive. */
  readonly loss: number
  /** Share of datagrams that arrive twice. */
  readonly duplication: number
  /** Share of connections that cannot be made. */
  readonly refusal: number
  /** Share of chunks after which their connection breaks. */
  readonly cut: number
}

export const perfectNetwork: NetworkFaults = { delayMs: [0, 0], loss: 0, duplication: 0, refusal: 0, cut: 0 }

export interface SimNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  readonly faults?: Partial<NetworkFaults>
  /** Names beside `localhost`. */
  readonly names?: Readonly<Record<string, readonly string[]>>
}

type OnConnection = (socket: Duplex) => void

const firstFreePort = 32_768

/** Creates a network; every address on it is one machine's. */
export function createSimNetwork(options: SimNetworkOptions): Network {
  const wire = new Wire(options)
  const listeners = new Map<number, { readonly accept: OnConnection; readonly open: Set<Duplex> }>()
  const datagrams = new Map<number, (message: Datagram) => void>()
  let nextPort = firstFreePort
  const freePort = (taken: ReadonlyMap<number, unknown>, wanted: number | undefined): number => {
    if (wanted !== undefined && wanted !== 0) {
      if (taken.has(wanted)) throw systemError('EADDRINUSE', 'listen', String(wanted))
      return wanted
    }
    while (taken.has(nextPort)) nextPort++
    return nextPort++
  }
  return {
    async dial({ host, port, signal }: DialTarget) {
      signal?.throwIfAborted()
      await wire.travel()
      signal?.throwIfAborted()
      const listener = listeners.get(port)
      if (listener === undefined || wire.isHit('refusal'))
        throw systemError('ECONNREFUSED', 'connect', `${host}:${port}`)
      const [near, far] = wire.connect()
      listener.open.add(far)
      far.once('close', () => listener.open.delete(far))
      listener.accept(far)
      return near
    },
    dialUnix: async (path, signal) => {
      signal?.throwIfAborted()
      throw systemError('ENOENT', 'connect', path)
    },
    async listen(at, onConnection): Promise<Listener> {
      const port = freePort(listeners, at.port)
      const listener = { accept: onConnection, open: new Set<Duplex>() }
      listeners.set(port, listener)
      return {
        port,
        async [Symbol.asyncDispose]() {
          listeners.delete(port)
          for (const socket of listener.open) socket.destroy()
        },
      }
    },
    async openDatagram(at): Promise<DatagramSocket> {
      const port = freePort(datagrams, at.port)
      const handlers = new Set<(message: Datagram) => void>()
      const address = at.host ?? '127.0.0.1'
      datagrams.set(port, (message) => {
        for (const handler of handlers) handler(message)
      })
      return {
        port,
        async send(payload, _address, to) {
          const message = { payload: Uint8Array.from(payload), address, port }
          wire.send(() => datagrams.get(to)?.(message))
        },
        onMessage: (handler) => void handlers.add(handler),
        async [Symbol.asyncDispose]() {
          datagrams.delete(port)
        },
      }
    },
    async lookup(name) {
      const known = name === 'localhost' ? ['127.0.0.1'] : options.names?.[name]
      if (known === undefined) throw systemError('ENOTFOUND', 'getaddrinfo', name)
      return known
    },
  }
}

/** What messages go through: chance and time. */
class Wire {
  readonly #clock: Clock
  readonly #random: Random
  readonly #faults: NetworkFaults

  constructor({ clock, random, faults }: SimNetworkOptions) {
    this.#clock = clock
    this.#random = random
    this.#faults = { ...perfectNetwork, ...faults }
  }

  isHit(fault: 'loss' | 'duplication' | 'refusal' | 'cut'): boolean {
    const share = this.#faults[fault]
    return share > 0 && this.#random.float() < share
  }

  /** One way through the network; without delay it takes no time at all. */
  async travel(): Promise<void> {
    const ms = this.#delay()
    if (ms > 0) await this.#clock.sleep(ms)
  }

  /** A datagram: may be lost, doubled, overtaken. */
  send(deliver: () => void): void {
    if (this.isHit('loss')) return
    const copies = this.isHit('duplication') ? 2 : 1
    for (let copy = 0; copy < copies; copy++) this.after(this.#delay(), deliver)
  }

  after(ms: number, act: () => void): void {
    if (ms > 0) this.#clock.setTimer(ms, act)
    else queueMicrotask(act)
  }

  /** Two ends of one connection. */
  connect(): [Duplex, Duplex] {
    const near = new End(this)
    const far = new End(this)
    near.join(far)
    far.join(near)
    return [near, far]
  }

  /** When a chunk arrives that is sent now, never before the one sent ahead of it. */
  arrival(previousMs: number): number {
    return Math.max(previousMs, this.#clock.monotonicMs() + this.#delay())
  }

  untilMs(arrivalMs: number): number {
    return arrivalMs - this.#clock.monotonicMs()
  }

  #delay(): number {
    const [least, most] = this.#faults.delayMs
    return least + (most > least ? this.#random.float() * (most - least) : 0)
  }
}

class End extends Duplex {
  readonly #wire: Wire
  #other: End | undefined
  #lastArrivalMs = 0
  #wantsMore: (() => void) | undefined

  constructor(wire: Wire) {
    super({ allowHalfOpen: true })
    this.#wire = wire
  }

  join(other: End): void {
    this.#other = other
  }

  override _read(): void {
    const resume = this.#wantsMore
    this.#wantsMore = undefined
    resume?.()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#wire.isHit('cut')) {
      const broken = systemError('ECONNRESET', 'write', 'connection')
      this.#other?.destroy(broken)
      done(broken)
      return
    }
    const copy = Buffer.from(chunk)
    this.#later(() => {
      if (this.#other === undefined) done()
      else this.#other.receive(copy, done)
    })
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#later(() => {
      const other = this.#other
      if (other !== undefined && !other.destroyed) other.push(null)
      done()
    })
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const other = this.#other
    this.#other = undefined
    if (other !== undefined && !other.destroyed) this.#later(() => other.leave(error !== null))
    done(error)
  }

  /** A chunk has arrived; the sender may go on once there is room. */
  receive(chunk: Buffer, done: () => void): void {
    if (this.destroyed || this.push(chunk)) done()
    else this.#wantsMore = done
  }

  /** The other end is gone: what it had sent is there, nothing more comes. */
  leave(isBroken: boolean): void {
    this.#other = undefined
    if (isBroken) this.destroy(systemError('ECONNRESET', 'read', 'connection'))
    else if (!this.readableEnded) this.push(null)
    this.end()
  }

  #later(act: () => void): void {
    this.#lastArrivalMs = this.#wire.arrival(this.#lastArrivalMs)
    this.#wire.after(this.#wire.untilMs(this.#lastArrivalMs), act)
  }
}
