/** The small checks that the validation of every kind is built from. Each answers the errors, none when all is well. */
import { sortedKeys } from '../decode/sorted-keys.ts'
import { invalid, notSupported, required, type FieldError } from './field-errors.ts'
import type { Path } from './field-path.ts'

/** Upstream's text for values that may never change. */
export const immutableText = 'field is immutable'
/** Upstream's text for values below zero. */
export const negativeText = 'must be greater than or equal to 0'

type Messages = (value: string) => readonly string[]

/** An invalid error for each thing that a format finds wrong with a text. */
export function matches(at: Path, value: string, format: Messages): FieldError[] {
  const problems = format(value)
  return problems.length === 0 ? [] : problems.map((text) => invalid(at, value, text))
}

/** As `matches`, for a text that may be absent or empty. */
export function matchesIfSet(at: Path, value: string | undefined, format: Messages): FieldError[] {
  return value === undefined || value === '' ? [] : matches(at, value, format)
}

/** As `matches`, for a text that must be there: an empty one is only reported as missing. */
export function requiredMatches(at: Path, value: string | undefined, format: Messages): FieldError[] {
  return value === undefined || value === '' ? [required(at)] : matches(at, value, format)
}

/** An error when a text is missing or empty. */
export function requiredText(at: Path, value: string | undefined, detail: string = ''): FieldError[] {
  return value === undefined || value === '' ? [required(at, detail)] : []
}

function add(errors: FieldError[], more: readonly FieldError[]): void {
  for (const error of more) errors.push(error)
}

/** The errors of several checks, one after the other. */
export function joined(...lists: readonly (readonly FieldError[])[]): FieldError[] {
  const errors: FieldError[] = []
  for (const list of lists) add(errors, list)
  return errors
}

/** Nobody reads more of one list or map; wording hundreds of thousands would hold everybody up. */
const errorsMax = 1000

/** The errors of every element of a list, each at its index. */
export function each<T>(
  at: Path,
  list: readonly T[] | undefined,
  check: (item: T, at: Path, index: number) => readonly FieldError[],
): FieldError[] {
  const errors: FieldError[] = []
  if (list === undefined) return errors
  for (let i = 0; i < list.length && errors.length < errorsMax; i++) add(errors, check(list[i] as T, at.index(i), i))
  return errors
}

/** The errors of every entry of a map, each at its key, by ascending key. */
export function eachEntry<T>(
  at: Path,
  map: Readonly<Record<string, T>> | undefined,
  check: (key: string, value: T, at: Path) => readonly FieldError[],
): FieldError[] {
  const errors: FieldError[] = []
  if (map === undefined) return errors
  for (const key of sortedKeys(map)) {
    if (errors.length >= errorsMax) break
    add(errors, check(key, map[key] as T, at.key(key)))
  }
  return errors
}

/** The errors of a value that may be absent. */
export function ifSet<T>(
  value: T | undefined | null,
  check: (value: T) => readonly FieldError[],
): readonly FieldError[] {
  return value === undefined || value === null ? [] : check(value)
}

/** A text that must be one of a list; printed in the order given. Empty counts as unsupported. */
export function oneOf(at: Path, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value !== undefined && supported.includes(value) ? [] : [notSupported(at, value ?? '', supported)]
}

/** As `oneOf`; empty is reported as missing. */
export function requiredOneOf(at: Path, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined || value === '' ? [required(at)] : oneOf(at, value, supported)
}

/** As `oneOf` where the field may be absent (a pointer upstream: an empty text is unsupported). */
export function oneOfIfSet(at: Path, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined ? [] : oneOf(at, value, supported)
}

/** A number that may not be below zero; absent counts as zero. */
export function nonNegative(at: Path, value: number | undefined): FieldError[] {
  return (value ?? 0) < 0 ? [invalid(at, value, negativeText)] : []
}

/** A number that must be above zero. */
export function positive(at: Path, value: number): FieldError[] {
  return value > 0 ? [] : [invalid(at, value, 'must be greater than zero')]
}

/** Upstream's text for a range. */
export function rangeText(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`
}

/** A number within a range, both ends included. */
export function inRange(at: Path, value: number, [min, max]: readonly [min: number, max: number]): FieldError[] {
  return value >= min && value <= max ? [] : [invalid(at, value, rangeText(min, max))]
}

/** A port number. */
export function portNumber(at: Path, value: number): FieldError[] {
  return inRange(at, value, [1, 65535])
}

/** True for a text of more bytes in UTF-8. */
export function isLongerThan(text: string, bytesMax: number): boolean {
  // A character is one to three bytes for each of its units, so that most texts need not be counted.
  return text.length > bytesMax || (text.length * 3 > bytesMax && byteLength(text) > bytesMax)
}

/** Length in bytes of UTF-8, which is what upstream's limits count. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

/** True for a list or map without entries, or for none at all. */
export function isEmpty(value: object | undefined | null): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}
