/** A connection read chunk by chunk, each when it is asked for. */
import type { Duplex } from 'node:stream'

export interface ByteReader {
  /** The next bytes, or undefined at the end. Rejects when the connection failed. */
  next(): Promise<Uint8Array | undefined>
  /** Gives the connection back, paused. */
  release(): void
}

/** Pulls chunks off a connection one by one, so that a slow reader slows the sender. */
export function connectionReader(connection: Duplex): ByteReader {
  const wake = Promise.withResolvers<void>()
  let resolver = wake
  let ended = false
  let failure: Error | undefined
  const poke = (): void => resolver.resolve()
  const onEnd = (): void => {
    ended = true
    poke()
  }
  const onError = (error: Error): void => {
    failure = error
    poke()
  }
  connection.on('readable', poke)
  connection.on('end', onEnd)
  connection.on('close', onEnd)
  connection.on('error', onError)
  return {
    async next() {
      for (;;) {
        const chunk = connection.read() as Uint8Array | null
        if (chunk !== null) return chunk
        if (failure !== undefined) throw failure
        if (ended) return undefined
        resolver = Promise.withResolvers<void>()
        await resolver.promise
      }
    },
    release() {
      connection.off('readable', poke)
      connection.off('end', onEnd)
      connection.off('close', onEnd)
      connection.off('error', onError)
    },
  }
}
