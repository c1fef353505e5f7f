/** A stream of chunks read in exact pieces, without copying where a piece lies in one chunk. */

export class ByteSource implements AsyncDisposable {
  readonly #iterator: AsyncIterator<Uint8Array>
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0
  #ended = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]()
  }

  /** Up to `max` bytes that are there already, without waiting; undefined when none are. */
  takeReady(max: number): Buffer | undefined {
    const available = this.#chunk.length - this.#at
    if (available === 0) return undefined
    const taken = this.#chunk.subarray(this.#at, this.#at + Math.min(max, available))
    this.#at += taken.length
    return taken
  }

  /** Exactly `length` bytes if they are there already. */
  takeExactReady(length: number): Buffer | undefined {
    if (this.#chunk.length - this.#at < length) return undefined
    const taken = this.#chunk.subarray(this.#at, this.#at + length)
    this.#at += length
    return taken
  }

  /** Up to `max` bytes, waiting for some; undefined at the end. */
  async take(max: number): Promise<Buffer | undefined> {
    while (this.#at === this.#chunk.length) if (!(await this.#pull())) return undefined
    return this.takeReady(max)
  }

  /** Exactly `length` bytes; fewer only at the end. Only for small lengths: it may copy. */
  async takeExact(length: number): Promise<Buffer> {
    const ready = this.takeExactReady(length)
    if (ready !== undefined) return ready
    const parts: Buffer[] = []
    let missing = length
    while (missing > 0) {
      const part = await this.take(missing)
      if (part === undefined) break
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }

  /** Ends the source early. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#iterator.return?.()
  }

  async #pull(): Promise<boolean> {
    if (this.#ended) return false
    const { done, value } = await this.#iterator.next()
    if (done === true) {
      this.#ended = true
      return false
    }
    this.#chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    this.#at = 0
    return true
  }
}
