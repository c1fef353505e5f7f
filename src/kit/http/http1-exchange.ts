/** One request and reply over HTTP/1.1 (and 1.0), also where the connection may leave HTTP. */
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import { clientGone } from './errors.ts'
import type { HijackHead, HttpPeer, HttpRequest, HttpResponse } from './exchange.ts'
import { drainUnreadBody } from './drain-unread-body.ts'
import type { HttpLimits } from './limits.ts'
import { type Query, parseQuery, pathOf } from './query.ts'
import type { PathParams } from './routes.ts'
import { waitForRoom } from './wait-for-room.ts'

/** What every exchange of a server shares. */
export interface ExchangeContext {
  readonly clock: Clock
  readonly limits: HttpLimits
  readonly headers: OutgoingHttpHeaders
}

const noParams: PathParams = Object.freeze({})

/** The request of a plain or hijackable HTTP/1 exchange. `rawBody` replaces the message's own body on a connection that left HTTP's parser. */
export class Http1Request implements HttpRequest {
  params: PathParams = noParams
  readonly limits: HttpLimits
  readonly upgrade: string | undefined
  readonly #message: IncomingMessage
  readonly #reply: ServerResponse
  readonly #rawBody: Readable | undefined
  #awaitsContinue: boolean
  #query: Query | undefined
  #abort: AbortController | undefined

  constructor(
    context: ExchangeContext,
    pair: { readonly message: IncomingMessage; readonly reply: ServerResponse },
    options: { readonly rawBody?: Readable; readonly awaitsContinue?: boolean } = {},
  ) {
    this.limits = context.limits
    this.#message = pair.message
    this.#reply = pair.reply
    this.#rawBody = options.rawBody
    this.#awaitsContinue = options.awaitsContinue ?? false
    this.upgrade = options.rawBody === undefined ? undefined : (pair.message.headers.upgrade ?? '').toLowerCase()
  }

  get method(): string {
    return this.#message.method ?? 'GET'
  }

  get target(): string {
    return this.#message.url ?? '/'
  }

  get path(): string {
    return pathOf(this.target)
  }

