/** One request and reply as an HTTP/2 stream. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import { clientGone } from './errors.ts'
import type { HttpPeer, HttpRequest, HttpResponse } from './exchange.ts'
import type { ExchangeContext } from './http1-exchange.ts'
import type { HttpLimits } from './limits.ts'
import { type Query, parseQuery, pathOf } from './query.ts'
import type { PathParams } from './routes.ts'
import { waitForRoom } from './wait-for-room.ts'

const noParams: PathParams = Object.freeze({})

/** The request of an HTTP/2 exchange. */
export class Http2Request implements HttpRequest {
  params: PathParams = noParams
  readonly upgrade: undefined = undefined
  readonly httpVersion = '2.0'
  readonly secure: boolean
  readonly limits: HttpLimits
  readonly headers: IncomingHttpHeaders
  readonly #rawHeaders: readonly string[]
  readonly #stream: ServerHttp2Stream
  readonly #peer: HttpPeer
  #query: Query | undefined
  #abort: AbortController | undefined

  constructor(
    context: ExchangeContext,
    stream: ServerHttp2Stream,
    options: { readonly headers: IncomingHttpHeaders; readonly rawHeaders: readonly string[]; readonly peer: HttpPeer },
  ) {
    const { headers } = options
    this.#rawHeaders = options.rawHeaders
    this.#peer = options.peer
    this.limits = context.limits
    this.#stream = stream
    this.headers = headers
    this.secure = stream.session?.encrypted === true
    headers.host ??= headers[':authority'] as string | undefined
  }

  get method(): string {
    return (this.headers[':method'] as string | undefined) ?? 'GET'
  }

  get target(): string {
    return (this.headers[':path'] as string | undefined) ?? '/'
  }

  get path(): string {
    return pathOf(this.target)
  }

  get query(): Query {
    return (this.#query ??= parseQuery(this.target))
  }

  headerValues(name: string): readonly string[] {
    const raw = this.#rawHeaders
    return raw.filter((_, index) => index % 2 === 1 && raw[index - 1] === name)
  }

  get peer(): HttpPeer {
    return this.#peer
  }

  get body(): Readable {
    return this.#stream
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const controller = (this.#abort = new AbortController())
      const stream = this.#stream
      const check = (): void => {
        if (!stream.writableFinished) controller.abort(clientGone())
      }
      if (stream.destroyed || stream.aborted) check()
      else stream.once('close', check)
      stream.once('aborted', check)
    }
    return this.#abort.signal
  }

  assertComplete(): void {
    // A stream cut by its client ends like a whole one; only this flag tells.
    if (this.#stream.aborted) throw new GantryError('HTTP_BODY_CUT', 'cancelled', 'unexpected EOF')
  }

  /** Makes the signal abort for a reason other than the client. */
  abort(reason: Error): void {
    if (!this.#stream.writableFinished) (this.#abort ??= new AbortController()).abort(reason)
  }
}

/** Headers that belong to a connection and are an error in HTTP/2 (RFC 9113, section 8.2.2). */
const connectionHeaders = [
  'Connection',
  'connection',
  'Keep-Alive',
  'Transfer-Encoding',
  'transfer-encoding',
  'Upgrade',
]

/** The reply of an HTTP/2 exchange. */
export class Http2Response implements HttpResponse {
  readonly hijacked = false
  readonly #context: ExchangeContext
  readonly #stream: ServerHttp2Stream
  readonly #isHead: boolean
  #extra: OutgoingHttpHeaders | undefined
  #ended = false
  #status = 0
  #closed: Promise<void> | undefined

  constructor(context: ExchangeContext, stream: ServerHttp2Stream, method: string) {
    this.#context = context
    this.#stream = stream
    this.#isHead = method === 'HEAD'
  }

  get status(): number {
    return this.#status
  }

  get started(): boolean {
    return this.#stream.headersSent
  }

  get ended(): boolean {
    return this.#ended || this.#stream.destroyed || this.#stream.closed
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength
  }

  get closed(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => {
      if (this.#stream.destroyed) resolve()
      else this.#stream.once('close', resolve)
    }))
  }

  setHeader(name: string, value: string | readonly string[]): void {
    this.#extra ??= {}
    this.#extra[name] = typeof value === 'string' ? value : [...value]
  }

  send(status: number, body?: Uint8Array | string, headers?: OutgoingHttpHeaders): void {
    if (this.ended) return
    const head = this.#head(status, headers)
    if (body !== undefined) head['content-length'] ??= Buffer.byteLength(body)
    const empty = body === undefined || body.length === 0 || this.#isHead || status === 204 || status === 304
    this.#ended = true
    this.#stream.respond(head, empty ? { endStream: true } : undefined)
    if (!empty) this.#stream.end(body)
    this.#discardRest()
  }

  json(status: number, value: unknown, headers?: OutgoingHttpHeaders): void {
    this.send(status, `${JSON.stringify(value)}\n`, { 'Content-Type': 'application/json', ...headers })
  }

  start(status: number, headers?: OutgoingHttpHeaders): void {
    if (this.ended) return
    this.#stream.respond(this.#head(status, headers), this.#isHead ? { endStream: true } : undefined)
    if (this.#isHead) this.#ended = true
  }

  push(chunk: Uint8Array | string): boolean {
    return this.ended ? false : this.#stream.write(chunk)
  }

  async write(chunk: Uint8Array | string): Promise<void> {
    if (this.#isHead) return
    if (this.ended) throw clientGone()
    if (this.#stream.write(chunk)) return
    await waitForRoom(this.#stream, this.#context.clock, this.#context.limits.writeStallMs)
  }

  writeJson(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`)
  }

  end(): void {
    if (this.ended) return
    this.#ended = true
    this.#stream.end()
    this.#discardRest()
  }

  hijack(): never {
    throw new GantryError('HTTP_HIJACK_UNSUPPORTED', 'invalid', 'a raw connection cannot be had over HTTP/2', {
      remedy: 'Use HTTP/1.1 for this request.',
    })
  }

  setDeadline(ms: number, onLate: () => void): Disposable {
    return this.#context.clock.setTimer(ms, onLate)
  }

  destroy(): void {
    this.#stream.close(2)
  }

  /** Where the client is still sending, it is told to stop without an error (RFC 9113, section 8.1). */
  #discardRest(): void {
    const stream = this.#stream
    if (!stream.readableEnded && !stream.destroyed) stream.resume()
  }

  #head(status: number, headers: OutgoingHttpHeaders | undefined): OutgoingHttpHeaders & { ':status': number } {
    this.#status = status
    const head = { ':status': status, ...this.#context.headers, ...this.#extra, ...headers }
    for (const name of connectionHeaders) if (name in head) Reflect.deleteProperty(head, name)
    return head
  }
}
