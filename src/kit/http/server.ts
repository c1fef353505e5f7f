/**
 * The HTTP server of every API of the program: unix sockets, TCP and TLS, HTTP/1.1 and HTTP/2 on one handler,
 * with limits on everything a client can take up and a graceful end.
 */
import type { IncomingMessage, OutgoingHttpHeaders, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Files } from '#world/ports/files.ts'
import { type Listener, startListener } from './connection-front.ts'
import { type DispatchOptions, type Dispatcher, createDispatcher } from './dispatch.ts'
import type { ExchangeContext } from './http1-exchange.ts'
import { createHttp1Parser } from './http1-parser.ts'
import { type HttpLimits, defaultHttpLimits } from './limits.ts'
import type { BoundAddress, ListenAddress, ServerTls } from './listen-address.ts'

export interface HttpServerOptions extends DispatchOptions {
  readonly clock: Clock
  /** Needed for unix sockets. */
  readonly files?: Files
  readonly listeners: readonly ListenAddress[]
  /** True for requests whose handler may call `hijack`: such connections are never reused. */
  readonly mayHijack?: (method: string, target: string, headers: IncomingMessage['headers']) => boolean
  /** On every reply, errors included. */
  readonly headers?: OutgoingHttpHeaders
  readonly limits?: Partial<HttpLimits>
  /** Takes plain connections that open with the HTTP/2 preface (gRPC without TLS). */
  readonly onHttp2Preface?: (socket: Duplex) => void
}

export interface HttpServer extends AsyncDisposable {
  /** Where the listeners are reachable, in the order given (port 0 resolved). */
  readonly addresses: readonly BoundAddress[]
  /** Aborts when the server begins to stop: endless replies should end now. */
  readonly stopping: AbortSignal
  /** Requests being answered. */
  readonly activeRequests: number
  /** New certificates for listener `index`; open connections keep theirs. */
  replaceTls(index: number, tls: ServerTls): void
  /** Stops listening, lets running requests finish for the grace time, then cuts. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Starts a server on all its addresses, or on none.
 * @throws GantryError HTTP_ADDRESS_IN_USE, HTTP_ADDRESS_INVALID, HTTP_TLS_INVALID.
 */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...defaultHttpLimits, ...options.limits }
  const context: ExchangeContext = { clock: options.clock, limits, headers: options.headers ?? {} }
  const dispatcher = createDispatcher(options)
  const parser = createHttp1Parser(context, dispatcher, options.mayHijack)
  const listeners: Listener[] = []
  try {
    for (const address of options.listeners) {
      // One after the other: the error then names the first address that cannot be had.
      listeners.push(
        await startListener(address, {
          context,
          dispatcher,
          parser,
          files: options.files,
          onHttp2Preface: options.onHttp2Preface,
        }),
      )
    }
  } catch (error) {
    parser.close()
    await Promise.all(listeners.map((one) => one.close()))
    throw error
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= closeAll({ listeners, dispatcher, parser, context }))
  return {
    addresses: listeners.map((one) => one.bound),
    stopping: dispatcher.stopping.signal,
    get activeRequests() {
      return dispatcher.active.size
    },
    replaceTls: (index, tls) => listeners[index]?.replaceTls(tls),
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface Parts {
  readonly listeners: readonly Listener[]
  readonly dispatcher: Dispatcher
  readonly parser: Server
  readonly context: ExchangeContext
}

async function closeAll({ listeners, dispatcher, parser, context }: Parts): Promise<void> {
  const stopped = listeners.map((one) => one.close())
  dispatcher.stopping.abort(new GantryError('HTTP_SERVER_STOPPING', 'unavailable', 'the server is shutting down'))
  parser.close()
  const { clock, limits } = context
  const deadline = clock.setTimer(limits.stopGraceMs, () => {
    dispatcher.abortAll(new GantryError('HTTP_SERVER_STOPPING', 'unavailable', 'the server is shutting down'))
    for (const listener of listeners) listener.cut()
  })
  // A connection turns idle a little after its handler is done, when the last byte is out; so idle ones are swept.
  let sweeping: Disposable | undefined
  const sweep = (): void => {
    for (const listener of listeners) listener.closeIdle()
    parser.closeIdleConnections()
    sweeping = clock.setTimer(sweepMs, sweep)
  }
  try {
    await dispatcher.idle()
    sweep()
    await Promise.all(stopped)
  } finally {
    deadline[Symbol.dispose]()
    sweeping?.[Symbol.dispose]()
  }
}

const sweepMs = 10
