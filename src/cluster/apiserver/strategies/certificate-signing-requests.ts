/** Certificate signing requests remember who asked; nobody can ask in another's name. */
import { objectAt } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const certificateSigningRequestStrategy: Partial<Strategy> = {
  prepareCreate: (request, { user }) => ({
    ...request,
    spec: {
      ...objectAt(request, 'spec'),
      username: user.name,
      groups: user.groups,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      ...(user.extra === undefined ? {} : { extra: user.extra }),
    },
    status: {},
  }),
  prepareUpdate: (next, old) => ({ ...next, spec: old.spec }),
}
