/** Roles of namespaces and of the cluster: without a rule they show null, however that was written. */
import type { ApiObject } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const roleStrategy: Partial<Strategy> = {
  prepareCreate: withoutEmptyRules,
  prepareUpdate: withoutEmptyRules,
}

/** Upstream's store keeps no difference between an empty list and none. */
function withoutEmptyRules(role: ApiObject): ApiObject {
  const { rules } = role
  return Array.isArray(rules) && rules.length === 0 ? { ...role, rules: null } : role
}
