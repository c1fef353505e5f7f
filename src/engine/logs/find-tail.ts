/** Where the last lines of a log begin. */
import type { OutputStream } from '#engine/runtime/attach-broker.ts'
import { newline, placeEntry } from './log-format.ts'
import { readChunks } from './log-files.ts'
import type { OpenLog } from './log-files.ts'

/** Where to begin reading a file. */
export interface StartPoint {
  readonly log: OpenLog
  readonly offset: number
  /** Bytes of content to pass over first, for a compressed file, which has no offsets. */
  readonly skipBytes: number
}

const blockBytes = 1 << 16

/** Counts lines from their end backwards. A part without an end is a line when nothing of its stream comes after it. */
export class BackwardCounter {
  readonly #wanted: number
  readonly #seen = new Set<OutputStream>()
  #found = 0

  constructor(wanted: number) {
    this.#wanted = wanted
  }

  get missing(): number {
    return this.#wanted - this.#found
  }

  /** Lines that were counted elsewhere. */
  add(lines: number): void {
    this.#found += lines
  }

  /** False when the entry [start, end) belongs to a line more than is wanted. */
  take(data: Buffer, start: number, end: number): boolean {
    const place = placeEntry(data, start, end)
    if (place === undefined) return true
    const begins = place.whole || !this.#seen.has(place.stream)
    if (begins && this.#found === this.#wanted) return false
    this.#seen.add(place.stream)
    if (begins) this.#found += 1
    return true
  }
}

/** The offset in a plain file behind which only wanted lines are; 0 when all of it is wanted. */
async function offsetIn({ file }: OpenLog, counter: BackwardCounter): Promise<number> {
  let unread = (await file.stat()).sizeBytes
  let later: Buffer = Buffer.alloc(0)
  while (unread > 0) {
    const size = Math.min(blockBytes, unread)
    const data = Buffer.allocUnsafe(size + later.length)
    await file.read(data.subarray(0, size), unread - size)
    later.copy(data, size)
    unread -= size
    let end = data.length
    while (end > 0) {
      // The newline at `end - 1` is the entry's own: it begins behind the one before.
      const before = end >= 2 ? data.lastIndexOf(newline, end - 2) : -1
      if (before < 0 && unread > 0) break
      const last = data[end - 1] === newline ? end - 1 : end
      if (!counter.take(data, before + 1, last)) return unread + end
      end = before + 1
    }
    later = Buffer.from(data.subarray(0, end))
  }
  return 0
}

/** The same for a compressed file, as bytes of its content to pass over: it can only be read from its beginning. */
async function skipIn(log: OpenLog, counter: BackwardCounter): Promise<number> {
  const kept = counter.missing + 1
  let ends: number[] = []
  let rest: Buffer = Buffer.alloc(0)
  let base = 0
  for await (const chunk of readChunks(log, 0)) {
    const data = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, start)) {
      if (placeEntry(data, start, end)?.whole === true) ends.push(base + end + 1)
      start = end + 1
    }
    // Only the newest matter: this never holds more than is asked for, and a chunk's.
    if (ends.length > kept * 2) ends = ends.slice(-kept)
    base += start
    rest = Buffer.from(data.subarray(start))
  }
  if (ends.length >= kept) return ends.at(-kept) ?? 0
  counter.add(ends.length)
  return 0
}

/** Start points of the last `lines` lines, oldest file first; files that are not needed are left out. */
export async function findTail(logs: readonly OpenLog[], lines: number): Promise<StartPoint[]> {
  const counter = new BackwardCounter(lines)
  const points: StartPoint[] = []
  for (const log of logs.toReversed()) {
    const start = log.compressed ? await skipIn(log, counter) : await offsetIn(log, counter)
    points.unshift(log.compressed ? { log, offset: 0, skipBytes: start } : { log, offset: start, skipBytes: 0 })
    if (start > 0) break
  }
  return points
}
