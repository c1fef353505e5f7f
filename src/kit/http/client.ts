/**
 * The HTTP client of every caller in the program (registries, engines, API servers): one origin or any URL, over
 * unix socket, TCP or TLS, with kept connections, streaming both ways, deadlines, redirects and raw upgrades.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { GantryError, errnoOf } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import { type ClientPool, type ClientProxy, type ClientTls, createClientPool } from './client-pool.ts'
import type { HttpReply } from './client-reply.ts'
import { type Attempt, type Upgrade, sendAttempt, upgradeAttempt } from './client-attempt.ts'
import { redirectOf } from './redirect.ts'

export type { ClientProxy, ClientTls } from './client-pool.ts'
export type { Upgrade } from './client-attempt.ts'

export interface HttpClientOptions {
  readonly clock: Clock
  /** Where requests with a `path` go: a unix socket, or an origin (`https://host:port`), perhaps with a path in front. */
  readonly target?: { readonly unix: string } | { readonly url: string }
  readonly tls?: ClientTls
  /** Never used for unix sockets and loopback addresses. */
  readonly proxy?: ClientProxy
  /** On every request; a request's own headers win. */
  readonly headers?: OutgoingHttpHeaders
  /** Connections to one origin, 64 unless told; more requests wait. */
  readonly connectionsMax?: number
  /** How long an unused connection is kept, 30 s unless told. */
  readonly keepAliveMs?: number
  /** Time to reach the server, 30 s unless told. */
  readonly connectTimeoutMs?: number
  /** Time from the request to the head of the answer, 120 s unless told; 0 waits for ever. */
  readonly headersTimeoutMs?: number
}

/** Bytes, a stream that can be sent once, or a function that makes the stream anew for each attempt. */
export type ClientBody = Uint8Array | string | Readable | (() => Readable)

export interface ClientRequestOptions {
  readonly method?: string
  /** Path and query at the client's target. */
  readonly path?: string
  /** Absolute http(s) URL instead of `path`. */
  readonly url?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: ClientBody
  /** Sent as JSON instead of `body`. */
  readonly json?: unknown
  readonly signal?: AbortSignal
  readonly headersTimeoutMs?: number
  /** Longest silence while the answer's body is awaited; 0, the default, waits for ever. */
  readonly idleTimeoutMs?: number
  /** Redirects to follow, none unless told: an answer 3xx is then returned as it is. */
  readonly redirectsMax?: number
}

export interface HttpClient extends AsyncDisposable {
  /**
   * Sends a request; any status is an answer, not an error.
   * @throws GantryError HTTP_CONNECT_FAILED, HTTP_TLS_INVALID, HTTP_TIMEOUT, HTTP_REDIRECT_INVALID; the signal's reason when it aborts.
   */
  request(options: ClientRequestOptions): Promise<HttpReply>
  /**
   * Asks for the raw connection with `Upgrade: protocol`; the answer is the raw stream (after 101, or after a 200
   * that hands it over as old engines do), or the refusal as an ordinary reply.
   */
  upgrade(options: ClientRequestOptions & { readonly protocol: string }): Promise<Upgrade | HttpReply>
  /** Closes the kept connections; running requests are cut. */
  close(): void
}

/** Creates a client; nothing is connected before the first request. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const pool = createClientPool(options)
  return {
    request: async (request) => follow(pool, options, request),
    upgrade: async (request) => {
      const attempt = toAttempt(options, request)
      const headers = { ...attempt.headers, Connection: 'Upgrade', Upgrade: request.protocol }
      return upgradeAttempt(pool, { ...attempt, headers })
    },
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => {
      pool.close()
      return Promise.resolve()
    },
  }
}

/** True when an upgrade was granted. */
export function isUpgraded(answer: Upgrade | HttpReply): answer is Upgrade {
  return 'stream' in answer
}

async function follow(pool: ClientPool, options: HttpClientOptions, request: ClientRequestOptions): Promise<HttpReply> {
  let attempt = toAttempt(options, request)
  const redirectsMax = request.redirectsMax ?? 0
  for (let hops = 0; ; hops++) {
    // Each request depends on the answer before it.
    const reply = await sendOnceMore(pool, attempt)
    if (redirectsMax === 0) return reply
    const hop = redirectOf(attempt, { status: reply.status, location: reply.header('location') })
    if (hop === undefined || (hop.keepsBody && !isReplayable(attempt.body))) return reply
    await reply.discard()
    if (hops >= redirectsMax) {
      throw new GantryError(
        'HTTP_REDIRECT_INVALID',
        'invalid',
        `stopped after ${redirectsMax} redirects at ${hop.url}`,
        {
          remedy: 'Report it to the operator of that server.',
        },
      )
    }
    attempt = {
      ...attempt,
      method: hop.method,
      url: hop.url,
      headers: hop.headers,
      body: hop.keepsBody ? attempt.body : undefined,
    }
  }
}

const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** A kept connection may be closed by the server at the moment it is used: such a request is sent once more, on a new one. */
async function sendOnceMore(pool: ClientPool, attempt: Attempt): Promise<HttpReply> {
  try {
    return await sendAttempt(pool, attempt)
  } catch (error) {
    const isStale = error instanceof GantryError && error.details['reusedConnection'] === true
    const errno = errnoOf((error as Error).cause)
    if (!isStale || (errno !== 'ECONNRESET' && errno !== 'EPIPE')) throw error
    if (!repeatable.has(attempt.method) || !isReplayable(attempt.body)) throw error
    return sendAttempt(pool, { ...attempt, freshConnection: true })
  }
}

function isReplayable(body: ClientBody | undefined): boolean {
  return body === undefined || typeof body === 'string' || typeof body === 'function' || body instanceof Uint8Array
}

function toAttempt(options: HttpClientOptions, request: ClientRequestOptions): Attempt {
  const headers: OutgoingHttpHeaders = { ...options.headers, ...request.headers }
  let { body } = request
  if (request.json !== undefined) {
    body = JSON.stringify(request.json)
    headers['Content-Type'] ??= 'application/json'
  }
  return {
    method: request.method ?? 'GET',
    url: urlOf(options, request),
    unix:
      options.target !== undefined && 'unix' in options.target && request.url === undefined
        ? options.target.unix
        : undefined,
    headers,
    body,
    signal: request.signal,
    clock: options.clock,
    connectTimeoutMs: options.connectTimeoutMs ?? 30_000,
    headersTimeoutMs: request.headersTimeoutMs ?? options.headersTimeoutMs ?? 120_000,
    idleTimeoutMs: request.idleTimeoutMs ?? 0,
    freshConnection: false,
  }
}

function urlOf(options: HttpClientOptions, request: ClientRequestOptions): string {
  if (request.url !== undefined) return request.url
  const path = request.path ?? '/'
  if (options.target === undefined) throw new TypeError('a client without target needs absolute URLs')
  if ('unix' in options.target) return `http://localhost${path}`
  return `${options.target.url.replace(/\/+$/, '')}${path}`
}

/** The raw connection of an accepted upgrade, for callers that only name the type. */
export type RawStream = Duplex
