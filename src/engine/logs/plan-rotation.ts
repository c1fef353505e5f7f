/** When a log starts a new file, and what becomes of the old ones. Pure. */
import { logSizeBytes } from '#engine/containers/log-options.ts'
import type { LogFileName } from './log-files.ts'

/** How much of a log is kept. */
export interface Rotation {
  /** A file of this size is full. */
  readonly maxBytes: number
  /** Files kept, the one that is written included. */
  readonly filesMax: number
  readonly compress: boolean
}

const megabyte = 1024 * 1024
/** Unlike Docker's, a log without options is bounded too: a container that talks must not fill the disk. */
const defaults: Readonly<Record<string, Rotation>> = {
  'json-file': { maxBytes: 100 * megabyte, filesMax: 3, compress: false },
  local: { maxBytes: 20 * megabyte, filesMax: 5, compress: true },
}

/** The rotation of a container's log; undefined when it has none (`none`, `max-size=-1`). */
export function rotationOf(config: {
  readonly Type: string
  readonly Config: Readonly<Record<string, string>>
}): Rotation | undefined {
  const base = defaults[config.Type]
  if (base === undefined) return undefined
  const { 'max-size': size, 'max-file': count, compress } = config.Config
  const maxBytes = size === undefined ? base.maxBytes : (logSizeBytes(size) ?? base.maxBytes)
  if (maxBytes === Infinity) return undefined
  // A size without a count keeps one file only, as Docker's json-file does.
  const filesMax = size !== undefined && config.Type === 'json-file' ? 1 : base.filesMax
  return {
    maxBytes: Math.max(1, maxBytes),
    filesMax: count === undefined ? filesMax : Math.max(1, Number(count)),
    compress: compress === undefined ? base.compress : /^(1|t|true)$/i.test(compress),
  }
}

export interface RotationSteps {
  readonly remove: readonly string[]
  /** In this order, so that no file takes another's place. */
  readonly rename: readonly { readonly from: string; readonly to: string }[]
}

/** What to do with the files of a log whose newest is full. `files` as `listLogFiles` gives them, oldest first. */
export function planRotation(files: readonly LogFileName[], path: string, filesMax: number): RotationSteps {
  const keeps = (file: LogFileName): boolean => file.age + 1 < filesMax
  return {
    remove: files.filter((file) => !keeps(file)).map((file) => file.path),
    rename: files
      .filter(keeps)
      .map((file) => ({ from: file.path, to: `${path}.${file.age + 1}${file.compressed ? '.gz' : ''}` })),
  }
}

const paceMinMs = 100
const paceMaxMs = 2000

/** When to look at a file again: in half the time that it would take to fill up at its present pace. */
export function nextLookMs(
  before: { readonly bytes: number; readonly at: number },
  now: { readonly bytes: number; readonly at: number },
  maxBytes: number,
): number {
  const grown = now.bytes - before.bytes
  if (grown <= 0 || now.at <= before.at) return paceMaxMs
  const fullInMs = ((maxBytes - now.bytes) / grown) * (now.at - before.at)
  return Math.min(paceMaxMs, Math.max(paceMinMs, fullInMs / 2))
}
