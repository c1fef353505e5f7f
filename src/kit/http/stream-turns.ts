/**
 * What one HTTP/2 connection asks for, a few streams at a time: a flood of them leaves room for other connections, and those
 * that were reset in the same breath are not begun.
 */
import type { ServerHttp2Stream } from 'node:http2'
import { setImmediate } from 'node:timers'

/** Streams begun before others have their turn. */
const streamsPerTurn = 8

export class StreamTurns {
  readonly #waiting: { readonly stream: ServerHttp2Stream; readonly begin: () => void }[] = []
  #isComing = false

  /** Has `begin` called in a turn, unless the stream has ended by then. */
  add(stream: ServerHttp2Stream, begin: () => void): void {
    this.#waiting.push({ stream, begin })
    this.#comeLater()
  }

  #comeLater(): void {
    if (this.#isComing || this.#waiting.length === 0) return
    this.#isComing = true
    setImmediate(() => {
      this.#isComing = false
      this.#take()
      this.#comeLater()
    })
  }

  #take(): void {
    let begun = 0
    let looked = 0
    for (const { stream, begin } of this.#waiting) {
      if (begun === streamsPerTurn) break
      looked++
      if (stream.closed || stream.destroyed) continue
      begun++
      begin()
    }
    this.#waiting.splice(0, looked)
  }
}
