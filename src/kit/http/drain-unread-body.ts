/**
 * Takes an unread request body off the wire after the reply, so that the client reads the reply before the
 * connection closes (a close with unread bytes resets it), but not for ever.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '#world/ports/clock.ts'
import type { HttpLimits } from './limits.ts'

/** Arms the draining of `message` for when `reply` is complete; small rests keep the connection usable. */
export function drainUnreadBody(
  message: IncomingMessage,
  reply: ServerResponse,
  context: { readonly clock: Clock; readonly limits: HttpLimits },
): void {
  reply.once('finish', () => {
    if (message.complete || message.destroyed) return
    const { socket } = message
    let leftBytes = context.limits.drainBytesMax
    const timer = context.clock.setTimer(context.limits.drainMs, giveUp)
    function giveUp(): void {
      timer[Symbol.dispose]()
      message.off('data', count)
      // The sending side closes first and the client gets a moment to read the reply before the reset.
      socket.end()
      const cut = context.clock.setTimer(500, () => socket.destroy())
      socket.once('close', () => cut[Symbol.dispose]())
    }
    // Node no longer ties the body to its connection: whoever still reads would wait for ever.
    function lose(): void {
      stop()
      message.destroy()
    }
    function stop(): void {
      timer[Symbol.dispose]()
      message.off('data', count)
      message.off('close', stop)
      socket.off('close', lose)
    }
    function count(chunk: Uint8Array): void {
      leftBytes -= chunk.byteLength
      if (leftBytes < 0) giveUp()
    }
    message.removeAllListeners('data')
    message.removeAllListeners('readable')
    message.unpipe()
    message.on('data', count)
    message.once('end', stop)
    message.once('close', stop)
    socket.once('close', lose)
    message.resume()
  })
}
