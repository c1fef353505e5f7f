/** Large buffers that transfers share and use over and over: allocating them anew costs more than what they carry. */

export interface BufferPool {
  take(): Buffer
  give(buffer: Buffer): void
}

/** Size of each. */
export const pooledBufferBytes: number = 1024 << 10

/** Keeps up to `spare` buffers between uses. */
export function createBufferPool(spare: number): BufferPool {
  const free: Buffer[] = []
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(pooledBufferBytes),
    give(buffer) {
      if (free.length < spare) free.push(buffer)
    },
  }
}
