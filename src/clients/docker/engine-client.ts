/** Calls the Docker Engine API: version negotiation, JSON, Docker's error shape, streams, hijacked connections. */
import type { Duplex, Readable } from 'node:stream'
import { GantryError, errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import type { ErrorKind } from '#base/errors/gantry-error.ts'
import type { Reply } from './http-exchange.ts'
import { exchange, exchangeUpgrade } from './http-exchange.ts'
import { readJsonMessages } from './json-messages.ts'

/** The newest API version that this client speaks, and the oldest it accepts from a daemon. */
export const newestApiVersion = '1.50'
export const oldestApiVersion = '1.24'

export interface EngineEndpoint {
  /** As `DOCKER_HOST` writes it; shown in errors. */
  readonly address: string
  /** The Host header. */
  readonly host: string
  dial(signal?: AbortSignal): Promise<Duplex>
}

export type QueryValue = string | number | boolean | undefined | readonly string[]

export interface CallOptions {
  /** False and undefined are left out, true is `1`. */
  readonly query?: Readonly<Record<string, QueryValue>>
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly body?: Readable | Uint8Array
  readonly signal?: AbortSignal
}

export interface EngineClient {
  readonly endpoint: EngineEndpoint
  /** The version that calls are made with, asking the daemon the first time. */
  version(): Promise<string>
  /** What the daemon said of itself in its ping reply. */
  ping(): Promise<Readonly<Record<string, string>>>
  /** The JSON answer of a call. Throws a GantryError with the daemon's message. */
  json<T>(method: string, path: string, options?: CallOptions): Promise<T>
  /** The answer's exact text. */
  text(method: string, path: string, options?: CallOptions): Promise<string>
  /** Streamed JSON objects. */
  messages<T>(method: string, path: string, options?: CallOptions): AsyncGenerator<T, void>
  /** Streamed bytes, with the head. */
  stream(method: string, path: string, options?: CallOptions): Promise<Reply>
  /** The raw connection after an upgrade (attach, exec). */
  hijack(path: string, options?: CallOptions): Promise<Duplex>
}

const kinds: Readonly<Record<number, ErrorKind>> = {
  304: 'not-modified',
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  413: 'too-large',
  422: 'unprocessable',
  429: 'exhausted',
  501: 'not-implemented',
  503: 'unavailable',
  504: 'deadline',
}

/** A client of the engine at `endpoint`; `fixedVersion` (DOCKER_API_VERSION) switches negotiation off. */
export function createEngineClient(endpoint: EngineEndpoint, fixedVersion?: string): EngineClient {
  return new Client(endpoint, fixedVersion)
}

/** Path segments escaped for a target; slashes of image names stay. */
export function pathOf(...segments: readonly string[]): string {
  return segments
    .map(
      (segment) =>
        `/${encodeURIComponent(segment).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@')}`,
    )
    .join('')
}

class Client implements EngineClient {
  readonly endpoint: EngineEndpoint
  private readonly fixedVersion: string | undefined
  private pinged: Promise<Readonly<Record<string, string>>> | undefined

  constructor(endpoint: EngineEndpoint, fixedVersion: string | undefined) {
    this.endpoint = endpoint
    this.fixedVersion = fixedVersion === '' ? undefined : fixedVersion
  }

  async version(): Promise<string> {
    if (this.fixedVersion !== undefined) return this.fixedVersion
    const daemon = (await this.ping())['api-version'] ?? oldestApiVersion
    return compareVersions(daemon, newestApiVersion) < 0 ? daemon : newestApiVersion
  }

  ping(): Promise<Readonly<Record<string, string>>> {
    this.pinged ??= this.askPing()
    return this.pinged
  }

  private async askPing(): Promise<Readonly<Record<string, string>>> {
    const reply = await this.send('HEAD', '/_ping', {})
    reply.body.destroy()
    return reply.headers
  }

  async json<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const text = await this.text(method, path, options)
    if (text.trim() === '') return {} as T
    try {
      return JSON.parse(text) as T
    } catch (cause) {
      throw new GantryError('DOCKER_CLIENT_PROTOCOL', 'internal', `Error reading remote info: ${messageOf(cause)}`, {
        cause,
        remedy: "Check that the address is an engine's.",
      })
    }
  }

  async text(method: string, path: string, options: CallOptions = {}): Promise<string> {
    const reply = await this.stream(method, path, options)
    return readAll(reply.body)
  }

  async *messages<T>(method: string, path: string, options: CallOptions = {}): AsyncGenerator<T, void> {
    const reply = await this.stream(method, path, options)
    try {
      for await (const message of readJsonMessages(reply.body as AsyncIterable<Uint8Array>)) yield message as T
    } finally {
      reply.body.destroy()
    }
  }

  async stream(method: string, path: string, options: CallOptions = {}): Promise<Reply> {
    const reply = await this.send(method, `/v${await this.version()}${path}`, options)
    if (reply.status < 400) return reply
    const text = method === 'HEAD' ? '' : await readAll(reply.body)
    reply.body.destroy()
    throw failureOf(reply.status, text, { target: path, reason: reply.reason })
  }

  async hijack(path: string, options: CallOptions = {}): Promise<Duplex> {
    const target = `/v${await this.version()}${path}${queryText(options.query)}`
    const connection = await this.dial(target, options.signal)
    const { head, early } = await exchangeUpgrade(connection, {
      method: 'POST',
      target,
      host: this.endpoint.host,
      ...bodyOf(options),
    })
    if (head.status === 101 || head.status === 200) {
      if (early.length > 0) connection.unshift(early)
      return connection
    }
    if (early.length > 0) connection.unshift(early)
    throw failureOf(head.status, await readSized(connection, head.headers), { target: path, reason: head.reason })
  }

  private async send(method: string, path: string, options: CallOptions): Promise<Reply> {
    const target = path + queryText(options.query)
    const connection = await this.dial(target, options.signal)
    const request = { method, target, host: this.endpoint.host, ...bodyOf(options) }
    return exchange(connection, options.signal === undefined ? request : { ...request, signal: options.signal })
  }

  private async dial(target: string, signal: AbortSignal | undefined): Promise<Duplex> {
    try {
      return await this.endpoint.dial(signal)
    } catch (cause) {
      throw dialFailure(this.endpoint.address, target, cause)
    }
  }
}

