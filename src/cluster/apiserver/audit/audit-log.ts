/**
 * Audit events as lines of a file that is rotated by size, age and number, as kube-apiserver's `--audit-log-*` flags ask.
 * Rotated files are named `NAME-2026-01-02T03-04-05.678.EXT`. What the disk cannot take is dropped and counted.
 */
import { basename, dirname, extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type Clock, formatInstant } from '#world/ports/clock.ts'
import type { Files, OpenFile } from '#world/ports/files.ts'
import { type AuditFormat, auditLine } from './audit-line.ts'
import { AuditBatches, type AuditBatchConfig, type AuditDelivery } from './audit-batches.ts'
import { type AuditMode, type AuditSink, countAuditErrors, waitingWrite } from './audit-sink.ts'

export interface AuditLogOptions {
  readonly path: string
  /** A file of this size is rotated; 0 never. 100 MiB unless told. */
  readonly sizeBytesMax?: number
  /** Rotated files older than this are removed; 0 keeps them. */
  readonly ageMsMax?: number
  /** Rotated files kept; 0 keeps all. */
  readonly backupsMax?: number
  /** JSON unless told. */
  readonly format?: AuditFormat
  /** Rotated files are compressed (gzip, `.gz`). */
  readonly compress?: boolean
  /** Requests wait for their events unless told. */
  readonly mode?: AuditMode
  /** How batches are made where they do not. */
  readonly batch?: AuditBatchConfig
}

/** One event a batch, as fast as they come. */
export const defaultLogBatch: AuditBatchConfig = {
  bufferEvents: 10_000,
  batchEvents: 1,
  batchWaitMs: 0,
  throttle: { isOn: false, perSecond: 0, burst: 0 },
}

interface AuditLogParts {
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** Bytes that may wait for the disk. */
const backlogBytesMax = 64 * 1024 * 1024

/** Opens the log, made with mode 0600 when it is missing. @throws what the filesystem says. */
export async function openAuditLog(
  parts: AuditLogParts,
  options: AuditLogOptions,
): Promise<AuditSink & AsyncDisposable> {
  await parts.files.makeDirectory(dirname(options.path), { recursive: true })
  const file = await parts.files.open(options.path, 'a', 0o600)
  const { sizeBytes } = await file.stat()
  const log = new AuditLog(parts, options, { file, sizeBytes })
  const { mode = 'blocking', batch = defaultLogBatch } = options
  if (mode !== 'batch') return { write: waitingWrite(mode, log), [Symbol.asyncDispose]: () => log.close() }
  const batches = new AuditBatches(parts, batch, log)
  return {
    write: (event) => batches.write(event),
    [Symbol.asyncDispose]: async () => {
      await batches[Symbol.asyncDispose]()
      await log.close()
    },
  }
}

/** Lines that came together, and who waits for them. */
interface Waiting {
  readonly bytes: Buffer
  readonly tell: (isKept: boolean) => void
}

class AuditLog implements AuditDelivery {
  readonly atOnceMost = 1
  readonly #parts: AuditLogParts
  readonly #options: AuditLogOptions
  #open: { readonly file: OpenFile; sizeBytes: number }
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  #writing: Promise<void> | undefined

  constructor(parts: AuditLogParts, options: AuditLogOptions, open: { readonly file: OpenFile; sizeBytes: number }) {
    this.#parts = parts
    this.#options = options
    this.#open = open
  }

  /** Resolves when the events are in the file, or are lost. */
  send(events: readonly JsonObject[]): Promise<boolean> {
    const { format = 'json' } = this.#options
    const bytes = Buffer.from(events.map((event) => auditLine(event, format)).join(''))
    if (this.#waitingBytes + bytes.length > backlogBytesMax) {
      countAuditErrors(this.#parts.metrics, 'log', events.length)
      return Promise.resolve(false)
    }
    const { promise, resolve: tell } = Promise.withResolvers<boolean>()
    this.#waiting.push({ bytes, tell })
    this.#waitingBytes += bytes.length
    this.#writing ??= this.#drain()
    return promise
  }

  /** Closes the file once everything is in it. */
  async close(): Promise<void> {
    await this.#writing
    await this.#open.file.close()
  }

  async #drain(): Promise<void> {
    // Everything of one moment goes out in one write.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch()
      const isKept = await this.#append(Buffer.concat(batch.map(({ bytes }) => bytes)))
      if (!isKept) countAuditErrors(this.#parts.metrics, 'log', batch.length)
      for (const { tell } of batch) tell(isKept)
    }
    this.#writing = undefined
  }

