/** What a strategy may look at beside its object: the cached objects, time, and what services are handed out from. */
import type { Random } from '#world/ports/random.ts'
import type { ApiObject } from '../api-object.ts'
import type { Allocations, NumberRange } from './services/allocations.ts'

export interface StrategyView {
  readonly config: {
    /** Ranges of cluster addresses of services: one, or one of each family, the usual one first. */
    readonly serviceCidrs: readonly string[]
    readonly nodePorts: NumberRange
  }
  readonly allocations: Allocations
  readonly random: Random
  /** RFC 3339, seconds. */
  now(): string
  /** A stored object by collection (`/pods`, `apps/deployments`), in its stored version. */
  find(storage: string, namespace: string, name: string): ApiObject | undefined
  /** All stored objects of a collection, in one namespace or in all (`''`). */
  list(storage: string, namespace: string): readonly ApiObject[]
}
