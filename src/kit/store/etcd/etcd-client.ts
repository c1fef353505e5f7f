/**
 * Calls to an etcd cluster: one member at a time, the next one when it fails. A call is repeated only when the server
 * certainly did nothing, or when repeating it cannot matter.
 */
import type { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import { storeBusy, storeClosed } from '../errors.ts'
import {
  type CallSubject,
  isMemberTrouble,
  storeErrorOfEtcd,
  storeOutcomeUnknown,
  storeUnreachable,
  wasRefused,
} from './etcd-errors.ts'
import type { GrpcCall } from '#kit/grpc/grpc-call.ts'
import { type ClientTls, GrpcConnection } from '#kit/grpc/grpc-connection.ts'
import { GrpcFailure, grpcStatus } from '#kit/grpc/grpc-failure.ts'

export interface EtcdClientOptions {
  /** `http://HOST:PORT` or `https://HOST:PORT`, at least one. */
  readonly endpoints: readonly string[]
  readonly tls?: ClientTls | undefined
  readonly clock: Clock
  /** Calls that may run at once; more are refused with STORE_BUSY. */
  readonly pendingCalls: number
  /** How long a call looks for a member that answers. */
  readonly patienceMs: number
}

export interface CallOptions {
  /** What calling twice would do: nothing more (reads), harm, or only what `onLost` prepares for. */
  readonly effect: 'none' | 'once' | 'repeatable'
  /** Told when an answer was lost and the call is made again. */
  readonly onLost?: () => void
  readonly about?: Partial<CallSubject>
}

interface Tried {
  readonly url: string
  /** An answer to a write was lost. */
  readonly lost: boolean
  /** Which must not be repeated then. */
  readonly once: boolean
  readonly untilMs: number
}

/** One member may take this long: more than an election, so that a write survives the loss of the leader. */
const attemptMs = 6000
/** How long members may be silent (an election, a restart) before that is told. */
const silenceMs = 2000
const backOffLeastMs = 20
const backOffMostMs = 500
/** Tells a member to end calls when it loses the cluster's leader, rather than serve what is old. */
const needsLeader = { hasleader: 'true' }

/** How long to wait before attempt number `attempt` (from 1). */
export function backOffMs(attempt: number): number {
  return Math.min(backOffMostMs, backOffLeastMs * 2 ** Math.min(attempt - 1, 10))
}

export class EtcdClient implements Disposable {
  readonly #options: EtcdClientOptions
  readonly #connections: readonly GrpcConnection[]
  readonly #stop = new AbortController()
  #current = 0
  #running = 0
  /** Since when, and why, no member has answered. */
  #silence: { readonly sinceMs: number; readonly failure: GrpcFailure } | undefined

  constructor(options: EtcdClientOptions) {
    this.#options = options
    const { endpoints, tls, clock } = options
    this.#connections = endpoints.map((url) => new GrpcConnection({ url, tls, clock }))
  }

  /** Why no member has answered for a while. */
  get trouble(): GantryError | undefined {
    if (this.#silence === undefined || this.#options.clock.monotonicMs() - this.#silence.sinceMs < silenceMs)
      return undefined
    return storeUnreachable(this.#options.endpoints, this.#silence.failure)
  }

  /** Notes that a member answered, or why none did. */
  heard(failure?: GrpcFailure): void {
    if (failure === undefined) this.#silence = undefined
    else this.#silence ??= { sinceMs: this.#options.clock.monotonicMs(), failure }
  }

  /** Calls a method that has one answer. @throws the store's errors. */
  async call(method: string, message: Uint8Array, options: CallOptions): Promise<Buffer> {
    if (this.#running >= this.#options.pendingCalls) throw storeBusy(this.#running)
    this.#running++
    try {
      return await this.#callUntilAnswered(method, message, options)
    } finally {
      this.#running--
    }
  }

  /** Begins a call that goes on; its failures are the caller's, who says `lost` and begins again. */
  async begin(method: string): Promise<{ readonly call: GrpcCall; readonly connection: GrpcConnection }> {
    this.#open()
    const connection = this.#connection()
    try {
      return { call: await connection.call(method, needsLeader), connection }
    } catch (error) {
      this.lost(connection)
      throw error
    }
  }

  /** Has later calls go to the next member, unless they do already. */
  lost(connection: GrpcConnection): void {
    if (this.#connection() === connection) this.#current = (this.#current + 1) % this.#connections.length
  }

  /** Waits before the next try of a call that goes on; ends early when the client is closed. */
  async pause(attempt: number, signal?: AbortSignal): Promise<void> {
    const signals = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal])
    await this.#options.clock.sleep(backOffMs(attempt), signals).catch(() => undefined)
    this.#open()
  }

  [Symbol.dispose](): void {
    this.#stop.abort(storeClosed())
    for (const connection of this.#connections) connection[Symbol.dispose]()
  }

  #open(): void {
    if (this.#stop.signal.aborted) throw storeClosed()
  }

  #connection(): GrpcConnection {
    return this.#connections[this.#current] as GrpcConnection
  }

  async #callUntilAnswered(method: string, message: Uint8Array, options: CallOptions): Promise<Buffer> {
    const { clock, patienceMs } = this.#options
    const untilMs = clock.monotonicMs() + patienceMs
    let lost = false
    for (let attempt = 1; ; attempt++) {
      this.#open()
      const connection = this.#connection()
      try {
        const answer = await this.#attempt(connection, method, message)
        this.heard()
        return answer
      } catch (error) {
        const failure = this.#memberTrouble(error, connection, options)
        lost ||= options.effect !== 'none' && !wasRefused(failure)
        this.#giveUp(failure, { url: connection.url, lost, once: options.effect === 'once', untilMs })
        if (lost) options.onLost?.()
      }
      // The members in turn at once, then more and more slowly.
      if (attempt % this.#connections.length === 0) await this.pause(attempt / this.#connections.length)
    }
  }

  /** The failure, when another member may cure it. @throws what ends the call. */
  #memberTrouble(error: unknown, connection: GrpcConnection, { about }: CallOptions): GrpcFailure {
    if (!(error instanceof GrpcFailure)) throw error
    this.#open()
    if (!isMemberTrouble(error)) throw storeErrorOfEtcd(error, { url: connection.url, ...about })
    this.heard(error)
    this.lost(connection)
    return error
  }

  #giveUp(failure: GrpcFailure, { url, lost, once, untilMs }: Tried): void {
    const isLate = this.#options.clock.monotonicMs() >= untilMs
    if (lost && (isLate || once)) throw storeOutcomeUnknown(url, failure)
    if (isLate) throw storeUnreachable(this.#options.endpoints, failure)
  }

  async #attempt(connection: GrpcConnection, method: string, message: Uint8Array): Promise<Buffer> {
    using call = await connection.call(method)
    using _ = this.#options.clock.setTimer(attemptMs, () =>
      call.abandon(
        new GrpcFailure(grpcStatus.deadlineExceeded, `no answer within ${attemptMs} ms`, { mayHaveRun: true }),
      ),
    )
    return await call.exchange(message)
  }
}
