/** Arithmetic, comparison, logic, indexing and size (cel-spec, standard definitions; overflow is an error). */
import { listLengthMax, stringLengthMax } from '../cel-limits.ts'
import { declare, fail, isArgument, type CallContext, type CelOverload } from '../cel-function.ts'
import {
  CelDuration,
  CelList,
  CelTimestamp,
  CelUint,
  costSizeOf,
  fitsInt,
  fitsUint,
  mapKeyText,
  type CelMap,
  type CelValue,
} from '../cel-value.ts'
import { celEquals, compareValues, contains, sameKeys } from '../compare-values.ts'
import { celToJson } from '../read-json.ts'
import { isTimestampInRange } from '../time-values.ts'

function int(value: bigint): bigint {
  return fitsInt(value) ? value : fail('integer overflow')
}
function uint(value: bigint): CelUint {
  return fitsUint(value) ? new CelUint(value) : fail('unsigned integer overflow')
}
function duration(nanos: bigint): CelDuration {
  return fitsInt(nanos) ? new CelDuration(nanos) : fail('duration overflow')
}
function timestamp(nanos: bigint): CelTimestamp {
  return isTimestampInRange(nanos) ? new CelTimestamp(nanos) : fail('timestamp overflow')
}

type IntRule = (left: bigint, right: bigint) => bigint

const ints = (rule: IntRule) => (args: readonly CelValue[]) => int(rule(args[0] as bigint, args[1] as bigint))
const uints = (rule: IntRule) => (args: readonly CelValue[]) =>
  uint(rule((args[0] as CelUint).value, (args[1] as CelUint).value))
const doubles = (rule: (left: number, right: number) => number) => (args: readonly CelValue[]) =>
  rule(args[0] as number, args[1] as number)

const nanosOf = (value: CelValue | undefined): bigint => (value as CelTimestamp).nanos

const divide: IntRule = (left, right) => (right === 0n ? fail('division by zero') : left / right)
const remainder: IntRule = (left, right) => (right === 0n ? fail('modulus by zero') : left % right)

/** Two texts after each other. @throws CelFailure when the result is too long to hold. */
export function joinText(left: string, right: string): string {
  return left.length + right.length > stringLengthMax ? fail('string size limit exceeded') : left + right
}

function joinBytes(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length + right.length > stringLengthMax) fail('bytes size limit exceeded')
  const all = new Uint8Array(left.length + right.length)
  all.set(left)
  all.set(right, left.length)
  return all
}

/** Two lists as one: appended, or merged as their schema's list type says. */
export function joinLists(left: CelList, right: CelList, context: CallContext): CelList {
  if (left.length + right.length > listLengthMax) fail('list size limit exceeded')
  const kind = left.listKind
  const items = [...left]
  context.work(left.length + right.length)
  if (kind?.kind === 'set') {
    for (const item of right) if (!contains(left, item, context)) items.push(item)
    return new CelList(items, undefined, kind)
  }
  if (kind?.kind === 'map') {
    for (const item of right) {
      const at = items.findIndex((mine) => sameKeys(mine, item, { keys: kind.keys, context }))
      if (at === -1) items.push(item)
      else items[at] = item
    }
    return new CelList(items, undefined, kind)
  }
  for (const item of right) items.push(item)
  return new CelList(items)
}

const additions: readonly CelOverload[] = [
  declare(
    '_+_(int, int) int',
    'add_int64',
    ints((left, right) => left + right),
  ),
  declare(
    '_+_(uint, uint) uint',
    'add_uint64',
    uints((left, right) => left + right),
  ),
  declare(
    '_+_(double, double) double',
    'add_double',
    doubles((left, right) => left + right),
  ),
  declare('_+_(string, string) string', 'add_string', ([left, right]) => joinText(left as string, right as string)),
  declare('_+_(bytes, bytes) bytes', 'add_bytes', ([left, right]) =>
    joinBytes(left as Uint8Array, right as Uint8Array),
  ),
  declare('_+_(list(A), list(A)) list(A)', 'add_list', ([left, right], context) =>
    joinLists(left as CelList, right as CelList, context),
  ),
  declare('_+_(timestamp, duration) timestamp', 'add_timestamp_duration', ([left, right]) =>
    timestamp(nanosOf(left) + nanosOf(right)),
  ),
  declare('_+_(duration, timestamp) timestamp', 'add_duration_timestamp', ([left, right]) =>
    timestamp(nanosOf(left) + nanosOf(right)),
  ),
  declare('_+_(duration, duration) duration', 'add_duration_duration', ([left, right]) =>
    duration(nanosOf(left) + nanosOf(right)),
  ),
]

