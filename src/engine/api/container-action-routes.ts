/** Actions on one container that answer 204: start, stop, restart, kill, pause, unpause, rename. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Container } from '#engine/containers/container-book.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { pauseContainer, unpauseContainer } from '#engine/containers/pause-container.ts'
import { restartContainer } from '#engine/containers/restart-container.ts'
import { startContainer } from '#engine/containers/start-container.ts'
import { killContainer, stopContainer } from '#engine/containers/stop-container.ts'
import type { StopOptions } from '#engine/containers/stop-container.ts'
import { renameContainer } from '#engine/containers/update-container.ts'
import { noContent, param } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

type Action = (parts: EngineParts, container: Container, call: ApiCall) => Promise<void>

/** `t` and `signal` of a stop; a missing `t` means what the container says, not zero. */
function stopOptions(call: ApiCall): StopOptions {
  const { query } = call.request
  const signal = query.get('signal') ?? ''
  const seconds = query.get('t') ?? ''
  return {
    ...(seconds === '' ? {} : { timeoutSeconds: query.integer('t', 0) }),
    ...(signal === '' ? {} : { signal }),
  }
}

const actions: Readonly<Record<string, Action>> = {
  start: (parts, container) => startContainer(parts, container),
  stop: (parts, container, call) => stopContainer(parts, container, stopOptions(call)),
  restart: (parts, container, call) => restartContainer(parts, container, stopOptions(call)),
  kill: (parts, container, call) => killContainer(parts, container, call.request.query.get('signal') ?? ''),
  pause: (parts, container) => pauseContainer(parts, container),
  unpause: (parts, container) => unpauseContainer(parts, container),
  rename: (parts, container, call) => renameContainer(parts, container, call.request.query.get('name') ?? ''),
}

/** Docker words this failure for kill alone. */
function requireForKill(parts: EngineParts, id: string): void {
  if (parts.book.find(id) !== undefined) return
  throw new GantryError(
    'ENGINE_NO_SUCH_CONTAINER',
    'not-found',
    `Cannot kill container: ${id}: No such container: ${id}`,
    {
      remedy: 'docker ps -a lists them.',
    },
  )
}

export function containerActionRoutes(parts: EngineParts): ApiRoute[] {
  return Object.entries(actions).map(([name, action]) => ({
    method: 'POST',
    path: `/containers/{id}/${name}`,
    handler: async (call) => {
      const id = param(call, 'id')
      if (name === 'kill') requireForKill(parts, id)
      await action(parts, parts.book.resolve(id), call)
      noContent(call)
    },
  }))
}
