/** What a kubelet sends of a pod's status: only what changed, and `null` for what a condition says no more. Pure. */
import type { PodCondition, PodStatus } from '#spec/kubernetes/objects/core-v1.generated.ts'

/** A strategic merge patch of the status. */
export type StatusPatch = Readonly<Record<string, unknown>>

type Members = Readonly<Record<string, unknown>>

const toldBy = ['reason', 'message'] as const

/**
 * The strategic merge patch that makes `now` of `before`, which the API holds; undefined where that says it all already.
 * Fields and conditions that `now` does not have stay: others may have written them.
 */
export function statusPatch(before: PodStatus | undefined, now: PodStatus): StatusPatch | undefined {
  const known: Readonly<Record<string, unknown>> = { ...before }
  const patch: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(now)) if (!isSame(known[key], value)) patch[key] = value
  if (patch['conditions'] !== undefined) patch['conditions'] = changedConditions(before?.conditions, now.conditions)
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** Conditions merge by type: a reason that is only left out would outlive what it explains. */
function changedConditions(
  before: readonly PodCondition[] = [],
  now: readonly PodCondition[] = [],
): readonly Readonly<Record<string, unknown>>[] {
  const known = new Map(before.map((condition) => [condition.type, condition]))
  return now
    .filter((condition) => !isSame(known.get(condition.type), condition))
    .map((condition) => {
      const previous = known.get(condition.type)
      const gone = toldBy.filter((field) => condition[field] === undefined && previous?.[field] !== undefined)
      return { ...condition, ...Object.fromEntries(gone.map((field) => [field, null])) }
    })
}

/** Equal but for fields that are null, undefined or empty on either side, which the API may leave out or fill in. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const left = a as Members
  const right = b as Members
  return (
    Object.keys(right).every((key) => isNothing(right[key]) || isSame(left[key], right[key])) &&
    Object.keys(left).every((key) => isNothing(left[key]) || !isNothing(right[key]))
  )
}

/** Null, undefined, empty, or with nothing but such members. */
function isNothing(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === undefined || value === null
  const members = value as Members
  for (const key in members) if (!isNothing(members[key])) return false
  return true
}