const arithmetic: readonly CelOverload[] = [
  declare(
    '_-_(int, int) int',
    'subtract_int64',
    ints((left, right) => left - right),
  ),
  declare(
    '_-_(uint, uint) uint',
    'subtract_uint64',
    uints((left, right) => left - right),
  ),
  declare(
    '_-_(double, double) double',
    'subtract_double',
    doubles((left, right) => left - right),
  ),
  declare('_-_(timestamp, timestamp) duration', 'subtract_timestamp_timestamp', ([left, right]) =>
    duration(nanosOf(left) - nanosOf(right)),
  ),
  declare('_-_(timestamp, duration) timestamp', 'subtract_timestamp_duration', ([left, right]) =>
    timestamp(nanosOf(left) - nanosOf(right)),
  ),
  declare('_-_(duration, duration) duration', 'subtract_duration_duration', ([left, right]) =>
    duration(nanosOf(left) - nanosOf(right)),
  ),
  declare(
    '_*_(int, int) int',
    'multiply_int64',
    ints((left, right) => left * right),
  ),
  declare(
    '_*_(uint, uint) uint',
    'multiply_uint64',
    uints((left, right) => left * right),
  ),
  declare(
    '_*_(double, double) double',
    'multiply_double',
    doubles((left, right) => left * right),
  ),
  declare('_/_(int, int) int', 'divide_int64', ints(divide)),
  declare('_/_(uint, uint) uint', 'divide_uint64', uints(divide)),
  declare(
    '_/_(double, double) double',
    'divide_double',
    doubles((left, right) => left / right),
  ),
  declare('_%_(int, int) int', 'modulo_int64', ints(remainder)),
  declare('_%_(uint, uint) uint', 'modulo_uint64', uints(remainder)),
  declare('-_(int) int', 'negate_int64', ([value]) => int(-(value as bigint))),
  declare('-_(double) double', 'negate_double', ([value]) => -(value as number)),
]

const orderings: readonly (readonly [string, string, (order: number) => boolean])[] = [
  ['_<_', 'less', (order) => order < 0],
  ['_<=_', 'less_equals', (order) => order <= 0],
  ['_>_', 'greater', (order) => order > 0],
  ['_>=_', 'greater_equals', (order) => order >= 0],
]
const orderedPairs: readonly (readonly [string, string, string])[] = [
  ['bool', 'bool', 'bool'],
  ['int', 'int', 'int64'],
  ['int', 'double', 'int64_double'],
  ['int', 'uint', 'int64_uint64'],
  ['uint', 'uint', 'uint64'],
  ['uint', 'double', 'uint64_double'],
  ['uint', 'int', 'uint64_int64'],
  ['double', 'double', 'double'],
  ['double', 'int', 'double_int64'],
  ['double', 'uint', 'double_uint64'],
  ['string', 'string', 'string'],
  ['bytes', 'bytes', 'bytes'],
  ['timestamp', 'timestamp', 'timestamp'],
  ['duration', 'duration', 'duration'],
]

const comparisons: readonly CelOverload[] = orderings.flatMap(([name, prefix, holds]) =>
  orderedPairs.map(([left, right, suffix]) =>
    declare(`${name}(${left}, ${right}) bool`, `${prefix}_${suffix}`, (args) =>
      holds(compareValues(args[0] as CelValue, args[1] as CelValue)),
    ),
  ),
)

