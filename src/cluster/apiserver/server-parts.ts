/** What the handlers of one server work with. */
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { Defaulter } from '#spec/kubernetes/defaults/apply-defaults.ts'
import type { Admission } from './admission/admission.ts'
import type { ApiAnswer, ApiRequest } from './api-request.ts'
import type { Audit } from './audit/audit-trail.ts'
import type { AuthenticationParts } from './authentication/authenticate.ts'
import type { Authorizer } from './authorization/access.ts'
import type { ClusterView } from './cluster-view.ts'
import type { EventLeases } from './writes/event-leases.ts'
import type { ObjectCache } from './cache/object-cache.ts'
import type { HealthCheck } from './documents/health-checks.ts'
import type { ServedResources } from './served-resource.ts'
import type { ObjectValidation } from './writes/object-validation.ts'

export interface ServerParts extends AuthenticationParts {
  readonly authorizer: Authorizer
  readonly store: VersionedStore
  readonly cache: ObjectCache
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly view: ClusterView
  readonly resources: ServedResources
  readonly defaulter: Defaulter
  readonly admission: Admission
  readonly validation: ObjectValidation
  readonly eventLeases: EventLeases
  readonly audit: Audit | undefined
  /** What component statuses tell of. */
  readonly components: readonly HealthCheck[]
  /** True for a stored version that is to be written anew even when nothing changes: it is sealed with an old key. */
  readonly isStale: ((key: string, revision: number) => boolean) | undefined
}

/** Answers one request that is not a watch and needs no connection of its own. */
export type AnswerRequest = (parts: ServerParts, request: ApiRequest) => Promise<ApiAnswer>
