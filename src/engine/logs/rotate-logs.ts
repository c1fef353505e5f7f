/** Keeps the logs of running containers within their bounds: one timer looks at all of them, more often at fast ones. */
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { bundleOf } from '#engine/containers/prepare-start.ts'
import { logPathOf } from '#engine/containers/start-container.ts'
import { reopenLog } from '#engine/runtime/monitor.ts'
import { listLogFiles, withLogNames } from './log-files.ts'
import { nextLookMs, planRotation, rotationOf } from './plan-rotation.ts'
import type { Rotation } from './plan-rotation.ts'

export interface LogRotator extends AsyncDisposable {
  onStarted(containerId: string): void
  onEnded(containerId: string): void
}

interface Watched {
  readonly path: string
  readonly bundle: string
  readonly rotation: Rotation
  /** Last look. */
  bytes: number
  at: number
  dueAt: number
  /** Being looked at, perhaps rotated. */
  busy: Promise<void> | undefined
}

const firstLookMs = 100
const failedPauseMs = 10_000
const reopenWaitMs = 20
const reopenLooksMax = 100

class Rotator implements LogRotator {
  readonly #parts: EngineParts
  readonly #watched = new Map<string, Watched>()
  #timer: Disposable | undefined
  #closed = false

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  onStarted(containerId: string): void {
    const container = this.#parts.book.find(containerId)
    const rotation = container === undefined ? undefined : rotationOf(container.record.hostConfig.LogConfig)
    if (rotation === undefined) return
    const at = this.#parts.world.clock.monotonicMs()
    this.#watched.set(containerId, {
      path: logPathOf(this.#parts, containerId),
      bundle: bundleOf(this.#parts, containerId),
      rotation,
      bytes: 0,
      at,
      dueAt: at + firstLookMs,
      busy: undefined,
    })
    this.#schedule()
  }

  onEnded(containerId: string): void {
    this.#watched.delete(containerId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    for (const { busy } of this.#watched.values()) await busy
  }

  #schedule(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    if (this.#closed || this.#watched.size === 0) return
    const { clock } = this.#parts.world
    const dueAt = Math.min(...[...this.#watched.values()].map((log) => log.dueAt))
    if (dueAt === Infinity) return
    this.#timer = clock.setTimer(Math.max(0, dueAt - clock.monotonicMs()), () => {
      this.#look()
      this.#schedule()
    })
  }

  /** Looks at every log that is due, each on its own: one that is being compressed keeps nobody waiting. */
  #look(): void {
    const now = this.#parts.world.clock.monotonicMs()
    for (const [container, log] of this.#watched) {
      if (log.dueAt > now) continue
      log.dueAt = Infinity
      log.busy = this.#lookAt(log)
        .catch((error: unknown) => {
          log.dueAt = now + failedPauseMs
          this.#parts.log.warn('a log could not be rotated', { container, error })
        })
        .finally(() => {
          log.busy = undefined
          this.#schedule()
        })
    }
  }

  async #lookAt(log: Watched): Promise<void> {
    const { clock, files } = this.#parts.world
    const bytes = await files.stat(log.path).then(
      ({ sizeBytes }) => sizeBytes,
      (error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw error
      },
    )
    const full = bytes !== undefined && bytes >= log.rotation.maxBytes
    // Missing: renamed away by an engine that was killed before it could tell the monitor.
    if (bytes === undefined) await reopenLog(files, log.bundle)
    if (full) await this.#rotate(log)
    const now = { bytes: full ? 0 : (bytes ?? 0), at: clock.monotonicMs() }
    log.dueAt = now.at + (full ? firstLookMs : nextLookMs(log, now, log.rotation.maxBytes))
    log.bytes = now.bytes
    log.at = now.at
  }

  async #rotate(log: Watched): Promise<void> {
    const { files } = this.#parts.world
    const { filesMax, compress } = log.rotation
    await withLogNames(this.#parts.book.locks, log.path, async () => {
      const steps = planRotation(await listLogFiles(files, log.path), log.path, filesMax)
      for (const path of steps.remove) await files.remove(path, { force: true })
      for (const { from, to } of steps.rename) await files.rename(from, to)
      await reopenLog(files, log.bundle)
    })
    if (compress && filesMax > 1 && (await this.#reopened(log))) await this.#compress(log, `${log.path}.1`)
  }

  /** True when the monitor writes its new file: the old one is whole. */
  async #reopened(log: Watched): Promise<boolean> {
    const { files, clock } = this.#parts.world
    for (let look = 0; look < reopenLooksMax; look += 1) {
      if (await files.exists(log.path)) return true
      await clock.sleep(reopenWaitMs)
    }
    return false
  }

  async #compress(log: Watched, path: string): Promise<void> {
    const { files } = this.#parts.world
    const half = `${path}.half`
    const { mtimeMs } = await files.stat(path)
    await files.remove(half, { force: true })
    await pipeline(files.readStream(path), createGzip({ level: 6 }), files.writeStream(half, { mode: 0o640 }))
    // Who follows the log tells by its time whether this is what was read already.
    await files.setTimes(half, mtimeMs)
    await withLogNames(this.#parts.book.locks, log.path, async () => {
      await files.rename(half, `${path}.gz`)
      await files.remove(path, { force: true })
    })
  }
}

/** The rotator of an engine: tell it of runs, dispose it with the engine. */
export function createLogRotator(parts: EngineParts): LogRotator {
  return new Rotator(parts)
}
