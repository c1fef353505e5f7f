/** Gantry's own route beside Docker's: base images made on this machine, where no registry is to pull them from. */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { Images } from '#images/images.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

async function handleBootstrap(images: Images, call: ApiCall): Promise<void> {
  const { request, response } = call
  response.start(200, { 'Content-Type': 'application/json' })
  try {
    const { id, references } = await images.bootstrap({
      name: request.query.get('name') ?? '',
      tags: request.query.all('tag'),
      signal: request.signal,
      onProgress: (line) => response.push(`${JSON.stringify({ stream: `${line}\n` })}\n`),
    })
    await response.writeJson({ aux: { ID: id, References: references } })
  } catch (error) {
    await response.writeJson({ errorDetail: { message: messageOf(error) }, error: messageOf(error) })
  }
  response.end()
}

/** `POST /gantry/images/bootstrap?name=node:7`: progress as Docker streams it, at the end the id and references in `aux`. */
export function bootstrapRoutes(images: Images): ApiRoute[] {
  return [{ method: 'POST', path: '/gantry/images/bootstrap', handler: (call) => handleBootstrap(images, call) }]
}
