/** One request on one connection: sending, waiting within deadlines, and telling failures apart. */
import {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as plainRequest,
} from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { Duplex, type Readable, pipeline } from 'node:stream'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { ClientPool } from './client-pool.ts'
import { HttpReply } from './client-reply.ts'

export interface Attempt {
  readonly method: string
  readonly url: string
  readonly unix: string | undefined
  readonly headers: OutgoingHttpHeaders
  readonly body: Uint8Array | string | Readable | (() => Readable) | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Do not use a kept connection. */
  readonly freshConnection: boolean
}

/** A connection that left HTTP. */
export interface Upgrade {
  readonly status: number
  /** The protocol the server named, '' after a plain 200. */
  readonly protocol: string
  readonly headers: IncomingHttpHeaders
  /** The raw stream, early bytes first; ending one direction leaves the other open. The caller owns it. */
  readonly stream: Duplex
}

/** Sends one request and resolves with the head of its answer. */
export function sendAttempt(pool: ClientPool, attempt: Attempt): Promise<HttpReply> {
  return exchange(pool, attempt, (request, finish) => {
    request.once('response', (message) => finish(new HttpReply(message, attempt.url), message))
  })
}

/** Sends one upgrade request on a connection of its own. */
export function upgradeAttempt(pool: ClientPool, attempt: Attempt): Promise<Upgrade | HttpReply> {
  return exchange<Upgrade | HttpReply>(pool, { ...attempt, freshConnection: true }, (request, finish) => {
    request.once('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      if (head.length > 0) socket.unshift(head)
      socket.setTimeout(0)
      socket.setNoDelay(true)
      // The owner sees 'close'; a late reset must not end the program.
      socket.on('error', () => {})
      finish(
        { status: 101, protocol: message.headers.upgrade ?? '', headers: message.headers, stream: socket },
        undefined,
      )
    })
    request.once('response', (message) => {
      const isRaw =
        message.statusCode === 200 && (message.headers['content-type'] ?? '').startsWith('application/vnd.docker.')
      if (!isRaw) finish(new HttpReply(message, attempt.url), message)
      else finish({ status: 200, protocol: '', headers: message.headers, stream: joinRaw(message) }, undefined)
    })
  })
}

/** The raw stream of a 200 answer: what is read is the body until the end, what is written goes to the connection. */
function joinRaw(message: IncomingMessage): Duplex {
  const { socket } = message
  socket.setTimeout(0)
  const stream = new Duplex({
    read: () => {
      message.resume()
    },
    write: (chunk: Uint8Array, _encoding, done) => {
      socket.write(chunk, done)
    },
    final: (done) => {
      socket.end(done)
    },
    destroy: (error, done) => {
      message.destroy()
      socket.destroy()
      done(error)
    },
  })
  message.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) message.pause()
  })
  message.once('end', () => stream.push(null))
  message.on('error', (error) => stream.destroy(error))
  stream.on('error', () => {})
  return stream
}

type Finish<T> = (result: T, message: IncomingMessage | undefined) => void

function exchange<T>(
  pool: ClientPool,
  attempt: Attempt,
  listen: (request: ClientRequest, finish: Finish<T>) => void,
): Promise<T> {
  const { signal } = attempt
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason)
      return
    }
    let answered: IncomingMessage | undefined
    let settled = false
    const request = open(pool, attempt)
    const timers = armTimers(request, attempt)
    const onAbort = (): void => {
      const reason = signal?.reason instanceof Error ? signal.reason : new Error('aborted')
      if (answered === undefined) request.destroy(reason)
      else answered.destroy(reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    request.on('error', (error) => {
      timers.stop()
      if (settled) return
      settled = true
      signal?.removeEventListener('abort', onAbort)
      reject(signal?.aborted === true ? signal.reason : toError(error, attempt, request.reusedSocket))
    })
    request.once('close', () => signal?.removeEventListener('abort', onAbort))
    listen(request, (result, message) => {
      settled = true
      timers.stop()
      answered = message
      if (message !== undefined) watchIdle(message, attempt)
      resolve(result)
    })
    sendBody(request, attempt.body)
  })
}

