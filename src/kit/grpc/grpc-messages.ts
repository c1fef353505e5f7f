/** gRPC's length-prefixed messages (grpc/doc/PROTOCOL-HTTP2.md) put together from the pieces that arrive, and framed. */
import { GrpcFailure, grpcStatus } from './grpc-failure.ts'

const prefixBytes = 5

/** One message as it goes over the wire, uncompressed. */
export function framed(message: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(prefixBytes + message.length)
  out[0] = 0
  out.writeUInt32BE(message.length, 1)
  out.set(message, prefixBytes)
  return out
}

/** Collects pieces and hands out whole messages. */
export class MessageAssembler {
  readonly #messageBytesMax: number
  #pieces: Buffer[] = []
  #heldBytes = 0

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax
  }

  /** True while part of a message waits for the rest. */
  get isMidway(): boolean {
    return this.#heldBytes > 0
  }

  /** The messages that `piece` completes. @throws GrpcFailure for a compressed or an oversized one. */
  take(piece: Buffer): Buffer[] {
    this.#pieces.push(piece)
    this.#heldBytes += piece.length
    const messages: Buffer[] = []
    for (;;) {
      const size = this.#nextSize()
      if (size === undefined || this.#heldBytes < prefixBytes + size) return messages
      const held = this.#joined()
      messages.push(held.subarray(prefixBytes, prefixBytes + size))
      const rest = held.subarray(prefixBytes + size)
      this.#pieces = rest.length === 0 ? [] : [rest]
      this.#heldBytes = rest.length
    }
  }

  #nextSize(): number | undefined {
    if (this.#heldBytes < prefixBytes) return undefined
    // The pieces are joined for the prefix only when it is split, and once more when the message is whole.
    const head = (this.#pieces[0]?.length ?? 0) < prefixBytes ? this.#joined() : (this.#pieces[0] as Buffer)
    if (head[0] !== 0) throw refused('a compressed message')
    const size = head.readUInt32BE(1)
    if (size > this.#messageBytesMax) throw refused(`a message of ${size} bytes`)
    return size
  }

  #joined(): Buffer {
    const [first] = this.#pieces
    if (this.#pieces.length === 1 && first !== undefined) return first
    const joined = Buffer.concat(this.#pieces, this.#heldBytes)
    this.#pieces = [joined]
    return joined
  }
}

function refused(what: string): GrpcFailure {
  return new GrpcFailure(grpcStatus.internal, `the server sent ${what}`, { mayHaveRun: true })
}
