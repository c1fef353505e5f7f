/**
 * Equality as upstream's semantic comparison has it: an absent list or map equals an empty one, members that are absent
 * equal the zero value that the encoder leaves out, and order counts in lists only.
 */
import { isJsonObject } from '../objects/objects.ts'

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  return isJsonObject(value) && Object.keys(value).length === 0
}

function sameMembers(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  // An empty struct is a value of its own (`emptyDir: {}`), so presence counts where a member is an object.
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) if (!sameMember(a[key], b[key])) return false
  return true
}

function sameMember(a: unknown, b: unknown): boolean {
  const differs = isJsonObject(a) !== isJsonObject(b)
  return differs ? false : sameValue(a, b)
}

/** True when both values mean the same to the API. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isNothing(a) && isNothing(b)) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index]))
  }
  return isJsonObject(a) && isJsonObject(b) && sameMembers(a, b)
}
