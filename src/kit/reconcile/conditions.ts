/** Conditions in statuses: lists of `{type, status, reason, message, lastTransitionTime}` with one entry a type. */

/** What all condition types have in common. */
export interface AnyCondition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

/** The condition of a type, if there is one. */
export function conditionOf<C extends AnyCondition>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/** True when the condition is there and "True". */
export function isConditionTrue(conditions: readonly AnyCondition[] | undefined, type: string): boolean {
  return conditionOf(conditions, type)?.status === 'True'
}

/**
 * The list with a condition put in. Its transition time stays while its status stays. The same list when nothing but
 * times would change.
 */
export function withCondition<C extends AnyCondition>(conditions: readonly C[] | undefined, next: C): readonly C[] {
  const known = conditionOf(conditions, next.type)
  if (known !== undefined && isSame(known, next)) return conditions ?? []
  const merged =
    known !== undefined && known.status === next.status && known.lastTransitionTime !== undefined
      ? { ...next, lastTransitionTime: known.lastTransitionTime }
      : next
  if (known === undefined) return [...(conditions ?? []), merged]
  return (conditions ?? []).map((condition) => (condition.type === next.type ? merged : condition))
}

/** The list without a type; the same list when it has none. */
export function withoutCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): readonly C[] {
  const list = conditions ?? []
  return conditionOf(list, type) === undefined ? list : list.filter((condition) => condition.type !== type)
}

function isSame(a: AnyCondition, b: AnyCondition): boolean {
  return a.status === b.status && (a.reason ?? '') === (b.reason ?? '') && (a.message ?? '') === (b.message ?? '')
}
