/** A plugin's no to a pod. */

/** Why a pod cannot go somewhere. `preemptable` false means that no eviction would help. */
export interface Rejection {
  readonly reasons: readonly string[]
  readonly preemptable: boolean
}

/** A rejection that evicting pods may lift. */
export function rejection(...reasons: string[]): Rejection {
  return { reasons, preemptable: true }
}

/** A rejection that evicting pods cannot lift. */
export function finalRejection(...reasons: string[]): Rejection {
  return { reasons, preemptable: false }
}

/** Tells a rejection from what else a plugin may answer. */
export function isRejection(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && 'reasons' in value
}
