/**
 * The files of a container's log.
 *
 *     containers/ID/container.log         what the monitor writes now
 *                  /container.log.1       before that; the highest number is the oldest
 *                  /container.log.2.gz    the same, compressed (`compress=true`)
 */
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { KeyedMutex } from '#base/async/keyed-mutex.ts'
import type { Files, OpenFile } from '#world/ports/files.ts'

/** A log file, held open: it can be read to its end whatever becomes of its name. */
export interface OpenLog extends AsyncDisposable {
  readonly file: OpenFile
  readonly ino: number
  readonly compressed: boolean
}

export interface LogFileName {
  readonly path: string
  /** 0 is the newest. */
  readonly age: number
  readonly compressed: boolean
}

const chunkBytes = 1 << 18

/** What a folder's entries are of a log, oldest first; half-made compressed files are none. Pure. */
export function sortLogFiles(folder: string, names: readonly string[]): LogFileName[] {
  return names
    .map((name) => ({ name, match: /^container\.log(?:\.([1-9]\d*))?(\.gz)?$/.exec(name) }))
    .filter(({ match }) => match !== null && (match[1] !== undefined || match[2] === undefined))
    .map(({ name, match }) => ({
      path: `${folder}/${name}`,
      age: Number(match?.[1] ?? 0),
      compressed: match?.[2] !== undefined,
    }))
    .toSorted((a, b) => b.age - a.age)
}

/** Held while the files of a log change their names, and while they are looked up. */
export function withLogNames<T>(locks: KeyedMutex, path: string, work: () => Promise<T>): Promise<T> {
  return locks.run(`log:${path}`, work)
}

/** The files of the log at `path`, oldest first; none when there is no log. */
export async function listLogFiles(files: Files, path: string): Promise<LogFileName[]> {
  try {
    return sortLogFiles(
      dirname(path),
      (await files.list(dirname(path))).map(({ name }) => name),
    )
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Opens one; undefined when it is gone. */
export async function openLog(files: Files, { path, compressed }: LogFileName): Promise<OpenLog | undefined> {
  try {
    const file = await files.open(path, 'r')
    const { ino } = await file.stat()
    return { file, ino, compressed, [Symbol.asyncDispose]: () => file.close() }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The content from an offset to the end that the file has by then; gives the offset behind it. A chunk is valid until
 * the next is asked for. A compressed file is given unpacked, from its beginning.
 */
export async function* readChunks(log: OpenLog, from: number): AsyncGenerator<Buffer, number> {
  if (log.compressed) {
    for await (const chunk of Readable.from(rawChunks(log.file, 0, true)).pipe(createGunzip())) yield chunk as Buffer
    return 0
  }
  return yield* rawChunks(log.file, from, false)
}

async function* rawChunks(file: OpenFile, from: number, fresh: boolean): AsyncGenerator<Buffer, number> {
  let buffer = Buffer.allocUnsafeSlow(chunkBytes)
  let position = from
  for (;;) {
    const count = await file.read(buffer, position)
    if (count === 0) return position
    position += count
    yield buffer.subarray(0, count)
    // A stream behind us may still hold the last chunk.
    if (fresh) buffer = Buffer.allocUnsafeSlow(chunkBytes)
  }
}
