/** Owners that an object names twice: the second is left out, with a warning (dedupOwnerReferences of k8s.io/apiserver, v1.36). */
import { type ApiObject, equalJson, withMetadata } from '../api-object.ts'
import type { ApiRequest } from '../api-request.ts'

type Owners = NonNullable<ApiObject['metadata']['ownerReferences']>

/** The object with each of its owners once; of others a warning goes to the client, saying where they came from. */
export function dedupOwners(request: Pick<ApiRequest, 'warnings'>, object: ApiObject, isAdmitted: boolean): ApiObject {
  const owners: Owners = object.metadata.ownerReferences ?? []
  if (owners.length < 2) return object
  const isFirst = owners.map((owner, index) => !owners.slice(0, index).some((other) => equalJson(other, owner)))
  if (!isFirst.includes(false)) return object
  const kept = owners.filter((_, index) => isFirst[index])
  const gone = owners.filter((_, index) => !isFirst[index]).map(({ uid }) => uid)
  const where = isAdmitted ? ' after mutating admission happens' : ''
  request.warnings.push(
    `.metadata.ownerReferences contains duplicate entries${where}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${gone.join(', ')}`,
  )
  return withMetadata(object, { ownerReferences: kept })
}
