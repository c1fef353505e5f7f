/** Requests by path for callers in this process: the HTTP handler, run on a request that never was on a wire. */
import { type Duplex, Readable } from 'node:stream'
import type { RawReply, RawRequest } from '#clients/kubernetes/kube-client.ts'
import type { HttpHandler, HttpResponse } from '#kit/http/exchange.ts'
import { defaultHttpLimits } from '#kit/http/limits.ts'
import { parseQuery, pathOf } from '#kit/http/query.ts'
import { type InProcessRequest, inProcessUser } from './in-process-request.ts'
import type { User } from '../user.ts'

/** Makes the raw call of a handler. */
export function callRaw(handler: HttpHandler): (user: User, request: RawRequest) => Promise<RawReply> {
  return async (user, request) => {
    const body = request.body === undefined ? [] : [Buffer.from(request.body)]
    const headers = lowerCased(request.headers ?? {})
    const http: InProcessRequest = {
      [inProcessUser]: user,
      method: request.method ?? 'GET',
      target: request.path,
      path: pathOf(request.path),
      query: parseQuery(request.path),
      headers,
      headerValues: (name) => (headers[name] === undefined ? [] : [headers[name]]),
      httpVersion: '1.1',
      signal: request.signal ?? new AbortController().signal,
      body: Readable.from(body, { objectMode: false }),
      peer: { address: '', port: 0, certificate: undefined },
      secure: true,
      params: {},
      limits: defaultHttpLimits,
      upgrade: undefined,
      assertComplete: () => {},
    }
    const response = new CollectedResponse()
    await handler(http, response)
    return response.reply()
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** A reply kept in memory. */
class CollectedResponse implements HttpResponse {
  started = false
  ended = false
  readonly bufferedBytes = 0
  readonly closed: Promise<void>
  readonly #done = Promise.withResolvers<void>()
  readonly #chunks: Buffer[] = []
  readonly #headers: Record<string, string | string[] | undefined> = {}
  status = 0

  constructor() {
    this.closed = this.#done.promise
  }

  setHeader(name: string, value: string | readonly string[]): void {
    this.#headers[name.toLowerCase()] = typeof value === 'string' ? value : [...value]
  }

  send(status: number, body?: Uint8Array | string, headers?: Readonly<Record<string, unknown>>): void {
    this.start(status, headers)
    if (body !== undefined) this.push(body)
    this.end()
  }

  json(status: number, value: unknown, headers?: Readonly<Record<string, unknown>>): void {
    this.send(status, `${JSON.stringify(value)}\n`, { 'content-type': 'application/json', ...headers })
  }

  start(status: number, headers: Readonly<Record<string, unknown>> = {}): void {
    this.started = true
    this.status = status
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined)
        this.setHeader(name, Array.isArray(value) ? (value as string[]) : `${value as string | number}`)
  }

  push(chunk: Uint8Array | string): boolean {
    this.#chunks.push(Buffer.from(chunk))
    return true
  }

  write(chunk: Uint8Array | string): Promise<void> {
    this.push(chunk)
    return Promise.resolve()
  }

  writeJson(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value)}\n`)
  }

  end(): void {
    this.ended = true
    this.#done.resolve()
  }

  hijack(): Duplex {
    throw new TypeError('a call in this process has no connection')
  }

  /** Whoever calls is in this process and waits as long as it likes. */
  setDeadline(): Disposable {
    return { [Symbol.dispose]: () => {} }
  }

  destroy(): void {
    this.end()
  }

  reply(): RawReply {
    return { status: this.status, headers: this.#headers, body: Buffer.concat(this.#chunks) }
  }
}
