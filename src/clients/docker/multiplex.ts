/** The frames in which attach, exec and logs mix standard output and error (8-byte header: stream, 3 zeros, length). */
import { GantryError } from '#base/errors/gantry-error.ts'

export type StreamName = 'stdout' | 'stderr'

export interface Frame {
  readonly stream: StreamName
  readonly payload: Uint8Array
}

/** Takes bytes as they come and gives back what frames hold so far; large frames come in parts. */
export interface Demultiplexer {
  feed(chunk: Uint8Array): readonly Frame[]
}

/** Starts reading a multiplexed stream. Frames of stream 3 are errors of the daemon and are thrown. */
export function createDemultiplexer(): Demultiplexer {
  let header = Buffer.alloc(0)
  let stream = 0
  let left = 0
  const readHeader = (bytes: Uint8Array): Uint8Array => {
    const missing = 8 - header.length
    header = Buffer.concat([header, bytes.subarray(0, missing)])
    if (header.length === 8) {
      stream = header[0] ?? 0
      left = header.readUInt32BE(4)
      header = Buffer.alloc(0)
      if (stream > 3)
        throw new GantryError('DOCKER_CLIENT_PROTOCOL', 'internal', `Unrecognized input header: ${stream}`, {
          remedy: "Check that the address is an engine's.",
        })
    }
    return bytes.subarray(missing)
  }
  return {
    feed(chunk) {
      const frames: Frame[] = []
      let bytes = chunk
      while (bytes.length > 0) {
        if (left === 0) {
          bytes = readHeader(bytes)
          continue
        }
        const payload = bytes.subarray(0, left)
        left -= payload.length
        bytes = bytes.subarray(payload.length)
        if (stream === 3)
          throw new GantryError(
            'DOCKER_CLIENT_STREAM',
            'internal',
            `error from daemon in stream: ${Buffer.from(payload).toString()}`,
          )
        frames.push({ stream: stream === 2 ? 'stderr' : 'stdout', payload })
      }
      return frames
    },
  }
}
