/** Waiting for a slow reader, with an end. */
import type { Writable } from 'node:stream'
import type { Clock } from '#world/ports/clock.ts'
import { clientGone } from './errors.ts'

/** A stream that says when it has room again and when it is gone. */
export type DrainSource = Pick<Writable, 'once' | 'removeListener' | 'destroyed' | 'destroy'>

/**
 * Resolves when a writable has room again. A reader that takes nothing for `stallMs` (0: no limit) is cut off.
 * @throws GantryError HTTP_CLIENT_GONE when the stream closes first.
 */
export function waitForRoom(stream: DrainSource, clock: Clock, stallMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) {
      reject(clientGone())
      return
    }
    const timer = stallMs === 0 ? undefined : clock.setTimer(stallMs, () => stream.destroy())
    const settle = (): void => {
      timer?.[Symbol.dispose]()
      stream.removeListener('drain', onDrain)
      stream.removeListener('close', onClose)
    }
    const onDrain = (): void => {
      settle()
      resolve()
    }
    const onClose = (): void => {
      settle()
      reject(clientGone())
    }
    stream.once('drain', onDrain)
    stream.once('close', onClose)
  })
}
