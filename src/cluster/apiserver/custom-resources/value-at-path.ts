/** Values by simple paths: names with dots between. */
import { isJsonObject, type JsonObject } from '#spec/kubernetes/objects/objects.ts'

/** The value, undefined where the path breaks off. */
export function valueAtPath(object: unknown, path: string): unknown {
  let at = object
  for (const name of path.split('.')) {
    if (!isJsonObject(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

/** The object with the value put in, objects on the way made; undefined when something else stands in the way. */
export function withValueAtPath(object: unknown, path: string, value: unknown): JsonObject | undefined {
  const [name = '', ...rest] = path.split('.')
  const base = object ?? {}
  if (!isJsonObject(base)) return undefined
  if (rest.length === 0) return { ...base, [name]: value }
  const inner = withValueAtPath(base[name], rest.join('.'), value)
  return inner === undefined ? undefined : { ...base, [name]: inner }
}
