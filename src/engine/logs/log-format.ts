/**
 * Entries of the log that a container's monitor writes: `<RFC 3339> <stdout|stderr> <P|F> <bytes>`. `P` means the line
 * goes on in the next entry of that stream; the monitor cuts wherever its read ended, so parts must be joined. Pure.
 */
import { daysFromCivil } from '#base/data/civil-day.ts'
import { epochMsAt, readInstant } from '#base/data/rfc3339.ts'
import type { OutputStream } from '#engine/runtime/attach-broker.ts'

/** Where the parts of an entry lie in a buffer. */
export interface EntryPlace {
  readonly stream: OutputStream
  /** The line ends with this entry. */
  readonly whole: boolean
  readonly timeEnd: number
  readonly textStart: number
}

export const newline = 10
const space = 32
const letterE = 101
const letterF = 70
/** The monitor runs with TZ=UTC and writes nine digits of a second: the time always has this length. */
const timeBytes = 35
const streamBytes = 6
/** Docker hands on long lines in pieces of this size. */
export const pieceBytesMax: number = 16 * 1024

/** Takes an entry [start, end) apart, its newline not included; undefined when it is none. */
export function placeEntry(data: Buffer, start: number, end: number): EntryPlace | undefined {
  const timeEnd = data[start + timeBytes] === space ? start + timeBytes : data.indexOf(space, start)
  const streamEnd = timeEnd + 1 + streamBytes
  if (timeEnd < 0 || streamEnd + 2 > end || data[streamEnd] !== space) return undefined
  return {
    stream: data[timeEnd + 4] === letterE ? 'stderr' : 'stdout',
    whole: data[streamEnd + 1] === letterF,
    timeEnd,
    textStart: streamEnd + 3,
  }
}

const digits = (data: Buffer, at: number, count: number): number => {
  let value = 0
  for (let index = at; index < at + count; index += 1) value = value * 10 + (data[index] ?? 0) - 48
  return value
}

/** Epoch milliseconds with fractions of an entry's time [start, end); 0 when it is none. */
export function entryTime(data: Buffer, start: number, end: number): number {
  if (end - start !== timeBytes || data[end - 6] !== 43 || digits(data, end - 5, 2) !== 0)
    return parseLogTime(data.toString('latin1', start, end))
  const days = daysFromCivil(digits(data, start, 4), digits(data, start + 5, 2), digits(data, start + 8, 2))
  const seconds =
    ((days * 24 + digits(data, start + 11, 2)) * 60 + digits(data, start + 14, 2)) * 60 + digits(data, start + 17, 2)
  return epochMsAt({ seconds, nanos: digits(data, start + 20, 9) })
}

/** Epoch milliseconds with fractions of a log time; 0 when it is none. */
export function parseLogTime(time: string): number {
  const at = readInstant(time)
  return at === undefined ? 0 : epochMsAt(at)
}
