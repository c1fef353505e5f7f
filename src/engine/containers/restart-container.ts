/** Restart by hand: a stop if it runs, then a start. */
import type { Container } from './container-book.ts'
import { isAlive } from './container-record.ts'
import type { EngineParts } from './engine-parts.ts'
import { attributesOf } from './event-attributes.ts'
import { startContainer } from './start-container.ts'
import { stopQuietly } from './stop-container.ts'
import type { StopOptions } from './stop-container.ts'

/** Stops it if it runs, and starts it (Engine API `POST /containers/{id}/restart`). */
export async function restartContainer(
  parts: EngineParts,
  container: Container,
  options: StopOptions = {},
): Promise<void> {
  const { state, hostConfig } = container.record
  if (isAlive(state) || state.status === 'restarting') {
    // An --rm container that is restarted must not remove itself in between.
    container.restarting = hostConfig.AutoRemove
    try {
      await stopQuietly(parts, container, options)
    } finally {
      container.restarting = false
    }
  }
  await startContainer(parts, container)
  parts.emit({ type: 'container', action: 'restart', id: container.id, attributes: attributesOf(container.record) })
}
