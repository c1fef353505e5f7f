/** Questions about what a call to the API threw, answered from the Status that the error carries. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Status } from '#spec/kubernetes/objects/objects.ts'

function statusIn(error: unknown): Status | undefined {
  return error instanceof GantryError ? (error.details['status'] as Status | undefined) : undefined
}

const reasonIn =
  (...reasons: readonly string[]) =>
  (error: unknown): boolean =>
    reasons.includes(statusIn(error)?.reason ?? '')

export const isGone: (error: unknown) => boolean = reasonIn('NotFound')
export const isStale: (error: unknown) => boolean = reasonIn('Conflict')
export const isTaken: (error: unknown) => boolean = reasonIn('AlreadyExists')
/** The version that a watch or a page wanted is compacted away: list again. */
export const isExpired: (error: unknown) => boolean = reasonIn('Expired', 'Gone')

/** Nothing can be created in a namespace that is being deleted; trying again is pointless. */
export function isInTerminatingNamespace(error: unknown): boolean {
  return (statusIn(error)?.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
}
