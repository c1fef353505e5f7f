/** What a server answered: status, headers, and a body that is read as a stream or whole, within a bound. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'

/** Body bytes read into memory unless a call says otherwise. */
const bytesMaxDefault = 64 * 1024 * 1024

export class HttpReply implements AsyncDisposable {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingHttpHeaders
  /** The URL that answered, after redirects. */
  readonly url: string
  /** The body as it arrives. It must be read, discarded or disposed, or the connection stays taken. */
  readonly body: Readable
  readonly #message: IncomingMessage

  constructor(message: IncomingMessage, url: string) {
    this.#message = message
    this.status = message.statusCode ?? 0
    this.reason = message.statusMessage ?? ''
    this.headers = message.headers
    this.url = url
    this.body = message
  }

  /** One header's value, joined when repeated. */
  header(name: string): string | undefined {
    const value = this.headers[name.toLowerCase()]
    return Array.isArray(value) ? value.join(', ') : value
  }

  /**
   * The whole body.
   * @throws GantryError HTTP_BODY_TOO_LARGE, HTTP_BODY_CUT.
   */
  async bytes(bytesMax: number = bytesMaxDefault): Promise<Buffer> {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    try {
      for await (const chunk of this.body as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length
        if (sizeBytes > bytesMax) break
        chunks.push(chunk)
      }
    } catch (cause) {
      throw new GantryError('HTTP_BODY_CUT', 'cancelled', `reading the answer of ${this.url}: ${messageOf(cause)}`, {
        cause,
      })
    }
    if (sizeBytes > bytesMax) {
      throw new GantryError(
        'HTTP_BODY_TOO_LARGE',
        'too-large',
        `the answer of ${this.url} is larger than ${bytesMax} bytes`,
      )
    }
    return chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks, sizeBytes)
  }

  /** The whole body as UTF-8 text. */
  async text(bytesMax?: number): Promise<string> {
    return (await this.bytes(bytesMax)).toString('utf8')
  }

  /**
   * The whole body as JSON; its shape is the caller's to check.
   * @throws GantryError HTTP_BODY_INVALID besides what `bytes` throws.
   */
  async json(bytesMax?: number): Promise<unknown> {
    const text = await this.text(bytesMax)
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new GantryError(
        'HTTP_BODY_INVALID',
        'invalid',
        `the answer of ${this.url} is not JSON: ${messageOf(cause)}`,
        { cause },
      )
    }
  }

  /** Reads the rest away, up to 256 KiB so that the connection can be used again; a longer rest cuts it. */
  async discard(): Promise<void> {
    const message = this.#message
    if (message.readableEnded || message.destroyed) return
    let leftBytes = 256 * 1024
    await new Promise<void>((resolve) => {
      message.on('data', (chunk: Buffer) => {
        leftBytes -= chunk.length
        if (leftBytes < 0) message.destroy()
      })
      message.once('end', resolve)
      message.once('close', resolve)
      message.on('error', () => resolve())
    })
  }

  /** Cuts the answer off, with its connection when it is not whole. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#message.readableEnded) this.#message.destroy()
    return Promise.resolve()
  }
}
