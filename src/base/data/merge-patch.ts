/** JSON Merge Patch (RFC 7386): applying one, and making the one between two documents. Values are never changed in place. */
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals, setOwn } from './json-value.ts'

/** The document after the patch: null removes a member, objects merge, anything else replaces. */
export function applyMergePatch(document: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch
  const result: JsonObject = isJsonObject(document) ? { ...document } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key)
    else setOwn(result, key, applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value))
  }
  return result
}

/** The patch that turns `before` into `after`, or undefined when they are equal. A null inside `after` cannot be expressed and is left out. */
export function createMergePatch(before: JsonValue, after: JsonValue): JsonValue | undefined {
  if (jsonEquals(before, after)) return undefined
  if (!isJsonObject(before) || !isJsonObject(after)) return after
  const patch: JsonObject = {}
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) setOwn(patch, key, null)
  for (const [key, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, key)) setOwn(patch, key, value)
    else {
      const change = createMergePatch(before[key] ?? null, value)
      if (change !== undefined) setOwn(patch, key, change)
    }
  }
  return patch
}
