/** Starts containers again after their back-off. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Container } from './container-book.ts'
import type { EngineParts } from './engine-parts.ts'

/** The start, handed in: starting leads to supervising, which leads here. */
export type StartAgain = (parts: EngineParts, container: Container) => Promise<void>

export interface RestartWish {
  readonly delayMs: number
  readonly startAgain: StartAgain
}

/** Starts a container again after its back-off, unless somebody stops or removes it first. */
export function scheduleRestart(parts: EngineParts, container: Container, { delayMs, startAgain }: RestartWish): void {
  const pending = new AbortController()
  container.pendingRestart = pending
  container.lastRestartDelayMs = delayMs
  const again = async (): Promise<void> => {
    await parts.world.clock.sleep(delayMs, pending.signal)
    if (container.removing || container.record.state.status !== 'restarting') return
    container.pendingRestart = undefined
    await parts.book.update(container, { state: { restartCount: container.record.state.restartCount + 1 } })
    await startAgain(parts, container)
  }
  void again().catch(async (error: unknown) => {
    if (pending.signal.aborted) return
    parts.log.warn('a container could not be restarted', { container: container.id, error })
    const code = error instanceof GantryError ? error.code : ''
    if (code !== 'ENGINE_ALREADY_RUNNING' && container.record.state.status === 'restarting') {
      await parts.book.update(container, { state: { status: 'exited' } })
    }
  })
}
