/** Reading on as a log grows: through rotations and restarts, until the container has ended and all of it was read. */
import { basename, dirname } from 'node:path'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { World } from '#world/ports/world.ts'
import type { KeyedMutex } from '#base/async/keyed-mutex.ts'
import { listLogFiles, openLog, readChunks, withLogNames } from './log-files.ts'
import type { OpenLog } from './log-files.ts'

export interface FollowRequest {
  readonly path: string
  /** The newest file as far as it was read; undefined when there was none. The follower closes it. */
  readonly from: { readonly log: OpenLog; readonly position: number } | undefined
  /** False once no more will be written; asked before each read. */
  readonly growing: () => boolean
  /** Calls back when `growing` may have changed, until the signal aborts. */
  readonly onChange: (listener: () => void, signal: AbortSignal) => void
  /** Epoch milliseconds after which nothing is wanted any more. */
  readonly until: number | undefined
  readonly signal: AbortSignal
}

export interface FollowDeps {
  readonly files: World['files']
  readonly clock: World['clock']
  readonly locks: KeyedMutex
}

/** Growth is told by the kernel; this is how long a missed notice can cost, and the pace where it cannot tell. */
const patienceMs = 1000
const pollMs = 15
/** A log that grows all the time is read in steps, not byte by byte. */
const gatherMs = 5

/** Wakes one waiter; a wake that comes first is kept for it. */
class Wakeup {
  #woken = false
  #resolve: (() => void) | undefined
  paceMs = patienceMs

  readonly wake = (): void => {
    this.#woken = true
    this.#resolve?.()
  }

  async wait(clock: World['clock'], atMostMs: number): Promise<void> {
    using _timer = clock.setTimer(Math.min(this.paceMs, atMostMs), this.wake)
    if (!this.#woken) await new Promise<void>((resolve) => (this.#resolve = resolve))
    this.#woken = false
    this.#resolve = undefined
  }
}

async function watchGrowth(
  deps: FollowDeps,
  path: string,
  on: { readonly wakeup: Wakeup; readonly signal: AbortSignal },
): Promise<void> {
  try {
    for await (const { name } of deps.files.watch(dirname(path), on.signal))
      if (name === basename(path)) on.wakeup.wake()
  } catch {
    // No folder, or no watches left on this machine: then it is looked at now and then.
    on.wakeup.paceMs = pollMs
    on.wakeup.wake()
  }
}

/** The file that is being read and how far, and those that come after it. */
interface Cursor {
  log: OpenLog | undefined
  position: number
  waiting: OpenLog[]
}

/** Compressing gives a file a new inode and, up to what a timestamp holds, its old time. */
const timeStepMs = 1

/** The files that came after the one that was read, oldest first. All of them when that one is gone. */
async function newerFiles(deps: FollowDeps, path: string, read: OpenLog | undefined): Promise<OpenLog[]> {
  const lastWriteMs = (await read?.file.stat())?.mtimeMs ?? Infinity
  const isRead = async (log: OpenLog): Promise<boolean> =>
    log.ino === read?.ino || (log.compressed && (await log.file.stat()).mtimeMs <= lastWriteMs + timeStepMs)
  return await withLogNames(deps.locks, path, async () => {
    const newer: OpenLog[] = []
    for (const name of (await listLogFiles(deps.files, path)).toReversed()) {
      const log = await openLog(deps.files, name)
      if (log === undefined) continue
      if ((read === undefined && name.age > 0) || (await isRead(log))) {
        await log[Symbol.asyncDispose]()
        break
      }
      newer.unshift(log)
    }
    return newer
  })
}

/** Reads what is there by now: the rest of the file at hand, then the files after it. */
async function* readOn(deps: FollowDeps, path: string, cursor: Cursor): AsyncGenerator<Buffer> {
  const current = await inodeAt(deps, path)
  if (cursor.log !== undefined) cursor.position = yield* readChunks(cursor.log, cursor.position)
  // Another file stands at the path only after the monitor has left the old one, which was just read to its end.
  if (current === undefined || current === cursor.log?.ino) return
  cursor.waiting = await newerFiles(deps, path, cursor.log)
  for (let next = cursor.waiting.shift(); next !== undefined; next = cursor.waiting.shift()) {
    await cursor.log?.[Symbol.asyncDispose]()
    cursor.log = next
    cursor.position = yield* readChunks(next, 0)
  }
}

async function inodeAt(deps: FollowDeps, path: string): Promise<number | undefined> {
  try {
    return (await deps.files.stat(path)).ino
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Chunks of what is written from now on. */
export async function* followLog(deps: FollowDeps, request: FollowRequest): AsyncGenerator<Buffer> {
  const stop = new AbortController()
  const signal = AbortSignal.any([request.signal, stop.signal])
  const wakeup = new Wakeup()
  signal.addEventListener('abort', wakeup.wake, { once: true })
  void watchGrowth(deps, request.path, { wakeup, signal })
  request.onChange(wakeup.wake, signal)
  const cursor: Cursor = { log: request.from?.log, position: request.from?.position ?? 0, waiting: [] }
  const isOver = (): boolean => request.until !== undefined && deps.clock.now() > request.until
  try {
    while (!signal.aborted) {
      // Asked before reading: what is written until the end of the run is read for sure.
      const growing = request.growing()
      yield* readOn(deps, request.path, cursor)
      if (!growing || isOver()) return
      const leftMs = request.until === undefined ? Infinity : request.until - deps.clock.now() + 1
      await wakeup.wait(deps.clock, leftMs)
      if (!signal.aborted) await deps.clock.sleep(gatherMs)
    }
  } finally {
    stop.abort()
    for (const log of [cursor.log, ...cursor.waiting]) await log?.[Symbol.asyncDispose]()
  }
}
