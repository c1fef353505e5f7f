/** Reading a container's log: all of it or its end, within times, and on as it grows. */
import { dirname } from 'node:path'
import type { Container } from '#engine/containers/container-book.ts'
import { isAlive } from '#engine/containers/container-record.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { logPathOf } from '#engine/containers/start-container.ts'
import { LogParser, parseLogTime } from './log-format.ts'
import type { LogLine } from './log-format.ts'

export interface LogQuery {
  readonly stdout: boolean
  readonly stderr: boolean
  readonly follow: boolean
  /** Epoch milliseconds; undefined: no bound. */
  readonly since?: number
  readonly until?: number
  /** Only so many lines from the end; undefined: all. */
  readonly tail?: number
  readonly signal?: AbortSignal
}

const chunkBytes = 1 << 18
/** Growth is watched for; this is how long a missed notice can cost. */
const pollMs = 250

/** The log's files, oldest first: rotated ones carry a number, the highest is the oldest. */
export async function logFiles(parts: EngineParts, container: Container): Promise<string[]> {
  const path = logPathOf(parts, container.id)
  const folder = dirname(path)
  const { files } = parts.world
  if (!(await files.exists(folder))) return []
  const names = (await files.list(folder))
    .map((entry) => entry.name)
    .filter((name) => /^container\.log(\.\d+)?$/.test(name))
  const age = (name: string): number => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0)
  return names.toSorted((a, b) => age(b) - age(a)).map((name) => `${folder}/${name}`)
}

interface Reading {
  readonly query: LogQuery
  readonly parser: LogParser
}

function wanted(line: LogLine, query: LogQuery): boolean {
  if (!query[line.stream]) return false
  if (query.since === undefined && query.until === undefined) return true
  const at = parseLogTime(line.time)
  return (query.since === undefined || at >= query.since) && (query.until === undefined || at <= query.until)
}

async function* readFile(
  parts: EngineParts,
  path: string,
  from: number,
  reading: Reading,
): AsyncGenerator<LogLine[], number> {
  await using file = await parts.world.files.open(path, 'r')
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let position = from
  for (;;) {
    if (reading.query.signal?.aborted === true) return position
    const count = await file.read(buffer, position)
    if (count === 0) return position
    position += count
    const lines = reading.parser
      .push(Buffer.from(buffer.subarray(0, count)))
      .filter((line) => wanted(line, reading.query))
    if (lines.length > 0) yield lines
  }
}

/** Offset of the last `lines` whole lines of a file, and how many of them it had. */
async function tailOffset(
  parts: EngineParts,
  path: string,
  lines: number,
): Promise<{ readonly offset: number; readonly found: number }> {
  await using file = await parts.world.files.open(path, 'r')
  let end = (await file.stat()).sizeBytes
  let found = 0
  let later: Buffer = Buffer.alloc(0)
  while (end > 0) {
    const size = Math.min(chunkBytes, end)
    const block = Buffer.allocUnsafe(size)
    await file.read(block, end - size)
    const data = Buffer.concat([block, later])
    let at = data.length
    for (;;) {
      // An entry begins behind each newline; whole lines are those whose entry says `F`.
      const previous = at >= 2 ? data.lastIndexOf(10, at - 2) : -1
      if (previous < 0) break
      const entry = data.subarray(previous + 1, at)
      if (isWhole(entry)) {
        if (found === lines) return { offset: end - size + at, found }
        found += 1
      }
      at = previous + 1
    }
    later = Buffer.from(data.subarray(0, at))
    end -= size
  }
  if (later.length > 0 && isWhole(later)) {
    if (found === lines) return { offset: later.length, found }
    found += 1
  }
  return { offset: 0, found }
}

function isWhole(entry: Buffer): boolean {
  const streamEnd = entry.indexOf(32, entry.indexOf(32) + 1)
  return streamEnd > 0 && entry[streamEnd + 1] === 70
}

async function startPoints(
  parts: EngineParts,
  paths: readonly string[],
  tail: number | undefined,
): Promise<Map<string, number>> {
  const points = new Map<string, number>()
  let missing = tail
  for (const path of paths.toReversed()) {
    if (missing === undefined) points.set(path, 0)
    else {
      const { offset, found } = await tailOffset(parts, path, missing)
      points.set(path, offset)
      missing -= found
      if (missing <= 0) break
    }
  }
  return points
}

/** Resolves when the log may have grown, the container ended, or a while has passed. */
async function growth(parts: EngineParts, container: Container, signal: AbortSignal): Promise<void> {
  const stop = new AbortController()
  const any = AbortSignal.any([stop.signal, signal])
  const ended = new Promise<void>((resolve) => {
    const listener = (): void => resolve()
    container.listeners.add(listener)
    any.addEventListener('abort', () => container.listeners.delete(listener), { once: true })
  })
  await Promise.race([ended, parts.world.clock.sleep(pollMs / 5, any).catch(() => undefined)])
  stop.abort()
}

async function* follow(
  parts: EngineParts,
  container: Container,
  from: number,
  reading: Reading,
): AsyncGenerator<LogLine[]> {
  const signal = reading.query.signal ?? new AbortController().signal
  const path = logPathOf(parts, container.id)
  const { files, clock } = parts.world
  let position = from
  let inode = (await files.stat(path).catch(() => undefined))?.ino
  while (!signal.aborted) {
    // Looked at before reading: what is written until the end of the run is read for sure.
    const alive = isAlive(container.record.state) || container.record.state.status === 'restarting'
    const stat = await files.stat(path).catch(() => undefined)
    if (stat !== undefined && inode !== undefined && stat.ino !== inode) {
      position = yield* readFile(parts, `${path}.1`, position, reading)
      position = 0
    }
    inode = stat?.ino
    if (stat !== undefined && stat.sizeBytes > position) position = yield* readFile(parts, path, position, reading)
    if (reading.query.until !== undefined && clock.now() > reading.query.until) return
    if (!alive) return
    await growth(parts, container, signal)
  }
}

/** Lines in batches, oldest first; with `follow` until the container ends or the signal aborts. */
export async function* readLogBatches(
  parts: EngineParts,
  container: Container,
  query: LogQuery,
): AsyncGenerator<LogLine[]> {
  const reading: Reading = { query, parser: new LogParser() }
  const paths = await logFiles(parts, container)
  const points = await startPoints(parts, paths, query.tail)
  let position = 0
  for (const path of paths) {
    const start = points.get(path)
    if (start !== undefined) position = yield* readFile(parts, path, start, reading)
  }
  if (query.follow) yield* follow(parts, container, position, reading)
  const rest = reading.parser.flush().filter((line) => wanted(line, query))
  if (rest.length > 0) yield rest
}

/** The same, line by line. */
export async function* readLogs(parts: EngineParts, container: Container, query: LogQuery): AsyncGenerator<LogLine> {
  for await (const lines of readLogBatches(parts, container, query)) yield* lines
}
