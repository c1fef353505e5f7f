/** `POST /commit`: an image from a container. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { readJson } from '#kit/http/read-body.ts'
import type { ContainerCreateBody } from '#spec/docker/container-config.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { commitContainer } from '#engine/filesystem/commit-container.ts'
import type { ApplyChanges } from '#engine/filesystem/commit-container.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

/** The stock client sends `null` for "as the container has it". */
async function readConfig(call: ApiCall): Promise<ContainerCreateBody | undefined> {
  const value = await readJson(call.request, { empty: null })
  if (value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value))
    throw new GantryError('ENGINE_BODY', 'invalid', 'the body must be a container configuration', {
      remedy: 'Send one JSON object.',
    })
  return Object.keys(value).length === 0 ? undefined : value
}

/** The route table. @param applyChanges what `--change` does, supplied by the builder. */
export function commitRoutes(parts: EngineParts, applyChanges: ApplyChanges): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/commit',
      handler: async (call) => {
        const { query, signal } = call.request
        const text = (key: string): string => query.get(key) ?? ''
        const container = parts.book.resolve(text('container'))
        const id = await commitContainer(parts, container, {
          repository: text('repo'),
          tag: text('tag'),
          author: text('author'),
          comment: text('comment'),
          pause: query.flag('pause', true),
          changes: query.all('changes'),
          config: await readConfig(call),
          applyChanges,
          signal,
        })
        call.response.json(201, { Id: id })
      },
    },
  ]
}
