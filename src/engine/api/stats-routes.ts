/** What a container uses, over the Engine API: stats and top. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { containerStats } from '#engine/stats/container-stats.ts'
import { listContainerProcesses } from '#engine/stats/list-processes.ts'
import { param } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

async function handleStats(parts: EngineParts, call: ApiCall): Promise<void> {
  const { query, signal } = call.request
  const container = parts.book.resolve(param(call, 'id'))
  const stream = query.flag('stream', true)
  const oneShot = call.version.minor >= 41 && query.flag('one-shot')
  if (stream && oneShot)
    throw new GantryError('ENGINE_STATS', 'invalid', 'cannot have stream=true and one-shot=true', {
      remedy: 'Ask for one sample or a stream.',
    })
  call.response.start(200, { 'Content-Type': 'application/json' })
  try {
    for await (const stats of containerStats(parts, container, { stream, oneShot, signal }))
      await call.response.writeJson(stats)
  } catch (error) {
    // The client left between two answers.
    if (!signal.aborted) throw error
  }
  call.response.end()
}

export function statsRoutes(parts: EngineParts): ApiRoute[] {
  return [
    { method: 'GET', path: '/containers/{id}/stats', handler: (call) => handleStats(parts, call) },
    {
      method: 'GET',
      path: '/containers/{id}/top',
      handler: async (call) => {
        const container = parts.book.resolve(param(call, 'id'))
        call.response.json(200, await listContainerProcesses(parts, container, call.request.query.get('ps_args') ?? ''))
      },
    },
  ]
}
