/** Accepts connections of one address and hands each to the protocol it speaks. */
import type { Server as Http1Parser } from 'node:http'
import { type ServerHttp2Session, performServerHandshake } from 'node:http2'
import { type Server, type Socket, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Server as TlsServer, type TLSSocket, type TlsOptions, createServer as createTlsServer } from 'node:tls'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import type { Dispatcher } from './dispatch.ts'
import { type ExchangeContext, peerOf } from './http1-exchange.ts'
import { Http2Request, Http2Response } from './http2-exchange.ts'
import { type BoundAddress, type ListenAddress, type ServerTls, listenAt } from './listen-address.ts'
import { routePreface } from './preface.ts'
import { StreamTurns } from './stream-turns.ts'

export interface Listener {
  readonly bound: BoundAddress
  replaceTls(tls: ServerTls): void
  /** Stops accepting; resolves when the last connection is gone. */
  close(): Promise<void>
  /** Ends the connections on which nothing happens. */
  closeIdle(): void
  /** Cuts every connection. */
  cut(): void
}

export interface FrontOptions {
  readonly context: ExchangeContext
  readonly dispatcher: Dispatcher
  readonly parser: Http1Parser
  readonly files: Files | undefined
  readonly onHttp2Preface: ((socket: Duplex) => void) | undefined
}

/** Starts listening at one address. */
export async function startListener(address: ListenAddress, options: FrontOptions): Promise<Listener> {
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const tls = 'tls' in address ? address.tls : undefined
  const server = tls === undefined ? createPlainFront(options) : createTlsFront(tls, options, sessions)
  server.maxConnections = options.context.limits.connectionsMax
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const { bound, release } = await listenAt(server, address, options.files)
  server.on('error', () => {})
  return {
    bound,
    replaceTls: (next) => {
      if (tls !== undefined) (server as TlsServer).setSecureContext(toTlsOptions(next))
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      for (const session of sessions) session.close()
      await release()
      await closed
    },
    closeIdle: () => {
      for (const session of sessions) session.close()
    },
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Half-open, since a client that attached may end its input first. A peer that vanished without a word is noticed in the end. */
const socketOptions = { allowHalfOpen: true, noDelay: true, pauseOnConnect: false, keepAlive: true } as const

function createPlainFront({ context, parser, onHttp2Preface }: FrontOptions): Server {
  if (onHttp2Preface === undefined) return createServer(socketOptions, (socket) => parser.emit('connection', socket))
  return createServer(socketOptions, (socket) =>
    routePreface(socket, {
      http2: onHttp2Preface,
      other: (same) => parser.emit('connection', same),
      timeoutMs: context.limits.headersTimeoutMs,
    }),
  )
}

function toTlsOptions(tls: ServerTls): TlsOptions {
  const ask = tls.clientCertificate !== undefined
  return {
    cert: tls.certificate,
    key: tls.key,
    minVersion: 'TLSv1.2',
    requestCert: ask,
    rejectUnauthorized: tls.clientCertificate === 'require',
    ...(tls.clientAuthorities === undefined ? {} : { ca: [tls.clientAuthorities].flat() }),
  }
}

function createTlsFront(tls: ServerTls, options: FrontOptions, sessions: Set<ServerHttp2Session>): TlsServer {
  const withHttp2 = tls.http2 ?? true
  let server: TlsServer
  try {
    server = createTlsServer({
      ...socketOptions,
      ...toTlsOptions(tls),
      handshakeTimeout: options.context.limits.headersTimeoutMs,
      ALPNProtocols: withHttp2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    })
  } catch (error) {
    throw new GantryError('HTTP_TLS_INVALID', 'invalid', `cannot use the certificate or its key: ${messageOf(error)}`, {
      cause: error,
      remedy: 'Check the certificate, its key and the authority.',
    })
  }
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') startSession(socket, options, sessions)
    else options.parser.emit('connection', socket)
  })
  return server
}

/** Megabytes that one HTTP/2 connection may hold; Node's 10 makes parallel large lists fail. */
const sessionMemoryMegabytes = 1000

/** Speaks HTTP/2 on a connection. */
function startSession(socket: TLSSocket, options: FrontOptions, sessions: Set<ServerHttp2Session>): void {
  const { context, dispatcher } = options
  const peer = peerOf(socket)
  const session = performServerHandshake(socket, {
    maxSessionMemory: sessionMemoryMegabytes,
    settings: {
      maxConcurrentStreams: context.limits.streamsMax,
      initialWindowSize: 1024 * 1024,
      enableConnectProtocol: false,
    },
    maxHeaderListPairs: 256,
  })
  sessions.add(session)
  session.once('close', () => sessions.delete(session))
  session.on('error', () => session.destroy())
  // Who sends no more can take no more of HTTP/2 either; left half-open, the streams would never hear of it.
  socket.once('end', () => session.destroy())
  session.setTimeout(context.limits.keepAliveMs, () => {
    if (openStreams.count === 0) session.close()
  })
  const openStreams = { count: 0 }
  const turns = new StreamTurns()
  session.on('stream', (...[stream, headers, , rawHeaders]) => {
    openStreams.count++
    stream.once('close', () => openStreams.count--)
    // The reply's owner learns of it by 'close' and the request's signal.
    stream.on('error', () => {})
    turns.add(stream, () => {
      const request = new Http2Request(context, stream, { headers, rawHeaders, peer })
      dispatcher.run({ request, response: new Http2Response(context, stream, request.method) })
    })
  })
}
