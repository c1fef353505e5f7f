/** When layers are settled: some time after the first that is not, so that a burst of them is synced once. */
import type { Clock } from '#world/ports/clock.ts'

/** The kernel writes by itself within half a minute; waiting for that makes the sync cheap. */
const settleAfterMs = 30_000

export interface Settling extends AsyncDisposable {
  /** There is something to settle. */
  touch(): void
}

/** Calls `settle` after a while of each `touch` that found nothing planned; ends with the disposal, without a last call. */
export function createSettling(clock: Clock, settle: () => Promise<void>): Settling {
  let planned: Disposable | undefined
  let running: Promise<void> = Promise.resolve()
  let ended = false
  const run = (): void => {
    planned = undefined
    // What could not be settled now is doubted after a power cut, no more.
    running = settle().catch(() => undefined)
  }
  return {
    touch() {
      if (!ended) planned ??= clock.setTimer(settleAfterMs, run)
    },
    async [Symbol.asyncDispose]() {
      ended = true
      planned?.[Symbol.dispose]()
      await running
    },
  }
}
