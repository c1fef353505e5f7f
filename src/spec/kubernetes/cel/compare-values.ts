/** Equality and order of values (cel-spec: numbers compare across their kinds, different kinds are unequal). */
import type { CallContext } from './cel-function.ts'
import {
  CelDuration,
  CelFailure,
  CelList,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  isCelMap,
  type CelMap,
  type CelValue,
} from './cel-value.ts'

/** Whether two values are equal. Counts its steps. @throws CelFailure when the comparison takes too many. */
export function celEquals(left: CelValue, right: CelValue, context: CallContext): boolean {
  context.work(1)
  if (left === right) return typeof left !== 'number' || !Number.isNaN(left)
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0
  return isObject(left) && isObject(right) && objectsEqual(left, right, context)
}

const isObject = (value: CelValue): value is CelValue & object => typeof value === 'object' && value !== null

function objectsEqual(left: CelValue & object, right: CelValue & object, context: CallContext): boolean {
  if (left instanceof CelList) return right instanceof CelList && listsEqual(left, right, context)
  if (isCelMap(left)) return isCelMap(right) && mapsEqual(left, right, context)
  if (left instanceof CelOptional) return right instanceof CelOptional && optionalsEqual(left, right, context)
  return sameKindEquals(left, right)
}

type CelNumber = bigint | number | CelUint

function isNumber(value: CelValue): value is CelNumber {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof CelUint
}

/** Negative, zero or positive; NaN when one of them is. */
export function compareNumbers(left: CelNumber, right: CelNumber): number {
  const first = left instanceof CelUint ? left.value : left
  const second = right instanceof CelUint ? right.value : right
  if (Number.isNaN(first) || Number.isNaN(second)) return Number.NaN
  if (first < second) return -1
  return first > second ? 1 : 0
}

function sameKindEquals(left: CelValue & object, right: CelValue & object): boolean {
  if (left instanceof Uint8Array) return right instanceof Uint8Array && compareBytes(left, right) === 0
  if (left instanceof CelTimestamp) return right instanceof CelTimestamp && left.nanos === right.nanos
  if (left instanceof CelDuration) return right instanceof CelDuration && left.nanos === right.nanos
  if (left instanceof CelTypeValue) return right instanceof CelTypeValue && left.name === right.name
  return left instanceof CelOpaque && right instanceof CelOpaque && left.equals(right)
}

function optionalsEqual(left: CelOptional, right: CelOptional, context: CallContext): boolean {
  if (left.value === undefined || right.value === undefined) return left.value === right.value
  return celEquals(left.value, right.value, context)
}

function listsEqual(left: CelList, right: CelList, context: CallContext): boolean {
  if (left.length !== right.length) return false
  const kind = left.listKind ?? right.listKind
  if (kind?.kind === 'set') return [...left].every((item) => contains(right, item, context))
  if (kind?.kind === 'map') return [...left].every((item) => hasKeyed(right, item, { keys: kind.keys, context }))
  for (let index = 0; index < left.length; index += 1) {
    if (!celEquals(left.at(index), right.at(index), context)) return false
  }
  return true
}

/** Whether a list has an item equal to a value. */
export function contains(list: CelList, value: CelValue, context: CallContext): boolean {
  for (const item of list) if (celEquals(item, value, context)) return true
  return false
}

function hasKeyed(list: CelList, item: CelValue, how: { keys: readonly string[]; context: CallContext }): boolean {
  for (const other of list) {
    if (sameKeys(item, other, how)) return celEquals(item, other, how.context)
  }
  return false
}

/** Whether two items of a list of type map have equal keys. */
export function sameKeys(
  left: CelValue,
  right: CelValue,
  { keys, context }: { readonly keys: readonly string[]; readonly context: CallContext },
): boolean {
  if (!isCelMap(left) || !isCelMap(right)) return false
  return keys.every((key) => {
    const mine = left.find(key)
    const other = right.find(key)
    return mine === undefined || other === undefined ? mine === other : celEquals(mine, other, context)
  })
}

function mapsEqual(left: CelMap, right: CelMap, context: CallContext): boolean {
  if (left.size !== right.size) return false
  for (const key of left.keys()) {
    const mine = left.find(key)
    const other = right.find(key)
    if (mine === undefined || other === undefined || !celEquals(mine, other, context)) return false
  }
  return true
}

/** Negative, zero or positive by the first bytes that differ, then by length. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index += 1) {
    const difference = (left[index] as number) - (right[index] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Negative, zero or positive by code points, as UTF-8 sorts. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index += 1) {
    const mine = left.charCodeAt(index)
    const other = right.charCodeAt(index)
    // Halves of pairs sort above all other units, since they stand for code points beyond them.
    if (mine !== other) return isHalf(mine) === isHalf(other) ? mine - other : Number(isHalf(mine)) * 2 - 1
  }
  return left.length - right.length
}

const isHalf = (unit: number): boolean => unit >= 0xd8_00 && unit <= 0xdf_ff

/** The order of two values of one kind, or of two numbers; NaN when there is none. @throws CelFailure for values without order. */
export function compareValues(left: CelValue, right: CelValue): number {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right)
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right)
  return compareTimes(left, right)
}

function compareTimes(left: CelValue, right: CelValue): number {
  if (left instanceof CelTimestamp && right instanceof CelTimestamp) return compareNumbers(left.nanos, right.nanos)
  if (left instanceof CelDuration && right instanceof CelDuration) return compareNumbers(left.nanos, right.nanos)
  throw new CelFailure('no such overload')
}
