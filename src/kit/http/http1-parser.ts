/** Node's HTTP/1 parser as one server without a socket of its own; connections of every kind are handed to it. */
import { type IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Dispatcher } from './dispatch.ts'
import { type ExchangeContext, Http1Request, Http1Response } from './http1-exchange.ts'
import { armHijack, onLeave } from './leave-http.ts'
import { createRawBody } from './raw-body.ts'

/** Decides from a request's head whether its handler may take the connection over. */
export type MayHijack = (method: string, target: string, headers: IncomingMessage['headers']) => boolean

/** Creates the parser; `emit('connection', socket)` hands it a connection. */
export function createHttp1Parser(context: ExchangeContext, dispatcher: Dispatcher, mayHijack?: MayHijack): Server {
  const { limits } = context
  const server = new Server({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    // Uploads may take as long as they move; readers of bodies have their own limits.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: 5_000,
  })
  const answer = (message: IncomingMessage, reply: ServerResponse, awaitsContinue: boolean): void => {
    const request = new Http1Request(context, { message, reply }, { awaitsContinue })
    dispatcher.run({ request, response: new Http1Response(context, { request, reply }) })
  }
  server.on('request', (message, reply) => answer(message, reply, false))
  server.on('checkContinue', (message, reply) => answer(message, reply, true))
  if (mayHijack !== undefined) {
    server.on('connection', (socket) =>
      armHijack(socket, (message) => mayHijack(message.method ?? '', message.url ?? '', message.headers)),
    )
    onLeave(server, (message, socket) => dispatcher.run(rawExchange(context, message, socket)))
  } else Reflect.set(server, 'shouldUpgradeCallback', () => false)
  // Starts the watch over slow headers and idle connections, which Node ties to listening.
  server.emit('listening')
  return server
}

/** An exchange on a connection that already left the parser: it may be hijacked, or answered once and closed. */
function rawExchange(
  context: ExchangeContext,
  message: IncomingMessage,
  socket: Socket,
): { request: Http1Request; response: Http1Response } {
  const reply = new ServerResponse(message)
  reply.shouldKeepAlive = false
  reply.assignSocket(socket)
  const onDrain = (): void => {
    reply.emit('drain')
  }
  const onError = (): void => {
    reply.destroy()
  }
  socket.on('drain', onDrain)
  socket.on('error', onError)
  reply.once('finish', () => {
    reply.detachSocket(socket)
    // What the client still sends is taken off the wire for a moment, so that it reads the reply before a reset.
    socket.resume()
    socket.end()
    const cut = context.clock.setTimer(context.limits.drainMs, () => socket.destroy())
    socket.once('close', () => cut[Symbol.dispose]())
    reply.emit('close')
  })
  const expects = message.headers.expect?.toLowerCase() === '100-continue'
  const request = new Http1Request(
    context,
    { message, reply },
    { rawBody: createRawBody(socket, message.headers), awaitsContinue: expects },
  )
  const takeSocket = (): Socket => {
    reply.detachSocket(socket)
    socket.off('drain', onDrain)
    socket.off('error', onError)
    // A raw stream without a listener must not end the program; its owner sees 'close'.
    socket.on('error', () => {})
    return socket
  }
  return { request, response: new Http1Response(context, { request, reply }, takeSocket) }
}
