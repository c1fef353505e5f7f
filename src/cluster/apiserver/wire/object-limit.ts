/**
 * How many objects there may be in one: the smallest take two bytes of a body, and each is filled in and checked, so that a few
 * megabytes of them would hold up everybody else for minutes. What the store takes has far fewer.
 */
import { tooLarge } from '../status-errors.ts'

const objectsMax = 50_000
const objectBytesMin = 2

/** @param sizeBytes of the body that a value was read from, where it is known: small ones are not looked at. @throws 413. */
export function limitObjects(value: unknown, sizeBytes: number = Infinity): void {
  if (sizeBytes < objectsMax * objectBytesMin) return
  if (objectsIn(value, objectsMax) > objectsMax)
    throw tooLarge(`Request entity too large: the allowed maximum of objects in one is ${objectsMax}`)
}

/** The objects in a value; counting ends beyond `max`. */
function objectsIn(value: unknown, max: number): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = Array.isArray(value) ? 0 : 1
  for (const item of Array.isArray(value) ? (value as readonly unknown[]) : Object.values(value)) {
    count += objectsIn(item, max - count)
    if (count > max) break
  }
  return count
}
