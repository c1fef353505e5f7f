/**
 * From chunks of a log file straight to the bytes that `GET /containers/{id}/logs` sends: one frame a line (contract
 * T12), or bare text. Half a million lines must cost the engine little, so nothing is made for a line. Pure.
 */
import { entryTime } from './log-format.ts'
import { LineScanner } from './scan-lines.ts'
import type { ScannedLine } from './scan-lines.ts'

export interface LogFilter {
  readonly stdout: boolean
  readonly stderr: boolean
  /** Epoch milliseconds; undefined: no bound. */
  readonly since?: number
  readonly until?: number
}

export interface LogEncoding extends LogFilter {
  /** A terminal's output is one stream and is not framed. */
  readonly raw: boolean
  readonly timestamps: boolean
  /** Text before each line, with its blank; empty for none. */
  readonly details: string
}

const frameBytes = 8
const outputBytesMin = 64 * 1024

/** True for lines that a query asks for. */
export function wantsLine(line: ScannedLine, filter: LogFilter): boolean {
  if (!filter[line.stream]) return false
  if (filter.since === undefined && filter.until === undefined) return true
  const at = entryTime(line.data, line.timeStart, line.timeEnd)
  return (filter.since === undefined || at >= filter.since) && (filter.until === undefined || at <= filter.until)
}

export class LogEncoder {
  readonly #encoding: LogEncoding
  readonly #details: Buffer
  readonly #scanner: LineScanner
  #out: Buffer = Buffer.alloc(0)
  #used = 0

  constructor(encoding: LogEncoding) {
    this.#encoding = encoding
    this.#details = Buffer.from(encoding.details)
    this.#scanner = new LineScanner((line) => {
      if (wantsLine(line, encoding)) this.#add(line)
    })
  }

  /** The bytes for the lines that a chunk completes; may be empty. The chunk may be reused afterwards. */
  push(chunk: Buffer): Buffer {
    this.#reserve(chunk.length)
    this.#scanner.push(chunk)
    return this.#take()
  }

  /** The bytes for lines that have no end. */
  flush(): Buffer {
    this.#scanner.flush()
    return this.#take()
  }

  #take(): Buffer {
    const bytes = this.#out.subarray(0, this.#used)
    // The bytes are the caller's now.
    this.#out = Buffer.alloc(0)
    this.#used = 0
    return bytes
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#out.length) return
    const larger = Buffer.allocUnsafe(Math.max(outputBytesMin, this.#used + bytes, this.#out.length * 2))
    this.#out.copy(larger, 0, 0, this.#used)
    this.#out = larger
  }

  #add(line: ScannedLine): void {
    const { data, timeStart, timeEnd, textStart, textEnd } = line
    const { raw, timestamps } = this.#encoding
    const utc = timestamps && data[timeEnd - 6] === 43
    const timeBytes = timestamps ? timeEnd - timeStart - (utc ? 4 : -1) : 0
    const size = timeBytes + this.#details.length + textEnd - textStart
    this.#reserve(frameBytes + size)
    if (!raw) this.#frame(line.stream === 'stderr' ? 2 : 1, size)
    const out = this.#out
    let at = this.#used
    if (timestamps) {
      data.copy(out, at, timeStart, timeStart + timeBytes)
      at += timeBytes
      // `+00:00` becomes `Z`, as Docker writes it.
      if (utc) out[at - 2] = 90
      out[at - 1] = 32
    }
    if (this.#details.length > 0) at += this.#details.copy(out, at)
    data.copy(out, at, textStart, textEnd)
    this.#used = at + textEnd - textStart
  }

  #frame(stream: 1 | 2, size: number): void {
    const out = this.#out
    const at = this.#used
    out[at] = stream
    out[at + 1] = 0
    out[at + 2] = 0
    out[at + 3] = 0
    out[at + 4] = size >>> 24
    out[at + 5] = size >>> 16
    out[at + 6] = size >>> 8
    out[at + 7] = size
    this.#used = at + frameBytes
  }
}
