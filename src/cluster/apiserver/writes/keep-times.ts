/** Times of managed fields: they say when a manager last changed something, so a write that changes nothing leaves them. */
import { type ApiObject, equalJson, withMetadata } from '../api-object.ts'

/** The wanted state, with the times of the old one where nothing but times is different (fieldmanager equality, v1.36). */
export function keepTimes(next: ApiObject, old: ApiObject): ApiObject {
  const { managedFields } = old.metadata
  if (managedFields === undefined || isContentChanged(next, old)) return next
  if (!equalJson(timeless(next), timeless(old))) return next
  const kept = withMetadata(next, { managedFields, resourceVersion: old.metadata.resourceVersion })
  return equalJson(kept.metadata, old.metadata) ? withMetadata(next, { managedFields }) : next
}

/** Most writes change the status, which comes last, and none of the rest. */
function isContentChanged(next: ApiObject, old: ApiObject): boolean {
  const members = Object.keys(next)
  if (members.length !== Object.keys(old).length) return true
  return members.findLast((member) => member !== 'metadata' && !equalJson(next[member], old[member])) !== undefined
}

function timeless({ metadata: { managedFields = [] } }: ApiObject): readonly object[] {
  return managedFields.map((entry) => ({ ...entry, time: undefined }))
}
