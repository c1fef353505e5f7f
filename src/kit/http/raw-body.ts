/**
 * The body of a request whose connection already left HTTP's parser: read from the raw stream by its declared
 * length or its chunked framing (RFC 9112, sections 6 and 7.1), so that what follows stays for the new protocol.
 */
import { type Duplex, Readable } from 'node:stream'
import type { IncomingHttpHeaders } from 'node:http'
import { GantryError } from '#base/errors/gantry-error.ts'

/**
 * A readable of the body declared by `headers`; the rest of the stream is left unread and paused.
 * Fails with HTTP_BODY_INVALID on broken framing and HTTP_BODY_CUT when the client goes away midway.
 */
export function createRawBody(socket: Duplex, headers: IncomingHttpHeaders): Readable {
  const chunked = (headers['transfer-encoding'] ?? '').toLowerCase().includes('chunked')
  const length = Number(headers['content-length'] ?? 0)
  if (!chunked && !(length > 0)) return Readable.from([])
  return new RawBody(socket, chunked ? new ChunkedFrames() : new CountedBytes(length))
}

/** Takes body bytes out of what arrived; `done` once the body is whole. */
interface Framing {
  readonly done: boolean
  /** Body pieces in `bytes` and how many bytes of it belong to the body and its framing. */
  take(bytes: Buffer): { readonly pieces: Buffer[]; readonly usedBytes: number }
}

class RawBody extends Readable {
  readonly #socket: Duplex
  readonly #framing: Framing
  readonly #onReadable = (): void => this.#pump()
  readonly #onClose = (): void => {
    this.destroy(new GantryError('HTTP_BODY_CUT', 'cancelled', 'unexpected EOF'))
  }
  #listening = false

  constructor(socket: Duplex, framing: Framing) {
    super()
    this.#socket = socket
    this.#framing = framing
  }

  override _read(): void {
    if (!this.#listening) {
      this.#listening = true
      this.#socket.on('readable', this.#onReadable)
      this.#socket.once('close', this.#onClose)
      this.#socket.once('end', this.#onClose)
    }
    this.#pump()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#release()
    callback(error)
  }

  #release(): void {
    this.#socket.off('readable', this.#onReadable)
    this.#socket.off('close', this.#onClose)
    this.#socket.off('end', this.#onClose)
  }

  #pump(): void {
    let room = true
    while (room && !this.#framing.done && !this.destroyed) {
      const bytes: Buffer | null = this.#socket.read()
      if (bytes === null) return
      room = this.#accept(bytes)
    }
  }

  #accept(bytes: Buffer): boolean {
    let room = true
    try {
      const { pieces, usedBytes } = this.#framing.take(bytes)
      if (usedBytes < bytes.length) this.#socket.unshift(bytes.subarray(usedBytes))
      for (const piece of pieces) room = this.push(piece)
    } catch (error) {
      this.destroy(error instanceof Error ? error : undefined)
      return false
    }
    if (this.#framing.done) {
      this.#release()
      this.push(null)
    }
    return room
  }
}

class CountedBytes implements Framing {
  #leftBytes: number

  constructor(lengthBytes: number) {
    this.#leftBytes = lengthBytes
  }

  get done(): boolean {
    return this.#leftBytes === 0
  }

  take(bytes: Buffer): { pieces: Buffer[]; usedBytes: number } {
    const usedBytes = Math.min(bytes.length, this.#leftBytes)
    this.#leftBytes -= usedBytes
    return { pieces: [bytes.subarray(0, usedBytes)], usedBytes }
  }
}

const lineBytesMax = 4096

class ChunkedFrames implements Framing {
  done = false
  #line = ''
  #leftBytes = 0
  #state: 'size' | 'bytes' | 'after-bytes' | 'trailer' = 'size'

  take(bytes: Buffer): { pieces: Buffer[]; usedBytes: number } {
    const pieces: Buffer[] = []
    let at = 0
    while (at < bytes.length && !this.done) {
      if (this.#state === 'bytes') {
        const end = Math.min(bytes.length, at + this.#leftBytes)
        pieces.push(bytes.subarray(at, end))
        this.#leftBytes -= end - at
        at = end
        if (this.#leftBytes === 0) this.#state = 'after-bytes'
      } else at = this.#takeLine(bytes, at)
    }
    return { pieces, usedBytes: at }
  }

  #takeLine(bytes: Buffer, from: number): number {
    const newline = bytes.indexOf(10, from)
    const end = newline === -1 ? bytes.length : newline + 1
    this.#line += bytes.toString('latin1', from, end)
    if (this.#line.length > lineBytesMax) throw invalidFraming()
    if (newline === -1) return end
    const line = this.#line.replace(/\r?\n$/, '')
    this.#line = ''
    this.#enter(line)
    return end
  }

  #enter(line: string): void {
    if (this.#state === 'after-bytes') {
      if (line !== '') throw invalidFraming()
      this.#state = 'size'
    } else if (this.#state === 'trailer') {
      if (line === '') this.done = true
    } else {
      const digits = /^[0-9a-f]{1,12}(?=[\t ;]|$)/i.exec(line)?.[0]
      if (digits === undefined) throw invalidFraming()
      this.#leftBytes = Number.parseInt(digits, 16)
      this.#state = this.#leftBytes === 0 ? 'trailer' : 'bytes'
    }
  }
}

function invalidFraming(): GantryError {
  return new GantryError('HTTP_BODY_INVALID', 'invalid', 'malformed chunked encoding')
}
