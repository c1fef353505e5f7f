/** Asking other resolvers for names that no container has. */
import type { Duplex } from 'node:stream'
import type { Clock } from '#world/ports/clock.ts'
import type { DatagramSocket, Network } from '#world/ports/network.ts'
import type { Random } from '#world/ports/random.ts'
import { isServerFailure, repliesTo, withId } from './dns-message.ts'
import type { ParsedQuery } from './dns-message.ts'

const port = 53
const serverMs = 2500
/** Questions under way at once for the whole engine; beyond that the answer is a failure at once. */
const pendingMax = 1024
const messageBytesMax = 65_535

export interface ForwardDeps {
  readonly clock: Clock
  readonly network: Network
  readonly random: Random
}

export interface Forwarder {
  /** The first useful reply of the servers in turn; undefined when none came. Over TCP when the asker came that way. */
  forward(
    query: { readonly bytes: Uint8Array; readonly parsed: ParsedQuery; readonly tcp: boolean },
    servers: readonly string[],
  ): Promise<Buffer | undefined>
}

/** Each question gets its own socket and a random id, so that a forged reply has two things to guess. */
export function createForwarder(deps: ForwardDeps): Forwarder {
  let pending = 0
  return {
    forward: async (query, servers) => {
      if (pending >= pendingMax) return undefined
      pending += 1
      try {
        let failure: Buffer | undefined
        for (const server of servers.slice(0, 3)) {
          const reply = await askServer(deps, query, server)
          if (reply !== undefined && !isServerFailure(reply)) return withId(reply, query.parsed.id)
          failure ??= reply
        }
        return failure === undefined ? undefined : withId(failure, query.parsed.id)
      } finally {
        pending -= 1
      }
    },
  }
}

async function askServer(
  deps: ForwardDeps,
  query: Parameters<Forwarder['forward']>[0],
  server: string,
): Promise<Buffer | undefined> {
  const id = deps.random.below(65_536)
  const message = withId(query.bytes, id)
  try {
    const reply = query.tcp
      ? await askTcp(deps, message, server)
      : await askUdp(deps, { message, id, parsed: query.parsed }, server)
    return reply !== undefined && repliesTo(reply, id, query.parsed.question) ? reply : undefined
  } catch {
    // A server that cannot be reached is as good as one that is silent.
    return undefined
  }
}

async function askUdp(
  deps: ForwardDeps,
  { message, id, parsed }: { message: Buffer; id: number; parsed: ParsedQuery },
  server: string,
): Promise<Buffer | undefined> {
  const socket: DatagramSocket = await deps.network.openDatagram({ host: server.includes(':') ? '::' : '0.0.0.0' })
  try {
    return await new Promise((resolve, reject) => {
      const timer = deps.clock.setTimer(serverMs, () => resolve(undefined))
      socket.onMessage(({ payload, address }) => {
        if (address !== server || !repliesTo(payload, id, parsed.question)) return
        timer[Symbol.dispose]()
        resolve(Buffer.from(payload))
      })
      socket.send(message, server, port).catch((error: unknown) => {
        timer[Symbol.dispose]()
        reject(error as Error)
      })
    })
  } finally {
    await socket[Symbol.asyncDispose]()
  }
}

async function askTcp(deps: ForwardDeps, message: Buffer, server: string): Promise<Buffer | undefined> {
  const socket = await deps.network.dial({ host: server, port, timeoutMs: serverMs })
  using timer = deps.clock.setTimer(serverMs, () => socket.destroy())
  try {
    socket.write(frame(message))
    for await (const reply of framedMessages(socket)) return reply
    return undefined
  } finally {
    timer[Symbol.dispose]()
    socket.destroy()
  }
}

/** A message as TCP carries it: two bytes of length before it (RFC 1035, section 4.2.2). */
export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(2 + message.length)
  bytes.writeUInt16BE(message.length, 0)
  bytes.set(message, 2)
  return bytes
}

/**
 * The messages of a TCP stream, until it ends.
 * @yields one message without its length
 */
export async function* framedMessages(stream: Duplex): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk as Buffer])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const length = rest.readUInt16BE(0)
      yield rest.subarray(2, 2 + length)
      rest = rest.subarray(2 + length)
    }
    if (rest.length > 2 + messageBytesMax) return
  }
}
