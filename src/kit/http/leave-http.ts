/**
 * Takes a connection out of Node's HTTP parser before the reply, with every byte after the request's head still
 * unread. Node does that for requests with `Upgrade`; Docker's protocol also needs it for plain requests (attach
 * and exec without Upgrade), where standard input may follow the head at once. So both go through one door: the
 * per-connection hook that Node's parser calls with each complete head.
 */
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Decides from the head whether the route may take the connection over. */
export type HijackTest = (message: IncomingMessage) => boolean

type OnIncoming = (message: IncomingMessage, keepAlive: boolean) => number

/** llhttp's on_headers_complete result: no body to parse, another protocol follows. */
const anotherProtocol = 2

/**
 * Arms `socket` of `server`: a request for which `test` holds arrives as the server's 'upgrade' event, body and
 * all later bytes in the socket. Every other request stays HTTP, whatever its Upgrade header says.
 */
export function armHijack(socket: Socket, test: HijackTest): void {
  // Not in the published types; a test of this folder fails should Node ever rename it.
  const parser = (socket as { parser?: { onIncoming?: OnIncoming } }).parser
  const original = parser?.onIncoming
  if (parser === undefined || original === undefined) return
  parser.onIncoming = (message, keepAlive) => {
    if (!test(message)) {
      // Node would drop the body of a request that asks for an upgrade nobody grants (curl's h2c, for instance).
      Reflect.set(message, 'upgrade', false)
      return original(message, keepAlive)
    }
    Reflect.set(message, 'upgrade', true)
    return anotherProtocol
  }
}

/** Calls `take` for each connection that leaves HTTP, with early bytes put back into the socket. */
export function onLeave(
  server: Pick<HttpServer, 'on'>,
  take: (message: IncomingMessage, socket: Socket) => void,
): void {
  server.on('upgrade', (message: IncomingMessage, stream: Duplex, head: Buffer) => {
    // Always the connection itself: its request was never parsed further than the head.
    const socket = stream as Socket
    socket.setTimeout(0)
    socket.setNoDelay(true)
    if (head.length > 0) socket.unshift(head)
    take(message, socket)
  })
}
