/** What steps that rebuild objects from plain JSON work with. */
import type { ApiObject } from '../api-object.ts'
import type { Authorizer } from '../authorization/access.ts'
import type { ServedResource } from '../served-resource.ts'

export interface MutationDeps {
  readonly authorizer: Authorizer
  /** The object with the defaults of its resource. */
  withDefaults(resource: ServedResource, object: ApiObject): ApiObject
}
