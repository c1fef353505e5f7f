/** Tells HTTP/2 with prior knowledge from HTTP/1 on a plain connection by its first bytes (RFC 9113, section 3.4). */
import type { Socket } from 'node:net'

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Calls `http2` or `other` once the first bytes tell which it is; they stay unread in the socket. */
export function routePreface(
  socket: Socket,
  routes: {
    readonly http2: (socket: Socket) => void
    readonly other: (socket: Socket) => void
    readonly timeoutMs: number
  },
): void {
  let seen: Buffer = Buffer.alloc(0)
  const giveUp = (): void => {
    socket.destroy()
  }
  const onReadable = (): void => {
    const bytes: Buffer | null = socket.read()
    if (bytes === null) return
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes])
    const length = Math.min(seen.length, preface.length)
    const same = seen.compare(preface, 0, length, 0, length) === 0
    if (same && length < preface.length) return
    socket.off('readable', onReadable).off('end', giveUp).off('error', giveUp).off('timeout', giveUp)
    socket.setTimeout(0)
    socket.unshift(seen)
    if (same) routes.http2(socket)
    else routes.other(socket)
  }
  socket.on('readable', onReadable).on('end', giveUp).on('error', giveUp).on('timeout', giveUp)
  socket.setTimeout(routes.timeoutMs)
}
