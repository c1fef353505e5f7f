/** A port on loopback that nobody had a moment ago. */
import { createNetwork } from '#world/real/network.ts'

/** Listens on any port for a moment. @returns its number. */
export async function freePort(): Promise<number> {
  const listener = await createNetwork().listen({ host: '127.0.0.1', port: 0 }, (socket) => socket.destroy())
  await listener[Symbol.asyncDispose]()
  return listener.port
}
