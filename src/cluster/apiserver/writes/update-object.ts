/** PUT: the body is the wanted state. */
import type { ApiAnswer, ApiRequest } from '../api-request.ts'
import { decodeBody } from '../wire/decode-body.ts'
import { mayCreate } from './may-create.ts'
import type { ServerParts } from '../server-parts.ts'
import { checkPlace } from './settle-change.ts'
import { changeObject, createObject, withDefaults } from './write-object.ts'

/** Answers a PUT, main resource or a subresource that shows the whole object. @throws 400, 404, 409, 422. */
export async function updateObject(parts: ServerParts, request: ApiRequest): Promise<ApiAnswer> {
  const decoded = decodeBody(request, request.resource)
  checkPlace(request, decoded)
  const wanted = withDefaults(parts, request.resource, decoded)
  const isVersioned = !['', '0', undefined].includes(decoded.metadata.resourceVersion)
  const { strategy } = request.resource
  return changeObject(parts, request, {
    repeats: !isVersioned && strategy.unconditionalUpdate,
    next: () => wanted,
    ...(strategy.createOnUpdate && request.subresource === ''
      ? {
          create: async () => {
            await mayCreate(parts, request)
            return createObject(parts, { ...request, verb: 'update' }, decoded)
          },
        }
      : {}),
  })
}
