/**
 * Writes a file a little behind its source: bytes are gathered in a few large buffers that are used over and over, and
 * the source waits when all of them are on their way to the disk.
 */
import type { OpenFile } from '#world/ports/files.ts'
import type { BufferPool } from './buffer-pool.ts'

export interface WriteBehind {
  /** Takes bytes behind all earlier ones (they are copied); waits while too much is unwritten. Throws what an earlier write threw. */
  write(bytes: Uint8Array): Promise<void> | undefined
  /** Waits for everything; throws the first failure. */
  end(): Promise<void>
  /** Waits for everything, failed or not; returns the position up to which the file is whole. */
  settle(): Promise<number>
}

const buffersPerFile = 4

/** @param start position in the file where the first byte goes. */
export function writeBehind(file: OpenFile, start: number, pool: BufferPool): WriteBehind {
  const running = new Set<Promise<void>>()
  let current: Buffer | undefined
  let filled = 0
  let position = start
  let wholeTo = Number.MAX_SAFE_INTEGER
  let failure: { readonly error: unknown } | undefined

  const flush = (): void => {
    if (current === undefined || filled === 0) return
    const buffer = current
    const bytes = buffer.subarray(0, filled)
    const at = position
    position += filled
    current = undefined
    filled = 0
    const task = writeFully(file, bytes, at)
      .catch((error: unknown) => {
        wholeTo = Math.min(wholeTo, at)
        failure ??= { error }
      })
      .then(() => {
        pool.give(buffer)
        running.delete(task)
      })
    running.add(task)
  }
  const copyIn = (bytes: Uint8Array): void => {
    for (let taken = 0; taken < bytes.byteLength;) {
      current ??= pool.take()
      const count = Math.min(bytes.byteLength - taken, current.byteLength - filled)
      current.set(taken === 0 && count === bytes.byteLength ? bytes : bytes.subarray(taken, taken + count), filled)
      taken += count
      filled += count
      if (filled === current.byteLength) flush()
    }
  }
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error
  }
  const waitForRoom = async (): Promise<void> => {
    while (running.size >= buffersPerFile) await Promise.race(running)
    throwFailure()
  }
  const drain = async (): Promise<void> => {
    flush()
    await Promise.all(running)
  }
  return {
    write(bytes) {
      copyIn(bytes)
      return running.size >= buffersPerFile || failure !== undefined ? waitForRoom() : undefined
    },
    async end() {
      await drain()
      throwFailure()
    },
    async settle() {
      await drain()
      return Math.min(position, wholeTo)
    },
  }
}

async function writeFully(file: OpenFile, bytes: Uint8Array, at: number): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) done += await file.write(bytes.subarray(done), at + done)
}
