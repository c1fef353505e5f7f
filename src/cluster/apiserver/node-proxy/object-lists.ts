/** Lists inside objects whose shape is not known. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { objectAt } from '../api-object.ts'

/** The objects in a list, none when there is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly JsonObject[] {
  const list = objectAt(value, ...path.slice(0, -1))[path.at(-1) ?? '']
  return Array.isArray(list) ? (list as readonly JsonObject[]) : []
}
