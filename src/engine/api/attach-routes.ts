/** Attach: a client's connection becomes a container's input and output. */
import type { Duplex } from 'node:stream'
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { hijackDocker } from '#kit/http/hijack.ts'
import { readBody } from '#kit/http/read-body.ts'
import { acceptWebSocket } from '#kit/http/websocket.ts'
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import { parseDetachKeys, scanDetachKeys } from '#engine/containers/detach-keys.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { attributesOf } from '#engine/containers/event-attributes.ts'
import { bundleOf } from '#engine/containers/prepare-start.ts'
import type { AttachBroker } from '#engine/runtime/attach-broker.ts'
import { readLogs } from '#engine/logs/read-logs.ts'
import { param } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'
import { createSocketSink, frame, streamContentType } from './stream-frames.ts'

const attachBodyBytesMax = 64 * 1024

/** What a client's side of an attached process looks like. */
export interface InputOptions {
  readonly broker: AttachBroker
  readonly detachKeys: readonly number[]
  /** The process' input ends when the client's does. */
  readonly closesStdin: boolean
  /** Detach keys are looked for only on a terminal. */
  readonly terminal: boolean
  readonly onDetach: () => void
}

/** Hands a client's bytes to the process until they end or the detach keys come. */
export async function pumpInput(socket: Duplex, options: InputOptions): Promise<void> {
  const { broker, detachKeys } = options
  await broker.ready()
  let matched = 0
  // The connection must live on when the client has closed its side: output still comes.
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    const scan = options.terminal
      ? scanDetachKeys(chunk as Buffer, detachKeys, matched)
      : { forward: chunk as Buffer, detached: false, matched: 0 }
    matched = scan.matched
    if (scan.forward.length > 0) await broker.writeStdin(scan.forward)
    if (scan.detached) {
      options.onDetach()
      return
    }
  }
  if (options.closesStdin) broker.endStdin()
}

function checkAttachable(container: Container): void {
  const { status } = container.record.state
  if (status === 'paused')
    throw new GantryError(
      'ENGINE_PAUSED',
      'conflict',
      `container ${container.id} is paused, unpause the container before attach`,
    )
  if (status === 'restarting')
    throw new GantryError(
      'ENGINE_RESTARTING',
      'conflict',
      `container ${container.id} is restarting, wait until the container is running`,
      { remedy: 'Wait until it runs, or stop it.' },
    )
}

function connectRunning(parts: EngineParts, container: Container): void {
  container.attachWanted = true
  if (isAlive(container.record.state))
    container.broker.connect(parts.world.kernel, join(bundleOf(parts, container.id), 'attach'))
}

async function replayLogs(parts: EngineParts, container: Container, socket: Duplex): Promise<void> {
  const { Tty } = container.record.config
  for await (const line of readLogs(parts, container, { follow: false, stdout: true, stderr: true })) {
    socket.write(Tty ? line.text : frame(line.stream, line.text))
  }
}

interface AttachWish {
  readonly logs: boolean
  readonly stream: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly detachKeys: readonly number[]
}

function readWish(call: ApiCall): AttachWish {
  const { query } = call.request
  return {
    logs: query.flag('logs'),
    stream: query.flag('stream'),
    stdin: query.flag('stdin'),
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    detachKeys: parseDetachKeys(query.get('detachKeys') ?? ''),
  }
}

/** Serves one attached client until its output ends, it leaves, or it detaches. */
async function serveAttached(
  parts: EngineParts,
  container: Container,
  wish: AttachWish & { readonly socket: Duplex; readonly raw: boolean },
): Promise<void> {
  const { socket, raw } = wish
  const { broker } = container
  const { Tty, StdinOnce, OpenStdin } = container.record.config
  socket.on('error', () => socket.destroy())
  if (wish.logs) await replayLogs(parts, container, socket)
  if (!wish.stream) {
    socket.end()
    return
  }
  const leave = broker.addSink(createSocketSink(socket, { stdout: wish.stdout, stderr: wish.stderr, raw }))
  socket.on('close', leave)
  if (!wish.stdin || !OpenStdin) {
    socket.resume()
    return
  }
  const detach = (): void => {
    leave()
    parts.emit({ type: 'container', action: 'detach', id: container.id, attributes: attributesOf(container.record) })
    socket.end()
  }
  await pumpInput(socket, {
    broker,
    detachKeys: wish.detachKeys,
    closesStdin: StdinOnce && !Tty,
    terminal: Tty,
    onDetach: detach,
  }).catch(() => socket.destroy())
}

/** Attach over a raw connection and over WebSocket. */
export function attachRoutes(parts: EngineParts): ApiRoute[] {
  const begin = (call: ApiCall): { readonly container: Container; readonly wish: AttachWish } => {
    const container = parts.book.resolve(param(call, 'id'))
    const wish = readWish(call)
    checkAttachable(container)
    connectRunning(parts, container)
    return { container, wish }
  }
  const attached = (container: Container): void =>
    parts.emit({ type: 'container', action: 'attach', id: container.id, attributes: attributesOf(container.record) })
  return [
    {
      method: 'POST',
      path: '/containers/{id}/attach',
      handler: async (call) => {
        // Some clients send their options as a body too; it must not become the container's input.
        await readBody(call.request, { bytesMax: attachBodyBytesMax })
        const { container, wish } = begin(call)
        const raw = container.record.config.Tty
        const upgraded = (call.request.upgrade ?? '') !== ''
        attached(container)
        const socket = hijackDocker(call.request, call.response, {
          contentType: streamContentType(raw, call.version.minor, upgraded),
        })
        await serveAttached(parts, container, { ...wish, socket, raw })
      },
    },
    {
      method: 'GET',
      path: '/containers/{id}/attach/ws',
      handler: async (call) => {
        const { container, wish } = begin(call)
        attached(container)
        const socket = await openWebSocketStream(call)
        await serveAttached(parts, container, { ...wish, socket, raw: true })
      },
    },
  ]
}

async function openWebSocketStream(call: ApiCall): Promise<Duplex> {
  const { createWebSocketStream } = await import('ws')
  return createWebSocketStream(await acceptWebSocket(call.request, call.response))
}
