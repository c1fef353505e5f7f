/** WebSocket on a hijackable route (RFC 6455), by the package ws. */
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import { GantryError } from '#base/errors/gantry-error.ts'
import { Http1Request } from './http1-exchange.ts'
import type { HttpRequest, HttpResponse } from './exchange.ts'

export type { WebSocket } from 'ws'

export interface AcceptWebSocketOptions {
  /** Subprotocols this route speaks, most wanted first; a client that offers only others is refused. */
  readonly protocols?: readonly string[]
  /** Longest message. */
  readonly messageBytesMax?: number
}

/** True when the request asks for a WebSocket. */
export function wantsWebSocket(request: HttpRequest): boolean {
  return (request.headers.upgrade ?? '').toLowerCase() === 'websocket'
}

/**
 * Completes the handshake and returns the socket, with `protocol` set to the agreed subprotocol ('' for none).
 * @throws GantryError HTTP_HIJACK_UNSUPPORTED when the request is no valid handshake or offers no known subprotocol; nothing was sent then.
 */
export function acceptWebSocket(
  request: HttpRequest,
  response: HttpResponse,
  options: AcceptWebSocketOptions = {},
): Promise<WebSocket> {
  const protocol = chooseProtocol(request, options.protocols)
  const key = request.headers['sec-websocket-key']
  const valid = wantsWebSocket(request) && request.method === 'GET' && request.headers['sec-websocket-version'] === '13'
  if (!valid || typeof key !== 'string' || !/^[+/0-9A-Za-z]{22}==$/.test(key) || !(request instanceof Http1Request)) {
    throw new GantryError('HTTP_HIJACK_UNSUPPORTED', 'invalid', 'the request is not a WebSocket handshake', {
      remedy: 'Send a WebSocket (RFC 6455, version 13) handshake over HTTP/1.1.',
    })
  }
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: options.messageBytesMax ?? 32 * 1024 * 1024,
    perMessageDeflate: false,
    handleProtocols: () => (protocol === '' ? false : protocol),
  })
  // The package writes the head by itself; the connection only has to leave HTTP first.
  const socket = response.hijack({ status: 0, reason: '', headers: [] })
  return new Promise((resolve, reject) => {
    socket.once('close', () =>
      reject(new GantryError('HTTP_CLIENT_GONE', 'cancelled', 'the client closed the connection')),
    )
    server.handleUpgrade(request.message, socket, Buffer.alloc(0), (webSocket) => resolve(webSocket))
  })
}

function chooseProtocol(request: HttpRequest, known: readonly string[] | undefined): string {
  if (known === undefined) return ''
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  const chosen = known.find((name) => offered.includes(name))
  if (chosen !== undefined) return chosen
  throw new GantryError(
    'HTTP_HIJACK_UNSUPPORTED',
    'invalid',
    `unable to upgrade: unsupported WebSocket subprotocols: ${offered.join(', ')}`,
    {
      remedy: `Offer one of ${known.join(', ')}.`,
    },
  )
}

/** The messages of a WebSocket as one stream of bytes each way; a closed socket ends it. */
export function webSocketStream(socket: WebSocket): Duplex {
  return createWebSocketStream(socket, { allowHalfOpen: false, readableObjectMode: false })
}
