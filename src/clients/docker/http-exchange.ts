/**
 * HTTP/1.1 from the client's side over a given connection: one request, one reply, then either the body or the
 * raw stream (upgrade). It is written on plain streams because a command's start-up must not pay for a full HTTP
 * stack, and because Docker's hijacked streams need half-close, which stacks hide. RFC 9112.
 */
import { Readable } from 'node:stream'
import type { Duplex } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import { connectionReader } from './byte-reader.ts'
import { readBody } from './http-body.ts'
import { readHead, type ReplyHead } from './http-head.ts'

export interface ExchangeRequest {
  readonly method: string
  /** Path and query, already escaped. */
  readonly target: string
  readonly host: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text is sent with its length, a stream in chunks. */
  readonly body?: string | Uint8Array | Readable
  readonly signal?: AbortSignal
}

export interface Reply extends ReplyHead {
  /** Ends with the body; destroying it closes the connection. */
  readonly body: Readable
}

/** Sends a request and resolves when the reply's head is there. The connection belongs to the reply afterwards. */
export async function exchange(connection: Duplex, request: ExchangeRequest): Promise<Reply> {
  const stop = (): void => void connection.destroy(cancelled())
  request.signal?.addEventListener('abort', stop, { once: true })
  connection.on('close', () => request.signal?.removeEventListener('abort', stop))
  if (request.signal?.aborted === true) stop()
  const sending = send(connection, request)
  const reader = connectionReader(connection)
  const { head, rest } = await readHead(reader)
  const body = Readable.from(readBody(reader, { head, rest, method: request.method }), {
    objectMode: false,
    highWaterMark: 64 * 1024,
  })
  body.on('close', () => connection.destroy())
  void sending
  return { ...head, body }
}

/** Sends a request that asks for the raw stream; the reply says whether it was granted (101, or 200 from old daemons). */
export async function exchangeUpgrade(
  connection: Duplex,
  request: ExchangeRequest,
): Promise<{ readonly head: ReplyHead; readonly early: Uint8Array }> {
  void send(connection, { ...request, headers: { Connection: 'Upgrade', Upgrade: 'tcp', ...request.headers } })
  const reader = connectionReader(connection)
  const { head, rest } = await readHead(reader)
  reader.release()
  return { head, early: rest }
}

export function cancelled(): GantryError {
  return new GantryError('DOCKER_CLIENT_CANCELLED', 'cancelled', 'context canceled')
}

async function send(connection: Duplex, request: ExchangeRequest): Promise<void> {
  const { body } = request
  const streamed = body instanceof Readable
  const sizeBytes = streamed || body === undefined ? 0 : Buffer.byteLength(body)
  const framing: Record<string, string> = {}
  if (streamed) framing['Transfer-Encoding'] = 'chunked'
  else if (body !== undefined || request.method === 'POST' || request.method === 'PUT')
    framing['Content-Length'] = String(sizeBytes)
  const headers = { Host: request.host, 'User-Agent': 'Docker-Client/28.2.2 (linux)', ...framing, ...request.headers }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, ' ')}\r\n`)
  connection.write(`${request.method} ${request.target} HTTP/1.1\r\n${lines.join('')}\r\n`)
  if (!streamed) {
    if (body !== undefined && sizeBytes > 0) connection.write(body)
    return
  }
  await sendChunks(connection, body)
}

/** A daemon that answers early closes its side: a failed write is no error then, the reply tells. */
async function sendChunks(connection: Duplex, body: Readable): Promise<void> {
  try {
    for await (const chunk of body) {
      const bytes = chunk as Uint8Array
      if (bytes.length === 0) continue
      if (connection.destroyed || connection.writableEnded) return
      connection.cork()
      connection.write(`${bytes.length.toString(16)}\r\n`)
      connection.write(bytes)
      const room = connection.write('\r\n')
      connection.uncork()
      if (!room) await drained(connection)
    }
    if (!connection.destroyed) connection.write('0\r\n\r\n')
  } catch (error) {
    connection.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

function drained(connection: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      connection.off('drain', done)
      connection.off('close', done)
      resolve()
    }
    connection.on('drain', done)
    connection.on('close', done)
  })
}