/** How a key is shown in "no such key". */
export function keyText(key: CelValue): string {
  return typeof key === 'string' ? key : String(celToJson(key))
}

/** The item of a list at a place given by a whole number. @throws CelFailure */
export function itemAt(list: CelList, index: CelValue): CelValue {
  const place = listIndex(index)
  if (place < 0 || place >= list.length) fail(`index out of bounds: ${place}`)
  return list.at(place)
}

/** A list index as a number. @throws CelFailure for what is no whole number. */
export function listIndex(index: CelValue): number {
  if (typeof index === 'bigint') return Number(index)
  if (index instanceof CelUint) return Number(index.value)
  if (typeof index === 'number' && Number.isInteger(index)) return index
  return fail(`unsupported index type '${typeof index}' in list`)
}

/** The value of a map under a key. @throws CelFailure */
export function valueUnder(map: CelMap, key: CelValue): CelValue {
  if (mapKeyText(key) === undefined) fail(`unsupported key type: ${typeof key}`)
  return map.find(key) ?? fail(`no such key: ${keyText(key)}`)
}

const structure: readonly CelOverload[] = [
  declare('_==_(A, A) bool', 'equals', ([left, right], context) =>
    celEquals(left as CelValue, right as CelValue, context),
  ),
  declare(
    '_!=_(A, A) bool',
    'not_equals',
    ([left, right], context) => !celEquals(left as CelValue, right as CelValue, context),
  ),
  declare('_[_](list(A), int) A', 'index_list', ([list, index]) => itemAt(list as CelList, index as CelValue)),
  declare('_[_](map(A, B), A) B', 'index_map', ([map, key]) => valueUnder(map as CelMap, key as CelValue)),
  declare('@in(A, list(A)) bool', 'in_list', ([value, list], context) =>
    contains(list as CelList, value as CelValue, context),
  ),
  declare('@in(A, map(A, B)) bool', 'in_map', ([key, map]) => (map as CelMap).find(key as CelValue) !== undefined),
  ...['string', 'bytes', 'list(A)', 'map(A, B)'].flatMap((type) => {
    const name = type.replace(/\(.*/, '')
    const run = ([value]: readonly CelValue[]): CelValue => BigInt(costSizeOf(value as CelValue))
    return [declare(`size(${type}) int`, `size_${name}`, run), declare(`.size(${type}) int`, `${name}_size`, run)]
  }),
]

/** What `+` makes of two values. @throws CelFailure */
export function standardAdd(left: CelValue, right: CelValue, context: CallContext): CelValue {
  const args = [left, right]
  const overload = additions.find(({ parameters }) =>
    parameters.every((type, index) => isArgument(args[index] as CelValue, type)),
  )
  return overload === undefined ? fail('no such overload') : overload.run(args, context)
}

/** Run by the evaluator itself, since they do not always look at all their arguments. */
const lazy = (): CelValue => fail('no such overload')

const logic: readonly CelOverload[] = [
  declare('_&&_(bool, bool) bool', 'logical_and', lazy),
  declare('_||_(bool, bool) bool', 'logical_or', lazy),
  declare('_?_:_(bool, A, A) A', 'conditional', lazy),
  declare('@not_strictly_false(bool) bool', 'not_strictly_false', lazy),
  declare('!_(bool) bool', 'logical_not', ([value]) => value === false),
]

/** Inserts of `transformMap` and its kin, run by the evaluator's loops. */
const inserts: readonly CelOverload[] = [
  declare('cel.@mapInsert(map(K, V), K, V) map(K, V)', '@mapInsert_map_key_value', lazy),
  declare('cel.@mapInsert(map(K, V), map(K, V)) map(K, V)', '@mapInsert_map_map', lazy),
]

export const operatorFunctions: readonly CelOverload[] = [
  ...logic,
  ...structure,
  ...additions,
  ...arithmetic,
  ...comparisons,
  ...inserts,
]
