/** Objects as the pipeline handles them: immutable JSON, with the few changes to metadata that many steps make. */
import type { KubernetesObject, ObjectMeta } from '#spec/kubernetes/objects/objects.ts'
import { formatTime } from '#spec/kubernetes/decode/time-text.ts'
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'

/** Any object with its other members at hand. */
export interface ApiObject extends KubernetesObject {
  readonly [member: string]: unknown
}

/** The object with some metadata replaced; `undefined` takes a member out. */
export function withMetadata<T extends KubernetesObject>(
  object: T,
  changes: { readonly [Name in keyof ObjectMeta]?: ObjectMeta[Name] | undefined },
): T {
  const metadata: Record<string, unknown> = { ...object.metadata }
  for (const [name, value] of Object.entries(changes)) {
    if (value !== undefined) metadata[name] = value
    // Not where there is nothing: the engine keeps an object that something was taken out of in a slower form.
    else if (name in metadata) Reflect.deleteProperty(metadata, name)
  }
  return { ...object, metadata }
}

/** The object with one member replaced or, for `undefined`, taken out. */
export function withMember<T extends object>(object: T, name: string, value: unknown): T {
  if (value !== undefined) return { ...object, [name]: value }
  const { [name]: _, ...rest } = object as Record<string, unknown>
  return rest as T
}

/** A member that should be an object, or an empty one. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  let at: unknown = value
  for (const name of path) at = isJsonObject(at) ? at[name] : undefined
  return isJsonObject(at) ? at : {}
}

/** A member that should be a list of objects, or an empty one. */
export function listAt(value: unknown, ...path: readonly string[]): readonly JsonObject[] {
  const last = path.at(-1) ?? ''
  const list = objectAt(value, ...path.slice(0, -1))[last]
  return Array.isArray(list) ? (list as readonly unknown[]).filter(isJsonObject) : []
}

/** A member that should be text, or `''`. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const last = path.at(-1) ?? ''
  const text = objectAt(value, ...path.slice(0, -1))[last]
  return typeof text === 'string' ? text : ''
}

/** JSON equality; member order does not count, absent and undefined are the same. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && equalItems(a, b)
  return !Array.isArray(b) && equalMembers(a as JsonObject, b as JsonObject)
}

function equalItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => equalJson(item, b[index]))
}

function equalMembers(left: JsonObject, right: JsonObject): boolean {
  let count = 0
  for (const key in left) {
    if (left[key] === undefined) continue
    count++
    if (!equalJson(left[key], right[key])) return false
  }
  for (const key in right) if (right[key] !== undefined) count--
  return count === 0
}

/** RFC 3339 in seconds, as metadata carries times. */
export function timeText(epochMs: number): string {
  return formatTime({ seconds: Math.floor(epochMs / 1000), nanos: 0 }) ?? ''
}
