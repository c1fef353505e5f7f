/** Runs handlers: each exchange ends with a whole reply, a client's error, or a cut that the client can see. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EncodedError, HttpHandler, HttpRequest, HttpResponse } from './exchange.ts'

/** A running request, whatever its protocol. */
export interface Exchange {
  readonly request: HttpRequest & { abort(reason: Error): void }
  readonly response: HttpResponse & { readonly hijacked: boolean }
}

/** How handlers run and their failures read. */
export interface DispatchOptions {
  readonly handler: HttpHandler
  /** What a failed handler's client reads. */
  readonly encodeError: (error: unknown, request: HttpRequest) => EncodedError
  /** A last chunk for a streamed reply that failed midway; without one the connection is cut. */
  readonly encodeLateError?: (error: unknown, request: HttpRequest) => Uint8Array | string | undefined
  /** Told of failures that no client can be told of. */
  readonly onFault?: (error: unknown, where: string) => void
}

export interface Dispatcher {
  readonly active: ReadonlySet<Exchange>
  readonly stopping: AbortController
  /** Resolves once nothing runs. */
  idle(): Promise<void>
  /** Aborts the signals of everything still running. */
  abortAll(reason: Error): void
  run(exchange: Exchange): void
}

/** Creates the dispatcher of one server. */
export function createDispatcher(options: DispatchOptions): Dispatcher {
  const active = new Set<Exchange>()
  const stopping = new AbortController()
  const fault = options.onFault ?? (() => {})

  let idle: PromiseWithResolvers<void> | undefined

  function forget(exchange: Exchange): void {
    active.delete(exchange)
    if (active.size === 0) idle?.resolve()
  }

  function fail(exchange: Exchange, error: unknown): void {
    forget(exchange)
    const { request, response } = exchange
    if (response.hijacked) {
      fault(error, 'hijacked connection')
      return
    }
    if (response.ended) return
    try {
      if (!response.started) {
        const encoded = options.encodeError(error, request)
        response.send(encoded.status, encoded.body, encoded.headers)
        return
      }
      const last = options.encodeLateError?.(error, request)
      if (last === undefined) response.destroy()
      else {
        response.push(last)
        response.end()
      }
    } catch (encodingError) {
      fault(encodingError, 'error encoder')
      response.destroy()
    }
  }

  function settle(exchange: Exchange): void {
    forget(exchange)
    const { response } = exchange
    if (response.ended) return
    if (response.started) response.end()
    else fail(exchange, new GantryError('HTTP_NO_REPLY', 'internal', 'the request was not answered'))
  }

  return {
    active,
    stopping,
    idle: () => {
      if (active.size === 0) return Promise.resolve()
      return (idle ??= Promise.withResolvers<void>()).promise
    },
    abortAll: (reason) => {
      for (const exchange of active) exchange.request.abort(reason)
    },
    run: (exchange) => {
      active.add(exchange)
      if (stopping.signal.aborted) exchange.response.setHeader('Connection', 'close')
      try {
        const result = options.handler(exchange.request, exchange.response)
        if (result === undefined) settle(exchange)
        else {
          result.then(
            () => settle(exchange),
            (error: unknown) => fail(exchange, error),
          )
        }
      } catch (error) {
        fail(exchange, error)
      }
    },
  }
}
