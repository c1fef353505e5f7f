/**
 * Lines of the log that a container's monitor writes: `<RFC 3339> <stdout|stderr> <P|F> <bytes>`. `P` means the line goes
 * on in the next entry of that stream; the monitor cuts wherever its read ended, so parts must be joined. Pure.
 */
import { daysBefore } from '#spec/docker/api-time.ts'
import type { OutputStream } from '#engine/runtime/attach-broker.ts'

export interface LogLine {
  readonly stream: OutputStream
  /** As written, nanoseconds and offset included. */
  readonly time: string
  /** The bytes of the line with its newline, where it had one. */
  readonly text: Buffer
}

const newline = 10
const space = 32
/** Docker hands on long lines in pieces of this size. */
export const pieceBytesMax: number = 16 * 1024

/** Turns chunks of a log file into lines; keeps what is not whole yet. */
export class LogParser {
  #rest: Buffer = Buffer.alloc(0)
  readonly #open = new Map<OutputStream, { time: string; parts: Buffer[]; size: number }>()

  /** Lines that the chunk completes. */
  push(chunk: Buffer): LogLine[] {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const lines: LogLine[] = []
    let start = 0
    for (let end = data.indexOf(newline, start); end >= 0; end = data.indexOf(newline, start)) {
      this.#take(data.subarray(start, end), lines)
      start = end + 1
    }
    this.#rest = start === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(start))
    return lines
  }

  /** What was left open when the container ended: a last line without newline. */
  flush(): LogLine[] {
    const lines = [...this.#open].map(([stream, { time, parts }]) => ({ stream, time, text: Buffer.concat(parts) }))
    this.#open.clear()
    return lines
  }

  #take(entry: Buffer, lines: LogLine[]): void {
    const timeEnd = entry.indexOf(space)
    const streamEnd = entry.indexOf(space, timeEnd + 1)
    if (timeEnd < 0 || streamEnd < 0) return
    const stream: OutputStream = entry[timeEnd + 4] === 101 ? 'stderr' : 'stdout'
    const whole = entry[streamEnd + 1] === 70
    const text = entry.subarray(streamEnd + 3)
    const open = this.#open.get(stream)
    if (whole && open === undefined) {
      lines.push({ stream, time: entry.toString('latin1', 0, timeEnd), text: withNewline(text) })
      return
    }
    const state: { time: string; parts: Buffer[]; size: number } = open ?? { time: entry.toString('latin1', 0, timeEnd), parts: [], size: 0 }
    state.parts.push(Buffer.from(whole ? withNewline(text) : text))
    state.size += text.length
    if (whole || state.size >= pieceBytesMax) {
      lines.push({ stream, time: state.time, text: Buffer.concat(state.parts) })
      this.#open.delete(stream)
    } else {
      this.#open.set(stream, state)
    }
  }
}

/** The file keeps a newline behind each entry, so the line's own is that byte: no copy. */
function withNewline(text: Buffer): Buffer {
  return Buffer.from(text.buffer, text.byteOffset, text.length + 1)
}

/** `…+00:00` as Docker writes it, `…Z`. */
export function dockerTime(time: string): string {
  return time.endsWith('+00:00') ? `${time.slice(0, -6)}Z` : time
}

/** Epoch milliseconds with fractions of a log time. */
export function parseLogTime(time: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time)
  if (match === null) return 0
  const [, year, month, day, hour, minute, second, fraction = '0', zone = 'Z'] = match
  const offsetMinutes =
    zone === 'Z' ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6)))
  const days = daysBefore(Number(year), Number(month), Number(day))
  return (
    ((days * 24 + Number(hour)) * 60 + Number(minute) - offsetMinutes) * 60_000 +
    Number(second) * 1000 +
    Number(`0.${fraction}`) * 1000
  )
}
