/** Comparing statuses as the server stores them: what is zero or empty is left out. */
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'

/** True when two statuses mean the same. */
export function isSameStatus(a: object | undefined, b: object | undefined): boolean {
  return equalValues(withoutEmpty(a), withoutEmpty(b))
}

function withoutEmpty(status: object | undefined): object {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === 0 || value === '' || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
