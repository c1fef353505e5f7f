/** Building images over the Engine API: a context and flags in, the builder's messages out (contract 1.4, classic endpoint). */
import type { Readable } from 'node:stream'
import { parseGoDuration } from '#base/data/duration.ts'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { Query } from '#kit/http/query.ts'
import { decodeAuthMap } from '#spec/docker/auth-header.ts'
import { readFilters } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

/** What the API needs of a builder; supplied by `roles`. */
export interface ImageBuilder {
  /** Builds; what fails before the first message is thrown as the request's error. */
  build(input: {
    readonly query: Query
    readonly credentials: Readonly<Record<string, object>>
    readonly context: Readable
    readonly emit: (message: object) => Promise<void>
    readonly signal: AbortSignal
  }): Promise<void>
  cancel(buildId: string): boolean
  prune(): { readonly CachesDeleted: readonly string[]; readonly SpaceReclaimed: number }
}

async function handleBuild(builder: ImageBuilder, call: ApiCall): Promise<void> {
  const { request, response } = call
  const begin = (): void => {
    if (!response.started) response.start(200, { 'Content-Type': 'application/json' })
  }
  try {
    await builder.build({
      query: request.query,
      credentials: decodeAuthMap(request.headers['x-registry-config']),
      context: request.body,
      signal: request.signal,
      emit: async (message) => {
        begin()
        await response.write(`${JSON.stringify(message)}\r\n`)
      },
    })
  } catch (error) {
    if (!response.started) throw error
    const code =
      error instanceof GantryError && typeof error.details['code'] === 'number' ? { code: error.details['code'] } : {}
    await response.write(
      `${JSON.stringify({ errorDetail: { ...code, message: messageOf(error) }, error: messageOf(error) })}\r\n`,
    )
  }
  begin()
  response.end()
}

/** @throws GantryError for an age that is none. */
function checkUntil(values: readonly string[]): void {
  for (const value of values) {
    try {
      parseGoDuration(value)
    } catch (error) {
      throw new GantryError(
        'ENGINE_FILTER',
        'invalid',
        `failed to prune build cache: "until" filter expects a duration (e.g., '24h'): ${messageOf(error)}`,
        { cause: error },
      )
    }
  }
}

export function buildRoutes(builder: ImageBuilder): ApiRoute[] {
  return [
    { method: 'POST', path: '/build', handler: (call) => handleBuild(builder, call) },
    {
      method: 'POST',
      path: '/build/cancel',
      handler: (call) => {
        builder.cancel(call.request.query.get('id') ?? '')
        call.response.send(204)
      },
    },
    {
      method: 'POST',
      path: '/build/prune',
      handler: (call) => {
        checkUntil(readFilters(call)['until'] ?? [])
        call.response.json(200, builder.prune())
      },
    },
  ]
}
