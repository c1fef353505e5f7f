/**
 * One HTTP/2 connection to one gRPC server, opened when first needed. Calls fail with a GrpcFailure; whoever owns several
 * connections decides where to try again. A peer that stops answering pings is given up within seconds.
 */
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import type { Clock } from '#world/ports/clock.ts'
import { GrpcCall } from './grpc-call.ts'
import { GrpcFailure, grpcStatus } from './grpc-failure.ts'

/** PEM texts: whom to trust, and who we are. */
export interface ClientTls {
  readonly authority?: string
  readonly certificate?: string
  readonly key?: string
}

export interface GrpcTarget {
  /** `http://HOST:PORT` or `https://HOST:PORT`. */
  readonly url: string
  /** A unix socket that is connected to; the URL then only names the server. */
  readonly socketPath?: string
  readonly tls: ClientTls | undefined
  readonly clock: Clock
}

const connectWithinMs = 3000
const pingEveryMs = 5000
const pingWithinMs = 5000
/** Room for answers on their way: large ranges come without waiting for window updates. */
const windowBytes = 8 * 1024 * 1024

export class GrpcConnection implements Disposable {
  readonly #target: GrpcTarget
  #opening: Promise<ClientHttp2Session> | undefined
  #session: ClientHttp2Session | undefined
  #keepAlive: Disposable | undefined
  #ended = false

  constructor(target: GrpcTarget) {
    this.#target = target
  }

  get url(): string {
    return this.#target.url
  }

  /**
   * Begins a call of the method at `path` (`/package.Service/Method`).
   * @throws GrpcFailure that did not run when the server cannot be reached.
   */
  async call(path: string, headers: Readonly<Record<string, string>> = {}): Promise<GrpcCall> {
    const session = this.#session ?? (await this.#open())
    try {
      const stream = session.request(
        {
          ':method': 'POST',
          ':path': path,
          // Behind a socket there is no port, and servers may insist on that.
          ...(this.#target.socketPath === undefined ? {} : { ':authority': new URL(this.url).hostname }),
          'content-type': 'application/grpc',
          te: 'trailers',
          'user-agent': 'gantry',
          ...headers,
        },
        { endStream: false },
      )
      return new GrpcCall(stream)
    } catch (error) {
      throw unreached(this.url, error)
    }
  }

  [Symbol.dispose](): void {
    this.#ended = true
    this.#drop(this.#session)
  }

  #open(): Promise<ClientHttp2Session> {
    if (this.#ended) throw unreached(this.url, new Error('the connection was closed'))
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #connect(): Promise<ClientHttp2Session> {
    const { url, socketPath, tls, clock } = this.#target
    const session = connect(url, {
      ...(socketPath === undefined ? {} : { createConnection: () => connectSocket(socketPath) }),
      settings: { enablePush: false, initialWindowSize: windowBytes },
      maxSessionMemory: 1000,
      ...(tls?.authority === undefined ? {} : { ca: tls.authority }),
      ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
    })
    const connected = Promise.withResolvers<void>()
    session.once('connect', () => connected.resolve())
    session.once('error', connected.reject)
    session.once('close', () => connected.reject(new Error('the connection was closed')))
    // Streams report their own failures; without a listener the session's would end the program.
    session.on('error', () => this.#forget(session))
    session.on('close', () => this.#forget(session))
    session.on('goaway', () => this.#forget(session))
    using _ = clock.setTimer(connectWithinMs, () =>
      connected.reject(new Error(`no connection within ${connectWithinMs} ms`)),
    )
    try {
      await connected.promise
    } catch (error) {
      session.destroy()
      throw unreached(url, error)
    }
    if (this.#ended) {
      session.destroy()
      throw unreached(url, new Error('the connection was closed'))
    }
    session.setLocalWindowSize(windowBytes)
    this.#session = session
    this.#ping(session)
    return session
  }

  /** Ends a connection whose peer has gone without a word. */
  #ping(session: ClientHttp2Session): void {
    this.#keepAlive = this.#target.clock.setTimer(pingEveryMs, () => {
      if (session.destroyed) return
      const late = this.#target.clock.setTimer(pingWithinMs, () => this.#drop(session))
      session.ping((error) => {
        late[Symbol.dispose]()
        if (error !== null) this.#drop(session)
        else if (this.#session === session) this.#ping(session)
      })
    })
  }

  #forget(session: ClientHttp2Session): void {
    if (this.#session !== session) return
    this.#session = undefined
    this.#keepAlive?.[Symbol.dispose]()
  }

  #drop(session: ClientHttp2Session | undefined): void {
    if (session === undefined) return
    this.#forget(session)
    session.destroy(undefined, constants.NGHTTP2_CANCEL)
  }
}

function unreached(url: string, cause: unknown): GrpcFailure {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new GrpcFailure(grpcStatus.unavailable, `${url}: ${why}`, { mayHaveRun: false, cause })
}
