/** Changes inside JSON values that copy only what changes: a value without changes is the same value. */
import { setMember } from '../decode/parse-json.ts'
import type { JsonObject } from '../objects/objects.ts'

/** Taken out of its object. */
export const dropped: unique symbol = Symbol('dropped')

/** The object with each member replaced by what `change` answers. */
export function mapMembers(object: JsonObject, change: (name: string, value: unknown) => unknown): JsonObject {
  let copy: Record<string, unknown> | undefined
  const seen: string[] = []
  for (const name of Object.keys(object)) {
    const before = object[name]
    const after = change(name, before)
    if (after !== before && copy === undefined) {
      copy = {}
      for (const earlier of seen) setMember(copy, earlier, object[earlier])
    }
    if (copy === undefined) seen.push(name)
    else if (after !== dropped) setMember(copy, name, after)
  }
  return copy ?? object
}

/** The list with each item replaced by what `change` answers. */
export function mapItems(
  list: readonly unknown[],
  change: (item: unknown, index: number) => unknown,
): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const after = change(list[index], index)
    if (after !== list[index]) copy ??= list.slice(0, index)
    copy?.push(after)
  }
  return copy ?? list
}