function open(pool: ClientPool, attempt: Attempt): ClientRequest {
  const url = new URL(attempt.url)
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest
  const agent: Agent = pool.agentFor(url, attempt.freshConnection ? 'once' : 'kept')
  const headers = { ...attempt.headers }
  if (typeof attempt.body === 'string' || attempt.body instanceof Uint8Array) {
    headers['Content-Length'] ??= Buffer.byteLength(attempt.body)
  } else if (attempt.body === undefined && attempt.method !== 'GET' && attempt.method !== 'HEAD')
    headers['Content-Length'] ??= 0
  return send(url, {
    method: attempt.method,
    agent,
    headers,
    ...(attempt.unix === undefined ? {} : { socketPath: attempt.unix }),
  })
}

/** Deadlines until the head of the answer is there. */
function armTimers(request: ClientRequest, attempt: Attempt): { stop(): void } {
  const { clock, connectTimeoutMs, headersTimeoutMs } = attempt
  const fail = (what: string, ms: number) => (): void => {
    request.destroy(
      new GantryError('HTTP_TIMEOUT', 'deadline', `${originOf(attempt)}: ${what} (after ${ms / 1000} s)`, {
        remedy: 'Try again, or allow more time.',
      }),
    )
  }
  const headers =
    headersTimeoutMs === 0 ? undefined : clock.setTimer(headersTimeoutMs, fail('no answer in time', headersTimeoutMs))
  let connect: Disposable | undefined
  request.once('socket', (socket) => {
    if (!socket.connecting) return
    connect = clock.setTimer(connectTimeoutMs, fail('no connection in time', connectTimeoutMs))
    socket.once('connect', () => connect?.[Symbol.dispose]())
  })
  return {
    stop: () => {
      headers?.[Symbol.dispose]()
      connect?.[Symbol.dispose]()
    },
  }
}

function watchIdle(message: IncomingMessage, attempt: Attempt): void {
  if (attempt.idleTimeoutMs === 0) return
  const { socket } = message
  const onTimeout = (): void => {
    message.destroy(
      new GantryError('HTTP_TIMEOUT', 'deadline', `${originOf(attempt)}: the answer stopped midway`, {
        remedy: 'Try again, or allow more time.',
      }),
    )
  }
  socket.setTimeout(attempt.idleTimeoutMs)
  socket.on('timeout', onTimeout)
  message.once('close', () => {
    socket.off('timeout', onTimeout)
  })
}

function sendBody(request: ClientRequest, body: Attempt['body']): void {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    request.end(body)
    return
  }
  const source = typeof body === 'function' ? body() : body
  pipeline(source, request, (error) => {
    // The request's own 'error' reports it; a source that fails must not look like a short body.
    if (error !== undefined && error !== null && !request.destroyed) request.destroy(error)
  })
}

function originOf(attempt: Attempt): string {
  return attempt.unix === undefined ? new URL(attempt.url).origin : `unix://${attempt.unix}`
}

function toError(error: Error, attempt: Attempt, reusedConnection: boolean): GantryError {
  if (error instanceof GantryError) return error
  const code = 'code' in error ? String(error.code) : ''
  const isTls = /CERT|SIGNED|SIGNATURE|^ERR_TLS|^ERR_SSL|^EPROTO$/.test(code)
  const text = `${originOf(attempt)}: ${messageOf(error)}`
  return new GantryError(isTls ? 'HTTP_TLS_INVALID' : 'HTTP_CONNECT_FAILED', 'unavailable', text, {
    cause: error,
    remedy: isTls
      ? 'Check the certificate, its key and the authority.'
      : 'Check that the server runs and the address is right.',
    details: { reusedConnection },
  })
}
