/** The authorisers that need nobody outside, by the types that `--authorization-mode` names. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import type { Authorizer, UserRules } from './access.ts'
import { decideForNode, nodeOf } from './node-authorizer.ts'
import type { Rbac } from './rbac.ts'

interface Parts {
  readonly cache: ObjectCache
  readonly rbac: Rbac
}

const noRules: UserRules = { resourceRules: [], nonResourceRules: [] }
const allRules: UserRules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}
const rulesOfNode: UserRules = {
  ...noRules,
  incomplete: true,
  error: 'node authorizer does not support user rule resolution',
}

const builtIn: Readonly<Record<string, (parts: Parts) => Authorizer>> = {
  Node: ({ cache }) => ({
    decide: (access) => decideForNode(cache, access),
    rulesOf: (user) => ((nodeOf(user) ?? '') === '' ? noRules : rulesOfNode),
  }),
  RBAC: ({ rbac }) => rbac,
  AlwaysAllow: () => ({ decide: () => ({ allowed: true, reason: '' }), rulesOf: () => allRules }),
  AlwaysDeny: () => ({
    decide: () => ({ allowed: false, reason: 'Everything is forbidden.' }),
    rulesOf: () => noRules,
  }),
}

/** The types, as a wrong one is answered with. */
export const builtInAuthorizerTypes: readonly string[] = Object.keys(builtIn)

/** Makes an authoriser. @throws GantryError for a type that there is not. */
export function builtInAuthorizer(type: string, parts: Parts): Authorizer {
  const make = builtIn[type]
  if (make !== undefined) return make(parts)
  throw new GantryError('APISERVER_AUTHORIZER_UNKNOWN', 'invalid', `unknown authorization mode ${type} specified`, {
    remedy: `Use one of ${[...builtInAuthorizerTypes, 'Webhook'].join(', ')}.`,
  })
}
