/**
 * What one watcher is sent, at its own pace: what it has no room for waits as it is and is encoded when its turn comes, so
 * that a slow reader of ten thousand objects holds a few pieces and not a copy of all.
 */
import type { HttpResponse } from '#kit/http/exchange.ts'
import type { WatchItem } from './watch-sink.ts'

/** Bytes of events that may wait for one watcher before it is dropped; objects of the beginning are in memory anyway. */
const waitingBytesMax = 32 * 1024 * 1024
/** Frames go out in pieces of about this size. */
const pieceBytes = 256 * 1024

type Reply = Pick<HttpResponse, 'push' | 'write' | 'ended' | 'bufferedBytes'>

export interface OutletOptions {
  readonly response: Reply
  readonly encode: (item: WatchItem) => Buffer
  /** Called when the watcher has gone or stopped reading: nothing is sent after that. */
  readonly onGone: () => void
}

export class WatchOutlet {
  readonly #options: OutletOptions
  readonly #waiting: WatchItem[] = []
  #waitingBytes = 0
  #isSending = false
  #isGone = false

  constructor(options: OutletOptions) {
    this.#options = options
  }

  /** Sends what there is room for, now; false when the watcher is gone or too much waits for it. */
  deliver(items: readonly WatchItem[]): boolean {
    for (const item of items) this.#waiting.push(item)
    this.#waitingBytes += sizeOf(items)
    if (!this.#isSending) void this.#send()
    return this.#waitingBytes < waitingBytesMax && !this.#isOver()
  }

  #isOver(): boolean {
    return this.#isGone || this.#options.response.ended
  }

  async #send(): Promise<void> {
    const { response, onGone } = this.#options
    this.#isSending = true
    try {
      // Up to the first wait it runs within the call: a watcher that keeps up shares its frames with all the others.
      let hasRoom = response.bufferedBytes < pieceBytes
      while (this.#waiting.length > 0 && !this.#isOver()) {
        const piece = this.#takePiece()
        if (!hasRoom) await response.write(piece)
        hasRoom = hasRoom ? response.push(piece) : true
      }
    } catch {
      this.#isGone = true
      onGone()
    } finally {
      this.#isSending = false
    }
  }

  #takePiece(): Buffer {
    const frames: Buffer[] = []
    let sizeBytes = 0
    for (const item of this.#waiting) {
      if (sizeBytes >= pieceBytes) break
      const frame = this.#options.encode(item)
      frames.push(frame)
      sizeBytes += frame.length
    }
    this.#waitingBytes -= sizeOf(this.#waiting.splice(0, frames.length))
    return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames, sizeBytes)
  }
}

function sizeOf(items: readonly WatchItem[]): number {
  let sizeBytes = 0
  for (const { event, object } of items) if (event !== undefined) sizeBytes += object?.stored.length ?? 0
  return sizeBytes
}
