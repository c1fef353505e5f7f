/** Canonical objects show some absent members as null; the checks are written for members that are simply absent. */
import { isJsonObject } from '../objects/objects.ts'

function withoutIn(value: unknown): unknown {
  if (Array.isArray(value)) return withoutInList(value)
  return isJsonObject(value) ? withoutInObject(value) : value
}

function withoutInList(list: readonly unknown[]): readonly unknown[] {
  let out: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    if (typeof item !== 'object') continue
    const kept = withoutIn(item)
    if (kept !== item) (out ??= [...list])[index] = kept
  }
  return out ?? list
}

/** Copies only what changes: hardly any object has a null in it. */
function withoutInObject(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let out: Record<string, unknown> | undefined
  for (const key in object) {
    const member = object[key]
    // The larger half of an object, in which no check looks for more than who, how and when.
    if (key === 'managedFields') continue
    if (member === null) {
      out ??= { ...object }
      Reflect.deleteProperty(out, key)
    } else if (typeof member === 'object') {
      const kept = withoutIn(member)
      if (kept !== member) (out ??= { ...object })[key] = kept
    }
  }
  return out ?? object
}

/** The object without members that are null, the object itself where there are none. */
export function withoutNulls<T>(object: T): T {
  return withoutIn(object) as T
}

/** Two versions of an object as `withoutNulls` gives them; members that both share are gone through once and stay shared. */
export function bothWithoutNulls<T extends object>(object: T, old: T): readonly [object: T, old: T] {
  const oldClean = withoutNulls(old)
  const known = new Map<unknown, unknown>()
  for (const key in old) known.set(old[key], oldClean[key])
  const out = { ...object }
  for (const key in object) {
    const member = object[key]
    if (member === null) Reflect.deleteProperty(out, key)
    else if (typeof member === 'object') out[key] = (known.get(member) ?? withoutIn(member)) as T[typeof key]
  }
  return [out, oldClean]
}
