/** Keys: which are allowed, how they are ordered, and where a prefix ends. */
import { storeInvalid } from './errors.ts'
import type { KeyRange } from './versioned-store.ts'

/** Longest key, in UTF-16 units. */
export const keyLengthMax = 4096

const wide = /[\ud800-\uffff]/

/**
 * Compares keys as their UTF-8 bytes compare (negative, zero, positive). UTF-16 order differs only where
 * surrogates meet U+E000..U+FFFF, so the slow way is for two keys that both reach above U+D7FF.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  if (wide.test(a) && wide.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : 1
}

/** The least string above every string that begins with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix)
  while (points.length > 0) {
    const last = points.pop()?.codePointAt(0) ?? 0
    if (last === 0xd7ff) return points.join('') + String.fromCodePoint(0xe000)
    if (last < 0x10ffff) return points.join('') + String.fromCodePoint(last + 1)
  }
  return undefined
}

/** A range as bounds: from `start` on, and below `end` when there is one. */
export interface KeyBounds {
  readonly start: string
  readonly end: string | undefined
}

/** Turns a range into bounds; a prefix may be narrowed by `start` and `end`. Throws STORE_INVALID. */
export function boundsOf(range: KeyRange): KeyBounds {
  for (const bound of [range.prefix, range.start, range.end]) {
    if (bound !== undefined && !bound.isWellFormed()) throw storeInvalid('A range bound is not well-formed Unicode.')
  }
  const prefix = range.prefix ?? ''
  const top = prefix === '' ? undefined : prefixEnd(prefix)
  const start = range.start !== undefined && compareKeys(range.start, prefix) > 0 ? range.start : prefix
  const { end = top } = range
  return { start, end: top !== undefined && end !== undefined && compareKeys(end, top) > 0 ? top : end }
}

/** True when `key` lies within the bounds. */
export function isWithin(bounds: KeyBounds, key: string): boolean {
  return compareKeys(key, bounds.start) >= 0 && (bounds.end === undefined || compareKeys(key, bounds.end) < 0)
}

/** Throws STORE_INVALID unless `key` can be stored by every backend: not empty, no NUL, well-formed, not too long. */
export function checkKey(key: string): void {
  if (key === '') throw storeInvalid('A key must not be empty.')
  if (key.length > keyLengthMax) throw storeInvalid(`A key must not be longer than ${keyLengthMax} characters.`)
  if (key.includes('\0')) throw storeInvalid('A key must not contain a NUL character.')
  if (!key.isWellFormed()) throw storeInvalid('A key must be well-formed Unicode.')
}
