/** Signals to a running container, and waiting for it to end. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseSignal } from '#spec/docker/signals.table.ts'
import { freeze } from '#engine/runtime/cgroups.ts'
import type { Container } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'

/** The signal that cannot be refused. */
export const sigkill = 9

/** The number of a signal as a user wrote it. @throws GantryError invalid "Invalid signal: X". */
export function requireSignal(text: string): number {
  const signal = parseSignal(text)
  if (signal === undefined)
    throw new GantryError('ENGINE_SIGNAL', 'invalid', `Invalid signal: ${text}`, {
      remedy: 'Use a name like SIGTERM or a number.',
    })
  return signal
}

/** Sends a signal to the container's init and tells of it; a frozen container is thawed when it must die. */
export async function signalContainer(parts: EngineParts, container: Container, signal: number): Promise<void> {
  const { pid, startTicks, status } = container.record.state
  if (pid === 0 || (await parts.world.processes.startTicks(pid)) !== startTicks) return
  parts.world.processes.kill(pid, signal)
  if (status === 'paused' && signal === sigkill)
    await freeze(parts.world.files, container.id, {
      parent: container.record.hostConfig.CgroupParent || parts.cgroupParent,
      frozen: false,
    })
  parts.emit({
    type: 'container',
    action: 'kill',
    id: container.id,
    attributes: attributesOf(container.record, { signal: String(signal) }),
  })
}

/** True when the container has ended within `ms` (undefined: however long it takes). */
export async function waitStopped(parts: EngineParts, container: Container, ms: number | undefined): Promise<boolean> {
  const done = (): boolean => !isAlive(container.record.state) || parts.book.find(container.id) === undefined
  if (done()) return true
  const stop = new AbortController()
  const stopped = new Promise<boolean>((resolve) => {
    const listener = (): void => {
      if (done()) resolve(true)
    }
    container.listeners.add(listener)
    stop.signal.addEventListener('abort', () => container.listeners.delete(listener), { once: true })
  })
  try {
    if (ms === undefined) return await stopped
    return await Promise.race([stopped, parts.world.clock.sleep(ms, stop.signal).then(() => false)])
  } finally {
    stop.abort()
  }
}