  async #append(bytes: Buffer): Promise<boolean> {
    this.#waitingBytes -= bytes.length
    try {
      await this.#makeRoom(bytes.length)
      for (let at = 0; at < bytes.length;) at += await this.#open.file.write(bytes.subarray(at), null)
      this.#open.sizeBytes += bytes.length
      return true
    } catch (error) {
      this.#parts.log.error('audit events could not be written', { error, path: this.#options.path })
      return false
    }
  }

  /** Lines up to the size of one file, one at least. */
  #nextBatch(): readonly Waiting[] {
    const { sizeBytesMax = defaultSizeBytesMax } = this.#options
    const limit = sizeBytesMax === 0 ? Infinity : sizeBytesMax
    let sizeBytes = 0
    const tooMuch = this.#waiting.findIndex(({ bytes }, index) => (sizeBytes += bytes.length) > limit && index > 0)
    return this.#waiting.splice(0, tooMuch < 0 ? this.#waiting.length : tooMuch)
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { path, sizeBytesMax = defaultSizeBytesMax } = this.#options
    const { sizeBytes } = this.#open
    if (sizeBytesMax === 0 || sizeBytes === 0 || sizeBytes + bytes <= sizeBytesMax) return
    const { files } = this.#parts
    await this.#open.file.close()
    const rotated = await this.#freeName()
    await files.rename(path, rotated)
    this.#open = { file: await files.open(path, 'a', 0o600), sizeBytes: 0 }
    if (this.#options.compress === true) await this.#compress(rotated)
    await this.#removeOld()
  }

  /** The plain file goes once the compressed one is whole. */
  async #compress(path: string): Promise<void> {
    const { files } = this.#parts
    await files.write(`${path}.gz`, await promisify(gzip)(await files.read(path)), { mode: 0o600 })
    await files.remove(path)
  }

  async #freeName(): Promise<string> {
    const { path } = this.#options
    const extension = extname(path)
    const stem = path.slice(0, path.length - extension.length)
    for (let ms = Math.floor(this.#parts.clock.now()); ; ms++) {
      const [whole = '', fraction = ''] = formatInstant(ms).slice(0, -1).split('.')
      const name = `${stem}-${whole.replaceAll(':', '-')}.${fraction.padEnd(3, '0')}${extension}`
      const { files } = this.#parts
      if (!(await files.exists(name)) && !(await files.exists(`${name}.gz`))) return name
    }
  }

  async #removeOld(): Promise<void> {
    const { path, ageMsMax = 0, backupsMax = 0 } = this.#options
    const { files, clock } = this.#parts
    const extension = extname(path)
    const prefix = `${basename(path, extension)}-`
    const isRotated = (file: string): boolean => {
      const name = file.replace(/\.gz$/, '')
      const stamp = name.slice(prefix.length, name.length - extension.length)
      return name.startsWith(prefix) && name.endsWith(extension) && /^\d{4}-\d\d-\d\dT[\d-]+\.\d{3}$/.test(stamp)
    }
    // Names sort by time.
    const rotated = (await files.list(dirname(path)))
      .map(({ name }) => name)
      .filter(isRotated)
      .toSorted()
      .toReversed()
    for (const [index, name] of rotated.entries()) {
      const full = join(dirname(path), name)
      const isTooMany = backupsMax > 0 && index >= backupsMax
      const isTooOld = ageMsMax > 0 && clock.now() - (await files.stat(full)).mtimeMs > ageMsMax
      if (isTooMany || isTooOld) await files.remove(full, { force: true })
    }
  }
}

const defaultSizeBytesMax = 100 * 1024 * 1024
