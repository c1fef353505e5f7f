/** Work with an end. */
import { GantryError } from '#base/errors/gantry-error.ts'

/** The part of the port Clock that deadlines need. */
export interface DeadlineClock {
  setTimer(ms: number, fn: () => void): Disposable
}

export interface DeadlineOptions {
  readonly clock: DeadlineClock
  readonly ms: number
  /** What was awaited, for the error's text. */
  readonly what: string
  readonly signal?: AbortSignal
}

/**
 * Runs `work` with a signal that aborts after `ms` or with the outer signal, and does not wait longer than that
 * even for work that ignores it.
 * @throws GantryError ASYNC_DEADLINE, or the outer signal's reason, or what the work throws.
 */
export async function withDeadline<T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, ms, what, signal } = options
  signal?.throwIfAborted()
  const controller = new AbortController()
  const ended = Promise.withResolvers<never>()
  const end = (reason: unknown): void => {
    controller.abort(reason)
    ended.reject(reason)
  }
  const onAbort = (): void => end(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer = clock.setTimer(ms, () =>
    end(new GantryError('ASYNC_DEADLINE', 'deadline', `${what}: no end after ${ms} ms`)),
  )
  try {
    return await Promise.race([work(controller.signal), ended.promise])
  } finally {
    timer[Symbol.dispose]()
    signal?.removeEventListener('abort', onAbort)
  }
}