function dialFailure(address: string, target: string, cause: unknown): GantryError {
  const errno = errnoOf(cause)
  if (cause instanceof GantryError) return cause
  if (errno === 'EACCES') {
    const message = `permission denied while trying to connect to the Docker daemon socket at ${address}: Get "http://${encodeURIComponent(address.replace(/^unix:\/\//, ''))}${target}": dial unix ${address.replace(/^unix:\/\//, '')}: connect: permission denied`
    return new GantryError('DOCKER_CLIENT_FORBIDDEN', 'forbidden', message, {
      cause,
      remedy: 'Run as root or join the group that owns the socket.',
    })
  }
  if (errno === 'ENOENT' || errno === 'ECONNREFUSED') {
    return new GantryError(
      'DOCKER_CLIENT_UNREACHABLE',
      'unavailable',
      `Cannot connect to the Docker daemon at ${address}. Is the docker daemon running?`,
      { cause, remedy: 'Start it with: gantry up' },
    )
  }
  return new GantryError(
    'DOCKER_CLIENT_UNREACHABLE',
    'unavailable',
    `error during connect: Get "${address.replace(/^tcp:/, 'http:')}${target}": ${messageOf(cause)}`,
    { cause },
  )
}

function bodyOf(options: CallOptions): {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Readable | Uint8Array
} {
  if (options.json !== undefined)
    return {
      headers: { 'Content-Type': 'application/json', ...options.headers },
      body: `${JSON.stringify(options.json)}\n`,
    }
  return options.body === undefined
    ? { headers: { ...options.headers } }
    : { headers: { ...options.headers }, body: options.body }
}

/** A query string with its question mark; empty when nothing is in it. */
export function queryText(query: Readonly<Record<string, QueryValue>> = {}): string {
  const parts: string[] = []
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === false) continue
    const values = typeof value === 'object' ? value : [value === true ? '1' : String(value)]
    parts.push(...values.map((item) => `${encodeURIComponent(key)}=${encodeURIComponent(item)}`))
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

/** What the daemon's error reply says (`{"message": …}`, or plain text from old ones). */
export function failureOf(
  status: number,
  body: string,
  { target, reason }: { readonly target: string; readonly reason: string },
): GantryError {
  const message =
    messageIn(body) ??
    (body.trim() === ''
      ? `request returned ${reason || status} for API route and version ${target}, check if the server supports the requested API version`
      : body.trim())
  return new GantryError(
    'DOCKER_DAEMON',
    kinds[status] ?? (status >= 500 ? 'internal' : 'invalid'),
    `Error response from daemon: ${message}`,
    { details: { status, message } },
  )
}

function messageIn(body: string): string | undefined {
  try {
    const parsed = JSON.parse(body) as { readonly message?: unknown }
    return typeof parsed.message === 'string' && parsed.message !== '' ? parsed.message : undefined
  } catch {
    return undefined
  }
}

const bodyBytesMax = 512 * 1024 * 1024

async function readAll(body: AsyncIterable<Uint8Array> & Readable): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes > bodyBytesMax)
      throw new GantryError('DOCKER_CLIENT_PROTOCOL', 'too-large', 'reply exceeds 512 MiB', {
        remedy: "Check that the address is an engine's.",
      })
  }
  return Buffer.concat(chunks).toString()
}

async function readSized(connection: Duplex, headers: Readonly<Record<string, string>>): Promise<string> {
  const wanted = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY)
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of connection as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes >= wanted || sizeBytes > 1024 * 1024) break
  }
  const text = Buffer.concat(chunks).toString()
  return headers['transfer-encoding'] === 'chunked' ? text.replace(/^[\da-fA-F]+\r\n|\r\n0\r\n\r\n$/g, '') : text
}

/** Orders `1.9` before `1.41`. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((text) => text.split('.').map(Number))
  return (a?.[0] ?? 0) - (b?.[0] ?? 0) || (a?.[1] ?? 0) - (b?.[1] ?? 0)
}
