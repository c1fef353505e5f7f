/** Reading a container's log: all of it or its end, within times, and on as it grows. */
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { logPathOf } from '#engine/containers/start-container.ts'
import type { OutputStream } from '#engine/runtime/attach-broker.ts'
import { wantsLine } from './encode-logs.ts'
import type { LogFilter } from './encode-logs.ts'
import { findTail } from './find-tail.ts'
import type { StartPoint } from './find-tail.ts'
import { followLog } from './follow-log.ts'
import { listLogFiles, openLog, readChunks, withLogNames } from './log-files.ts'
import type { OpenLog } from './log-files.ts'
import { LineScanner } from './scan-lines.ts'

export interface LogReading {
  readonly follow: boolean
  /** Epoch milliseconds after which a follower stops. */
  readonly until?: number
  /** Only so many lines from the end; undefined: all. */
  readonly tail?: number
  readonly signal?: AbortSignal
}

export type LogQuery = LogReading & LogFilter

/** A line of a log, copied out. */
export interface LogLine {
  readonly stream: OutputStream
  /** As written, nanoseconds and offset included. */
  readonly time: string
  /** The bytes of the line with its newline, where it had one. */
  readonly text: Buffer
}

async function openAll(parts: EngineParts, path: string): Promise<OpenLog[]> {
  const { files } = parts.world
  return await withLogNames(parts.book.locks, path, async () => {
    const logs = await Promise.all((await listLogFiles(files, path)).map((name) => openLog(files, name)))
    return logs.filter((log) => log !== undefined)
  })
}

/** The chunks of one file behind its start point; gives the offset behind them. */
async function* readFrom({ log, offset, skipBytes }: StartPoint): AsyncGenerator<Buffer, number> {
  if (skipBytes === 0) return yield* readChunks(log, offset)
  let skip = skipBytes
  for await (const chunk of readChunks(log, offset)) {
    if (skip < chunk.length) yield chunk.subarray(skip)
    skip = Math.max(0, skip - chunk.length)
  }
  return 0
}

/**
 * Chunks of a container's log files in order, for a `LogEncoder` or `LineScanner`; with `follow` until the container has
 * ended and all was read. A chunk is valid until the next is asked for.
 */
export async function* readLogChunks(
  parts: EngineParts,
  container: Container,
  reading: LogReading,
): AsyncGenerator<Buffer> {
  const path = logPathOf(parts, container.id)
  const signal = reading.signal ?? new AbortController().signal
  const logs = await openAll(parts, path)
  const newest = reading.follow ? logs.at(-1) : undefined
  try {
    const points =
      reading.tail === undefined
        ? logs.map((log): StartPoint => ({ log, offset: 0, skipBytes: 0 }))
        : await findTail(logs, reading.tail)
    let position = 0
    for (const point of points) {
      if (signal.aborted) return
      position = yield* readFrom(point)
    }
    if (!reading.follow) return
    yield* followLog(
      { ...parts.world, locks: parts.book.locks },
      {
        path,
        // The follower's own handle: this one is closed below.
        from:
          newest === undefined
            ? undefined
            : { log: { ...newest, [Symbol.asyncDispose]: () => Promise.resolve() }, position },
        growing: () => isAlive(container.record.state) || container.record.state.status === 'restarting',
        onChange: (listener, until) => {
          container.listeners.add(listener)
          until.addEventListener('abort', () => container.listeners.delete(listener), { once: true })
        },
        until: reading.until,
        signal,
      },
    )
  } finally {
    await Promise.all(logs.map((log) => log[Symbol.asyncDispose]()))
  }
}

/** Lines one by one, oldest first. */
export async function* readLogs(parts: EngineParts, container: Container, query: LogQuery): AsyncGenerator<LogLine> {
  let lines: LogLine[] = []
  const scanner = new LineScanner((line) => {
    if (!wantsLine(line, query)) return
    const { stream, data, timeStart, timeEnd, textStart, textEnd } = line
    const text = Buffer.from(data.subarray(textStart, textEnd))
    lines.push({ stream, time: data.toString('latin1', timeStart, timeEnd), text })
  })
  for await (const chunk of readLogChunks(parts, container, query)) {
    scanner.push(chunk)
    yield* lines
    lines = []
  }
  scanner.flush()
  yield* lines
}
