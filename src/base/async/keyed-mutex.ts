/** One at a time per key: work on a key waits for the work on it that came before. */

export interface KeyedMutex {
  /** Runs `work` when nothing else runs under `key`; first come, first served. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>
  /** True while work runs or waits under `key`. */
  busy(key: string): boolean
}

/** A mutex per key; keys need no registration and leave nothing behind. */
export function createKeyedMutex(): KeyedMutex {
  const tails = new Map<string, Promise<unknown>>()
  return {
    busy: (key) => tails.has(key),
    run: async (key, work) => {
      const before = tails.get(key) ?? Promise.resolve()
      const mine = before.then(work, work)
      const tail = mine.then(
        () => undefined,
        () => undefined,
      )
      tails.set(key, tail)
      try {
        return await mine
      } finally {
        if (tails.get(key) === tail) tails.delete(key)
      }
    },
  }
}
