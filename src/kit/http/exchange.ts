/**
 * What a handler sees of one HTTP request and its reply, the same over HTTP/1.1, HTTP/2 and a connection taken
 * out of HTTP (hijacked, upgraded).
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { HttpLimits } from './limits.ts'
import type { Query } from './query.ts'
import type { PathParams } from './routes.ts'

/** Who is at the other end. */
export interface HttpPeer {
  /** IP address, or '' on a unix socket. */
  readonly address: string
  readonly port: number
  /** The client's certificate (DER) when one was presented and the listener's authority signed it. */
  readonly certificate: Uint8Array | undefined
}

export interface HttpRequest {
  readonly method: string
  /** Path and query as sent. */
  readonly target: string
  /** Path as sent, without query. */
  readonly path: string
  readonly query: Query
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders
  /** Every value of a header (lower-case name) as sent, where `headers` joins them; empty when it is missing. */
  headerValues(name: string): readonly string[]
  readonly httpVersion: '1.0' | '1.1' | '2.0'
  /** Aborts when the client goes away before the reply is complete, or the server stops waiting for it. */
  readonly signal: AbortSignal
  /** The body as it arrives; reading slowly slows the client. Errors when the client goes away midway. */
  readonly body: Readable
  readonly peer: HttpPeer
  /** True on TLS. */
  readonly secure: boolean
  /** The values of the matched route's placeholders, set by whoever dispatches. */
  params: PathParams
  /** The server's limits, for readers of the body. */
  readonly limits: HttpLimits
  /** The protocol asked for in `Upgrade`, lower case, when the request may be taken out of HTTP. */
  readonly upgrade: string | undefined
  /** Fails unless the whole body arrived: a cut connection may look like an end. */
  assertComplete(): void
}

export interface HijackHead {
  readonly status: number
  readonly reason: string
  /** In the order written, after the status line; nothing is added. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export interface HttpResponse {
  /** True once the head is on its way. */
  readonly started: boolean
  /** The status of the head once it is on its way, 0 before. */
  readonly status: number
  /** True once complete, or the client is gone, or the connection left HTTP. */
  readonly ended: boolean
  /** Bytes accepted and not yet handed to the kernel. */
  readonly bufferedBytes: number
  /** A header for the head, kept until it is sent; later values replace earlier ones. */
  setHeader(name: string, value: string | readonly string[]): void
  /** The whole reply at once, with its length. Without body: an empty one. */
  send(status: number, body?: Uint8Array | string, headers?: OutgoingHttpHeaders): void
  /** JSON, newline-terminated, not HTML-escaped. */
  json(status: number, value: unknown, headers?: OutgoingHttpHeaders): void
  /** Sends the head of a streamed reply at once, before any data. */
  start(status: number, headers?: OutgoingHttpHeaders): void
  /** Hands over one chunk (one HTTP chunk on the wire); false when the buffer is above its mark. Ignored after the end. */
  push(chunk: Uint8Array | string): boolean
  /**
   * One chunk; resolves when there is room for more.
   * @throws GantryError HTTP_CLIENT_GONE when the client went away or stalled.
   */
  write(chunk: Uint8Array | string): Promise<void>
  /** One JSON value with a newline as a chunk of its own. */
  writeJson(value: unknown): Promise<void>
  /** Completes a streamed reply. */
  end(): void
  /** Resolves when the reply is complete or the connection is gone. */
  readonly closed: Promise<void>
  /**
   * Takes the connection out of HTTP: writes the head and returns the raw stream. Bytes that came early are
   * read first; ending one direction leaves the other open. The caller owns the stream.
   * @throws GantryError HTTP_HIJACK_UNSUPPORTED over HTTP/2 or for a route that is not marked for it.
   */
  hijack(head: HijackHead): Duplex
  /** Calls `onLate` after `ms` of the server's time unless it is disposed of before. */
  setDeadline(ms: number, onLate: () => void): Disposable
  /** Cuts the connection (HTTP/1) or resets the stream (HTTP/2): the client must see that the reply is not whole. */
  destroy(): void
}

/** Answers one request; the exchange ends when the returned promise resolves, unless it was hijacked. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => Promise<void> | void

/** A reply that stands for an error. */
export interface EncodedError {
  readonly status: number
  readonly headers?: OutgoingHttpHeaders
  readonly body: Uint8Array | string
}
