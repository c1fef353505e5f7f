/** The resolver at 127.0.0.11 in one container's network namespace: two sockets there, held by this process. */
import type { Duplex } from 'node:stream'
import type { Clock } from '#world/ports/clock.ts'
import type { Kernel } from '#world/ports/kernel.ts'
import type { Datagram, DatagramSocket, Listener, Network } from '#world/ports/network.ts'
import type { Verdict } from './answer-query.ts'
import { resolverAddress } from './container-files.ts'
import { encodeFailure, encodeVerdict, parseQuery } from './dns-message.ts'
import type { ParsedQuery } from './dns-message.ts'
import { resolverText } from './filter-rules.ts'
import { frame, framedMessages } from './forward-query.ts'
import type { Forwarder } from './forward-query.ts'

/** TCP connections of one container at once; more are closed at their first byte. */
const connectionsMax = 32
const idleMs = 10_000

export interface ResolverDeps {
  readonly kernel: Kernel
  readonly network: Network
  readonly clock: Clock
  readonly forwarder: Forwarder
}

export interface ResolverConfig {
  readonly netnsPath: string
  /** An earlier engine answered here before. */
  readonly replaces: boolean
  /** Looks names up as they are at that moment. */
  readonly answer: (question: ParsedQuery['question']) => Verdict
  /** Servers for the rest; none on networks without a way out. */
  readonly servers: () => readonly string[]
}

/** Starts answering. The container may have port 53 for itself: ours are any free ports, and the namespace's own rules lead to them. */
export async function startResolver(deps: ResolverDeps, config: ResolverConfig): Promise<AsyncDisposable> {
  const { kernel, network } = deps
  const at = { address: resolverAddress, port: 0 } as const
  const udp = kernel.namespaces.bindSocket(config.netnsPath, { kind: 'udp', ...at })
  const datagrams: DatagramSocket = await network.openDatagram({ fd: udp.fd })
  datagrams.onMessage((message) => void answerDatagram(deps, config, { datagrams, message }))
  const tcp = kernel.namespaces.bindSocket(config.netnsPath, { kind: 'tcp', ...at, listen: true })
  let connections = 0
  const listener: Listener = await network.listen({ fd: tcp.fd }, (socket) => {
    socket.on('error', () => undefined)
    if (connections >= connectionsMax) {
      socket.destroy()
      return
    }
    connections += 1
    socket.once('close', () => (connections -= 1))
    void answerConnection(deps, config, socket)
  })
  const stop = async (): Promise<void> => {
    await Promise.all([datagrams[Symbol.asyncDispose](), listener[Symbol.asyncDispose]()])
  }
  try {
    kernel.packetFilter.apply(resolverText({ udp: udp.port, tcp: tcp.port }, config.replaces), config.netnsPath)
  } catch (error) {
    await stop()
    throw error
  }
  return { [Symbol.asyncDispose]: stop }
}

async function answerDatagram(
  deps: ResolverDeps,
  config: ResolverConfig,
  { datagrams, message }: { datagrams: DatagramSocket; message: Datagram },
): Promise<void> {
  const reply = await replyTo(deps, config, { bytes: message.payload, tcp: false })
  // The container may be gone by now; then nobody waits for the answer.
  if (reply !== undefined) await datagrams.send(reply, message.address, message.port).catch(() => undefined)
}

async function answerConnection(deps: ResolverDeps, config: ResolverConfig, socket: Duplex): Promise<void> {
  let idle = deps.clock.setTimer(idleMs, () => socket.destroy())
  try {
    for await (const bytes of framedMessages(socket)) {
      idle[Symbol.dispose]()
      idle = deps.clock.setTimer(idleMs, () => socket.destroy())
      const reply = await replyTo(deps, config, { bytes, tcp: true })
      if (reply === undefined) break
      socket.write(frame(reply))
    }
    socket.end()
  } catch {
    // A broken connection has no one left to tell.
    socket.destroy()
  } finally {
    idle[Symbol.dispose]()
  }
}

/** Undefined for what is no query. */
async function replyTo(
  deps: ResolverDeps,
  config: ResolverConfig,
  { bytes, tcp }: { bytes: Uint8Array; tcp: boolean },
): Promise<Buffer | undefined> {
  const parsed = parseQuery(bytes)
  if (parsed === undefined) return undefined
  const verdict = config.answer(parsed.question)
  if (verdict.kind !== 'forward') return encodeVerdict(parsed, verdict, tcp ? undefined : parsed.udpBytesMax)
  return (await deps.forwarder.forward({ bytes, parsed, tcp }, config.servers())) ?? encodeFailure(parsed)
}
