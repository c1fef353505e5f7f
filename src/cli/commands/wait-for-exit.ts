/** Waits for a container's end over a connection opened before it starts. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { pathOf } from '#clients/docker/engine-client.ts'

export interface ExitWait {
  readonly status: Promise<{ readonly exitCode: number; readonly error?: string }>
}

/** Resolves once the daemon is watching; `status` resolves when the container is gone as `condition` says. */
export async function waitForExit(
  client: EngineClient,
  request: {
    readonly id: string
    readonly condition: 'next-exit' | 'removed' | 'not-running'
    readonly signal?: AbortSignal
  },
): Promise<ExitWait> {
  const query = request.condition === 'not-running' ? {} : { condition: request.condition }
  const reply = await client.stream(
    'POST',
    `/containers${pathOf(request.id)}/wait`,
    request.signal === undefined ? { query } : { query, signal: request.signal },
  )
  const status = read(reply.body as AsyncIterable<Uint8Array>)
  status.catch(() => undefined)
  return { status }
}

async function read(body: AsyncIterable<Uint8Array>): Promise<{ readonly exitCode: number; readonly error?: string }> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  if (text.trim() === '')
    throw new GantryError('DOCKER_CLIENT_CLOSED', 'unavailable', 'unexpected EOF', {
      remedy: 'The engine went away: when it is back, ask for the state with inspect.',
    })
  const { StatusCode: exitCode, Error: error } = JSON.parse(text) as {
    readonly StatusCode: number
    readonly Error?: { readonly Message?: string } | null
  }
  const message = error?.Message ?? ''
  return message === '' ? { exitCode } : { exitCode, error: message }
}
