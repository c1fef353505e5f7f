/** Certificate signing requests remember who asked; nobody can ask in another's name. */
import { type ApiObject, listAt, objectAt } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const certificateSigningRequestStrategy: Partial<Strategy> = {
  resetFields: { 'f:spec': {}, 'f:status': {} },
  prepareCreate: (request, { user }) => {
    const { uid: _, extra: __, ...spec } = objectAt(request, 'spec')
    return {
      ...request,
      spec: {
        ...spec,
        username: user.name,
        groups: user.groups,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        ...(user.extra === undefined ? {} : { extra: user.extra }),
      },
      status: {},
    }
  },
  prepareUpdate: (next, old) => ({ ...next, spec: old.spec }),
  prepareStatusUpdate: (next, old, { view }) => withTimes(next, old, view.now()),
}

/** Conditions that say not since when get the time, or keep the one that they had. */
function withTimes(next: ApiObject, old: ApiObject, now: string): ApiObject {
  const conditions = listAt(next, 'status', 'conditions')
  if (conditions.length === 0) return next
  const known = listAt(old, 'status', 'conditions')
  const timed = conditions.map((condition) => {
    const same = known.find((one) => one['type'] === condition['type'] && one['status'] === condition['status'])
    return {
      ...condition,
      lastUpdateTime: condition['lastUpdateTime'] ?? now,
      lastTransitionTime: condition['lastTransitionTime'] ?? same?.['lastTransitionTime'] ?? now,
    }
  })
  return { ...next, status: { ...objectAt(next, 'status'), conditions: timed } }
}