  get query(): Query {
    return (this.#query ??= parseQuery(this.target))
  }

  get headers(): IncomingHttpHeaders {
    return this.#message.headers
  }

  headerValues(name: string): readonly string[] {
    return this.#message.headersDistinct[name] ?? []
  }

  get httpVersion(): '1.0' | '1.1' {
    return this.#message.httpVersionMinor === 0 ? '1.0' : '1.1'
  }

  get peer(): HttpPeer {
    return peerOf(this.#message.socket)
  }

  get secure(): boolean {
    return this.#message.socket instanceof TLSSocket
  }

  get body(): Readable {
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false
      this.#reply.writeContinue()
    }
    return this.#rawBody ?? this.#message
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const controller = (this.#abort = new AbortController())
      const reply = this.#reply
      if (reply.destroyed && !reply.writableFinished) controller.abort(clientGone())
      else {
        reply.once('close', () => {
          if (!reply.writableFinished) controller.abort(clientGone())
        })
      }
    }
    return this.#abort.signal
  }

  /** True when the client still waits for `100 Continue`: the connection cannot be used again. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue
  }

  /** The parsed message, for packages that take over the connection by themselves. */
  get message(): IncomingMessage {
    return this.#message
  }

  assertComplete(): void {
    if (this.#rawBody === undefined && !this.#message.complete) {
      throw new GantryError('HTTP_BODY_CUT', 'cancelled', 'unexpected EOF')
    }
  }

  /** Makes the signal abort for a reason other than the client. */
  abort(reason: Error): void {
    if (!this.#reply.writableFinished) (this.#abort ??= new AbortController()).abort(reason)
  }
}

/** Where a connection keeps what is known of its peer: reading a certificate costs more than a whole small request. */
const peerKey: unique symbol = Symbol('peer')

/** Address, port and certificate of a connection's other end; the same value for every request of a connection. */
export function peerOf(socket: Socket & { [peerKey]?: HttpPeer }): HttpPeer {
  return (socket[peerKey] ??= {
    address: socket.remoteAddress ?? '',
    port: socket.remotePort ?? 0,
    certificate: socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate()?.raw : undefined,
  })
}

/** The reply of an HTTP/1 exchange. */
export class Http1Response implements HttpResponse {
  readonly #context: ExchangeContext
  readonly #reply: ServerResponse
  readonly #request: Http1Request
  readonly #takeSocket: (() => Duplex) | undefined
  #hijacked = false
  #hijackStatus = 0
  #closed: Promise<void> | undefined

  constructor(
    context: ExchangeContext,
    pair: { readonly request: Http1Request; readonly reply: ServerResponse },
    takeSocket?: () => Duplex,
  ) {
    this.#context = context
    this.#request = pair.request
    this.#reply = pair.reply
    this.#takeSocket = takeSocket
  }

  get started(): boolean {
    return this.#hijacked || this.#reply.headersSent
  }

  get status(): number {
    if (this.#hijacked) return this.#hijackStatus
    return this.#reply.headersSent ? this.#reply.statusCode : 0
  }

  get ended(): boolean {
    return this.#hijacked || this.#reply.writableEnded || this.#reply.destroyed
  }

  get hijacked(): boolean {
    return this.#hijacked
  }

  get bufferedBytes(): number {
    return this.#reply.writableLength
  }

  get closed(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => {
      if (this.#reply.destroyed) resolve()
      else this.#reply.once('close', resolve)
    }))
  }

  setHeader(name: string, value: string | readonly string[]): void {
    this.#reply.setHeader(name, value)
  }

  send(status: number, body?: Uint8Array | string, headers?: OutgoingHttpHeaders): void {
    if (this.ended) return
    const head: OutgoingHttpHeaders = { ...this.#context.headers, ...headers }
    if (body !== undefined) head['Content-Length'] ??= Buffer.byteLength(body)
    else if (status !== 204 && status !== 304) head['Content-Length'] ??= 0
    this.#head(status, head)
    this.#reply.end(body)
  }

  json(status: number, value: unknown, headers?: OutgoingHttpHeaders): void {
    this.send(status, `${JSON.stringify(value)}\n`, { 'Content-Type': 'application/json', ...headers })
  }

  start(status: number, headers?: OutgoingHttpHeaders): void {
    if (this.ended) return
    this.#head(status, { ...this.#context.headers, ...headers })
    this.#reply.flushHeaders()
  }

  push(chunk: Uint8Array | string): boolean {
    return this.ended ? false : this.#write(chunk)
  }

  async write(chunk: Uint8Array | string): Promise<void> {
    if (this.ended) throw clientGone()
    if (this.#write(chunk)) return
    await waitForRoom(this.#reply, this.#context.clock, this.#context.limits.writeStallMs)
  }

  writeJson(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`)
  }

  end(): void {
    if (!this.ended) this.#reply.end()
  }

  hijack(head: HijackHead): Duplex {
    if (this.#takeSocket === undefined || this.started) {
      throw new GantryError('HTTP_HIJACK_UNSUPPORTED', 'invalid', 'this request cannot take over the connection')
    }
    this.#hijacked = true
    // Packages that write the head by themselves say 0: they only ever switch protocols.
    this.#hijackStatus = head.status === 0 ? 101 : head.status
    const socket = this.#takeSocket()
    let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`
    for (const [name, value] of head.headers) text += `${name}: ${value.replaceAll(/[\r\n]/g, ' ')}\r\n`
    if (head.status !== 0) socket.write(`${text}\r\n`, 'latin1')
    return socket
  }

  setDeadline(ms: number, onLate: () => void): Disposable {
    return this.#context.clock.setTimer(ms, onLate)
  }

  destroy(): void {
    this.#reply.destroy()
    this.#reply.socket?.destroy()
  }

  #write(chunk: Uint8Array | string): boolean {
    // Node merges writes of one tick into one HTTP chunk unless the socket is corked already; clients that parse
    // chunk by chunk need them apart. Corked until the current step ends, they still leave in one system call.
    const { socket } = this.#reply
    if (socket !== null && socket.writableCorked === 0) {
      socket.cork()
      queueMicrotask(() => socket.uncork())
    }
    return this.#reply.write(chunk)
  }

  #head(status: number, head: OutgoingHttpHeaders): void {
    if (this.#request.awaitsContinue) this.#reply.shouldKeepAlive = false
    this.#reply.writeHead(status, head)
    if (!this.#request.message.complete && this.#takeSocket === undefined) {
      drainUnreadBody(this.#request.message, this.#reply, this.#context)
    }
  }
}
