/** Writes a file a little behind its source: several writes are under way at a time, and the source waits when too many are. */
import type { OpenFile } from '#world/ports/files.ts'

export interface WriteBehind {
  /** Queues bytes behind all earlier ones; waits while too much is unwritten. Throws what an earlier write threw. */
  write(bytes: Uint8Array): Promise<void>
  /** Waits for everything; throws the first failure. */
  end(): Promise<void>
  /** Waits for everything, failed or not; returns the position up to which the file is whole. */
  settle(): Promise<number>
}

const unwrittenBytesMax = 8 << 20
const batchBytes = 512 << 10

/** @param start position in the file where the first byte goes. */
export function writeBehind(file: OpenFile, start: number): WriteBehind {
  const running = new Set<Promise<void>>()
  let batch: Uint8Array[] = []
  let batched = 0
  let position = start
  let unwritten = 0
  let wholeTo = Number.MAX_SAFE_INTEGER
  let failure: { readonly error: unknown } | undefined

  const flush = (): void => {
    if (batched === 0) return
    const bytes = batch.length === 1 && batch[0] !== undefined ? batch[0] : Buffer.concat(batch, batched)
    const at = position
    position += batched
    unwritten += batched
    batch = []
    batched = 0
    const task = writeFully(file, bytes, at).then(
      () => undefined,
      (error: unknown) => {
        wholeTo = Math.min(wholeTo, at)
        failure ??= { error }
      },
    )
    const settled = task.then(() => {
      unwritten -= bytes.byteLength
      running.delete(settled)
    })
    running.add(settled)
  }
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error
  }
  return {
    async write(bytes) {
      batch.push(bytes)
      batched += bytes.byteLength
      if (batched >= batchBytes) flush()
      while (unwritten > unwrittenBytesMax) await Promise.race(running)
      throwFailure()
    },
    async end() {
      flush()
      await Promise.all(running)
      throwFailure()
    },
    async settle() {
      flush()
      await Promise.all(running)
      return Math.min(position, wholeTo)
    },
  }
}

async function writeFully(file: OpenFile, bytes: Uint8Array, at: number): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) done += await file.write(bytes.subarray(done), at + done)
}
