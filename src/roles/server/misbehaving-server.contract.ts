/** A server on loopback that does as it is told with whoever asks it, for tests of those who ask. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

export interface MisbehavingServer {
  readonly port: number
  /** For each connection so far: resolves once it is closed. */
  readonly closed: readonly Promise<unknown>[]
}

/** Does `answer` with each connection that has asked something; listens as long as `scope` lives. */
export async function startMisbehavingServer(
  answer: (socket: Socket) => void,
  scope: AsyncDisposableStack,
): Promise<MisbehavingServer> {
  const closed: Promise<unknown>[] = []
  const server = createServer((socket) => {
    closed.push(once(socket, 'close'))
    socket.on('error', () => socket.destroy())
    socket.once('data', () => answer(socket))
  })
  scope.defer(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  return { port, closed }
}

/** Sends a head, and then a byte at a time as long as the connection lives. */
export function drip(socket: Socket, head: string): void {
  socket.write(head)
  const timer = setInterval(() => socket.write(' '), 10)
  socket.once('close', () => clearInterval(timer))
}
