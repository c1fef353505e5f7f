/** Reads ahead by one item. */

/**
 * Asks a source for its first item at once, before anybody reads: what it has to wait for, it waits for meanwhile. A failure
 * is told to the reader. Whoever never reads ends the source by its own means (a signal).
 */
export function askedEarly<T>(source: AsyncIterable<T>): AsyncIterableIterator<T, unknown> {
  const iterator = source[Symbol.asyncIterator]()
  let first: Promise<IteratorResult<T, unknown>> | undefined = iterator.next()
  first.catch(() => undefined)
  const early: AsyncIterableIterator<T, unknown> = {
    next: () => {
      const asked = first
      first = undefined
      return asked ?? iterator.next()
    },
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]: () => early,
  }
  return early
}
