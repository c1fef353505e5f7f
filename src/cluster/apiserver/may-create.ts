/** Writes that make an object where none is need the right to create it, whatever they are called. */
import type { ApiRequest } from './api-request.ts'
import { subjectOf } from './read-objects.ts'
import type { ServerParts } from './server-parts.ts'
import { forbidden } from './status-errors.ts'

/** @throws 403 with the authorizer's reason. */
export function mayCreate({ authorizer }: Pick<ServerParts, 'authorizer'>, request: ApiRequest): void {
  const { user, resource, namespace, name } = request
  const { group, version, resource: plural } = resource
  const { allowed, reason } = authorizer.decide({
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
  if (!allowed) throw forbidden(subjectOf(request), reason)
}
