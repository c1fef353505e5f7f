/** Output on a hijacked connection: raw with a terminal, framed without (contract T12). */
import type { Duplex } from 'node:stream'
import type { OutputSink, OutputStream } from '#engine/runtime/attach-broker.ts'

const headerBytes = 8

/** One frame: stream number, three zeros, length, payload. */
export function frame(stream: OutputStream, chunk: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(headerBytes + chunk.byteLength)
  framed.writeUInt32BE(stream === 'stderr' ? 0x02000000 : 0x01000000, 0)
  framed.writeUInt32BE(chunk.byteLength, 4)
  framed.set(chunk, headerBytes)
  return framed
}

export interface SinkOptions {
  readonly stdout: boolean
  readonly stderr: boolean
  /** A terminal's output is one stream and is not framed. */
  readonly raw: boolean
}

function roomAgain(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

/** Writes a process' output to a client's raw connection. */
export function createSocketSink(socket: Duplex, options: SinkOptions): OutputSink {
  return {
    write: (stream, chunk) => {
      if (!options[stream] || socket.destroyed || socket.writableEnded) return undefined
      return socket.write(options.raw ? chunk : frame(stream, chunk)) ? undefined : roomAgain(socket)
    },
    end: () => {
      socket.end()
    },
  }
}

/** The content type of such a stream (contract T11). */
export function streamContentType(raw: boolean, apiMinor: number, upgraded: boolean): string {
  return !raw && apiMinor >= 42 && upgraded
    ? 'application/vnd.docker.multiplexed-stream'
    : 'application/vnd.docker.raw-stream'
}
