/** One gRPC call on an HTTP/2 stream: messages out, messages in, and the status that ends it. */
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import { GrpcFailure, grpcStatus } from './grpc-failure.ts'
import { framed, MessageAssembler } from './grpc-messages.ts'

/** Largest message taken: a page of a range, or the events of one transaction. */
const messageBytesMax = 512 * 1024 * 1024
/** What may wait for a reader before the server is made to wait. */
const waitingBytesMax = 4 * 1024 * 1024

export class GrpcCall implements Disposable {
  readonly #stream: ClientHttp2Stream
  readonly #assembler = new MessageAssembler(messageBytesMax)
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #status: { readonly status: number; readonly message: string } | undefined
  #failure: GrpcFailure | undefined
  #ended = false
  #wake: (() => void) | undefined

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream
    stream.on('response', (headers) => this.#begin(headers))
    stream.on('trailers', (headers) => void (this.#status ??= statusIn(headers)))
    stream.on('data', (piece: Buffer) => this.#take(piece))
    stream.on('end', () => this.#end())
    stream.on('error', (error) => this.#fail(error))
    stream.on('close', () => this.#close())
  }

  /** Sends a message; `isLast` when no other follows. */
  send(message: Uint8Array, isLast: boolean): void {
    if (isLast) this.#stream.end(framed(message))
    else this.#stream.write(framed(message))
  }

  /**
   * The next message; undefined once the server has ended the call with OK.
   * @throws GrpcFailure for any other end.
   */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const message = this.#waiting.shift()
      if (message !== undefined) {
        this.#waitingBytes -= message.length
        if (this.#waitingBytes < waitingBytesMax && this.#stream.isPaused()) this.#stream.resume()
        return message
      }
      if (this.#failure !== undefined) throw this.#failure
      if (this.#ended) return undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  /** Sends the only message and returns the only answer. */
  async exchange(message: Uint8Array): Promise<Buffer> {
    this.send(message, true)
    const answer = await this.next()
    if (answer === undefined)
      throw new GrpcFailure(grpcStatus.internal, 'the server ended the call without an answer', { mayHaveRun: true })
    // The status behind it decides: an answer may be followed by a failure.
    await this.next()
    return answer
  }

  /** Ends the call from this side; a reader gets `failure`. */
  abandon(failure: GrpcFailure): void {
    this.#finish(failure)
    this[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    if (!this.#stream.closed) this.#stream.close(constants.NGHTTP2_CANCEL)
  }

  #begin(headers: IncomingHttpHeaders): void {
    const http = Number(headers[':status'])
    this.#status = statusIn(headers)
    if (http !== 200 && this.#status === undefined)
      this.#finish(new GrpcFailure(grpcStatus.unavailable, `HTTP status ${http}`, { mayHaveRun: http >= 500 }))
  }

  #take(piece: Buffer): void {
    try {
      for (const message of this.#assembler.take(piece)) {
        this.#waiting.push(message)
        this.#waitingBytes += message.length
      }
    } catch (error) {
      this.#finish(error as GrpcFailure)
      this[Symbol.dispose]()
    }
    if (this.#waitingBytes >= waitingBytesMax) this.#stream.pause()
    this.#awake()
  }

  #end(): void {
    const { status, message } = this.#status ?? { status: -1, message: '' }
    if (status === grpcStatus.ok && !this.#assembler.isMidway) this.#finish(undefined)
    else if (status > 0) this.#finish(new GrpcFailure(status, message, { mayHaveRun: true }))
  }

  #fail(error: Error): void {
    const refused = this.#stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
    this.#finish(new GrpcFailure(grpcStatus.unavailable, error.message, { mayHaveRun: !refused, cause: error }))
  }

  #close(): void {
    this.#end()
    const refused = this.#stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
    this.#finish(
      new GrpcFailure(grpcStatus.unavailable, 'the connection ended before the answer', { mayHaveRun: !refused }),
    )
  }

  /** The first end counts. */
  #finish(failure: GrpcFailure | undefined): void {
    if (!this.#ended) {
      this.#ended = true
      this.#failure = failure
    }
    this.#awake()
  }

  #awake(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

/** The status in a response's head or trailers; undefined when there is none. */
function statusIn(headers: IncomingHttpHeaders): { readonly status: number; readonly message: string } | undefined {
  const status = headers['grpc-status']
  if (typeof status !== 'string') return undefined
  const message = headers['grpc-message']
  return { status: Number(status), message: typeof message === 'string' ? percentDecoded(message) : '' }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
