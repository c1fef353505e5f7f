/** The authorisers of a server, asked one after the other: nodes by what runs on them, then roles. */
import type { ObjectCache } from '../object-cache.ts'
import type { Access, Authorizer, Decision, UserRules } from './access.ts'
import { decideForNode } from './node-authorizer.ts'
import { Rbac } from './rbac.ts'
import type { User } from '../api-request.ts'

/** Node authorizer and RBAC together. */
export class ServerAuthorizer implements Authorizer {
  readonly rbac: Rbac
  readonly #cache: ObjectCache

  constructor(cache: ObjectCache) {
    this.#cache = cache
    this.rbac = new Rbac(cache)
  }

  decide(access: Access): Decision {
    const ofNode = decideForNode(this.#cache, access)
    if (ofNode.allowed) return ofNode
    const ofRoles = this.rbac.decide(access)
    return ofRoles.allowed || ofNode.reason === '' ? ofRoles : ofNode
  }

  rulesOf(user: User, namespace: string): UserRules {
    return this.rbac.rulesOf(user, namespace)
  }
}

/** Makes the authorizer of a server. */
export function createAuthorizer(cache: ObjectCache): ServerAuthorizer {
  return new ServerAuthorizer(cache)
}
