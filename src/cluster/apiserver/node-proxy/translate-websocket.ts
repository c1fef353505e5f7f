/**
 * Exec and attach over WebSocket for kubelets that speak SPDY: channels of `v5.channel.k8s.io` (0 stdin, 1 stdout, 2 stderr,
 * 3 status, 4 resize, 255 close) become streams, and streams become channels.
 */
import type { Duplex } from 'node:stream'
import { SpdySession, type SpdyStream } from '#kit/http/spdy-session.ts'
import type { WebSocket } from '#kit/http/websocket.ts'
import type { StreamEnds } from './pod-options.ts'

const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const
/** Bytes that may wait for the client before the kubelet has to. */
const backlogBytesMax = 1024 * 1024
const statusBytesMax = 1024 * 1024
const success = '{"metadata":{},"status":"Success"}'

/** Joins a client's WebSocket and a kubelet's connection; resolves when the command is over or one of them is gone. */
export async function translateWebSocket(
  socket: WebSocket,
  kubelet: { readonly connection: Duplex; readonly protocol: string },
  ends: StreamEnds,
): Promise<void> {
  const session = new SpdySession(kubelet.connection, { isServer: false })
  const open = (streamType: string): SpdyStream => session.open({ streamtype: streamType })
  const status = open('error')
  const stdin = ends.stdin ? open('stdin') : undefined
  const outputs: Promise<void>[] = []
  if (ends.stdout) outputs.push(sendOutput(socket, channel.stdout, open('stdout')))
  // A terminal has one output.
  if (ends.stderr && !ends.tty) outputs.push(sendOutput(socket, channel.stderr, open('stderr')))
  const resize = ends.tty ? open('resize') : undefined
  socket.on('message', (data: Buffer) => takeMessage(socket, data, { stdin, resize }))
  socket.on('close', () => session.destroy())
  socket.on('error', () => session.destroy())
  const verdict = await readStatus(status)
  await Promise.all(outputs)
  const text = statusText(verdict, kubelet.protocol)
  if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.from([channel.status]), Buffer.from(text)]))
  socket.close(1000)
  session.close()
}

interface Inputs {
  readonly stdin: SpdyStream | undefined
  readonly resize: SpdyStream | undefined
}

function takeMessage(socket: WebSocket, data: Buffer, { stdin, resize }: Inputs): void {
  const [number] = data
  if (number === channel.close) {
    if (data[1] === channel.stdin) stdin?.end()
    return
  }
  const target = number === channel.stdin ? stdin : number === channel.resize ? resize : undefined
  if (target === undefined || target.writableEnded || target.destroyed) return
  if (target.write(data.subarray(1))) return
  // The command reads slowly: so must we.
  socket.pause()
  const goOn = (): void => socket.resume()
  target.once('drain', goOn)
  target.once('close', goOn)
}

function sendOutput(socket: WebSocket, number: number, stream: SpdyStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.on('data', (chunk: Buffer) => {
    if (socket.readyState !== socket.OPEN) return
    const isFull = socket.bufferedAmount > backlogBytesMax
    if (isFull) stream.pause()
    socket.send(Buffer.concat([Buffer.from([number]), chunk]), () => {
      if (isFull) stream.resume()
    })
  })
  stream.once('end', resolve)
  stream.once('close', resolve)
  return promise
}

/** What the kubelet says at the end; undefined when it went away without a word. */
function readStatus(stream: SpdyStream): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const chunks: Buffer[] = []
  let sizeBytes = 0
  stream.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes <= statusBytesMax) chunks.push(chunk)
  })
  stream.once('end', () => resolve(Buffer.concat(chunks).toString()))
  stream.once('close', () => resolve(undefined))
  return promise
}

/** The Status for the client; kubelets before `v4` send a bare sentence. */
function statusText(verdict: string | undefined, protocol: string): string {
  if (verdict === '') return success
  if (verdict !== undefined && /^v[45]\./.test(protocol)) return verdict
  const message = verdict ?? 'the connection to the kubelet was closed'
  const failure = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 }
  return JSON.stringify({ ...failure, details: { causes: [{ message }] } })
}
