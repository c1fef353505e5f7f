/** Canonical objects show some absent members as null; the checks are written for members that are simply absent. */
import { isJsonObject } from '../objects/objects.ts'

function withoutIn(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutIn)
    return items.every((item, index) => item === value[index]) ? value : items
  }
  if (!isJsonObject(value)) return value
  let isChanged = false
  const out: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const kept = member === null ? undefined : withoutIn(member)
    isChanged ||= kept !== member
    if (kept !== undefined) out[key] = kept
  }
  return isChanged ? out : value
}

/** The object without members that are null, the object itself where there are none. */
export function withoutNulls<T>(object: T): T {
  return withoutIn(object) as T
}
