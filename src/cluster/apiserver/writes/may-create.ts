/** Writes that make an object where none is need the right to create it, whatever they are called. */
import type { ApiRequest } from '../api-request.ts'
import { subjectOf } from '../read-objects.ts'
import type { ServerParts } from '../server-parts.ts'
import { forbidden, internalError } from '../status-errors.ts'

/** @throws 403 with the authorizer's reason, 500 where none could tell. */
export async function mayCreate({ authorizer }: Pick<ServerParts, 'authorizer'>, request: ApiRequest): Promise<void> {
  const { user, resource, namespace, name } = request
  const { group, version, resource: plural } = resource
  const { allowed, reason, error } = await authorizer.decide({
    user,
    verb: 'create',
    isResource: true,
    group,
    version,
    resource: plural,
    subresource: '',
    namespace,
    name,
    path: '',
  })
  if (!allowed && error !== undefined) throw internalError(error)
  if (!allowed) throw forbidden(subjectOf(request), reason)
}
