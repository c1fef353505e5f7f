/** Lines out of chunks of a log file: entries found, parts of a line joined. No copies where a line is one entry. Pure. */
import type { OutputStream } from '#engine/runtime/attach-broker.ts'
import { newline, pieceBytesMax, placeEntry } from './log-format.ts'

/** A line in a buffer that is valid only during the call. */
export interface ScannedLine {
  readonly stream: OutputStream
  readonly data: Buffer
  readonly timeStart: number
  readonly timeEnd: number
  /** The bytes of the line with its newline, where it had one. */
  readonly textStart: number
  readonly textEnd: number
}

/** A line whose end has not come yet: its first entry's time, and what there is of it. */
interface OpenLine {
  readonly time: Buffer
  readonly parts: Buffer[]
  sizeBytes: number
}

export class LineScanner {
  readonly #visit: (line: ScannedLine) => void
  #rest: Buffer = Buffer.alloc(0)
  readonly #open = new Map<OutputStream, OpenLine>()

  constructor(visit: (line: ScannedLine) => void) {
    this.#visit = visit
  }

  /** Visits the lines that the chunk completes. */
  push(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, start)) {
      this.#entry(data, start, end)
      start = end + 1
    }
    this.#rest = start === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(start))
  }

  /** Visits what was left open: last lines without newline. */
  flush(): void {
    for (const stream of [...this.#open.keys()]) this.#close(stream)
  }

  #entry(data: Buffer, start: number, end: number): void {
    const place = placeEntry(data, start, end)
    if (place === undefined) return
    const { stream, whole, timeEnd, textStart } = place
    const open = this.#open.size === 0 ? undefined : this.#open.get(stream)
    // The file keeps a newline behind each entry: for a whole one that is the line's own.
    const textEnd = whole ? end + 1 : end
    if (whole && open === undefined) {
      this.#visit({ stream, data, timeStart: start, timeEnd, textStart, textEnd })
      return
    }
    const line = open ?? { time: Buffer.from(data.subarray(start, timeEnd)), parts: [], sizeBytes: 0 }
    line.parts.push(Buffer.from(data.subarray(textStart, textEnd)))
    line.sizeBytes += textEnd - textStart
    this.#open.set(stream, line)
    if (whole || line.sizeBytes >= pieceBytesMax) this.#close(stream)
  }

  #close(stream: OutputStream): void {
    const line = this.#open.get(stream)
    if (line === undefined) return
    this.#open.delete(stream)
    const data = Buffer.concat([line.time, ...line.parts])
    const timeEnd = line.time.length
    this.#visit({ stream, data, timeStart: 0, timeEnd, textStart: timeEnd, textEnd: data.length })
  }
}
