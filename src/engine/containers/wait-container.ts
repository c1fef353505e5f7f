/** Waiting for a container: until it does not run, until its next end, until it is gone. */
import type { Container } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'

export type WaitCondition = 'not-running' | 'next-exit' | 'removed'

export interface WaitResult {
  readonly exitCode: number
  /** What kept it from running or from being removed; undefined: nothing. */
  readonly error: string | undefined
}

/**
 * Resolves when the condition holds (Engine API `POST /containers/{id}/wait`).
 * A container that restarts counts as running, as with Docker.
 */
export function waitContainer(
  parts: EngineParts,
  container: Container,
  options: { readonly condition: WaitCondition; readonly signal: AbortSignal },
): Promise<WaitResult> {
  const { condition, signal } = options
  const initialFinish = container.record.state.finishedAt
  const result = (): WaitResult | undefined => {
    const { state } = container.record
    const gone = parts.book.find(container.id) === undefined
    const settled = !isAlive(state) && state.status !== 'restarting'
    const holds =
      gone ||
      (condition === 'not-running' && settled && !(container.removing && container.record.hostConfig.AutoRemove)) ||
      (condition === 'next-exit' && state.finishedAt !== initialFinish && settled)
    return holds ? { exitCode: state.exitCode, error: undefined } : undefined
  }
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      container.listeners.delete(check)
      signal.removeEventListener('abort', abort)
    }
    const abort = (): void => {
      stop()
      reject(signal.reason)
    }
    const check = (): void => {
      const found = result()
      if (found === undefined) return
      stop()
      resolve(found)
    }
    if (signal.aborted) return abort()
    container.listeners.add(check)
    signal.addEventListener('abort', abort, { once: true })
    check()
    return undefined
  })
}
