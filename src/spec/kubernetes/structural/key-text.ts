/** Values as text that is equal for equal values: members in order of their names. */
import { isJsonObject } from '../objects/objects.ts'

/** JSON with sorted members. */
export function keyText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(keyText).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${keyText(value[name])}`)
  return `{${members.join(',')}}`
}
