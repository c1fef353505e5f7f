/** Lists: Kubernetes' `isSorted`, `sum`, `min`, `max`, `indexOf`; cel-go's lists (version 3) and sets libraries. */
import { listLengthMax } from '../cel-limits.ts'
import { declare, fail, type CallContext, type CelOverload } from '../cel-function.ts'
import { CelDuration, CelList, CelUint, typeNameOfValue, type CelValue } from '../cel-value.ts'
import { celEquals, compareValues, contains } from '../compare-values.ts'
import { standardAdd } from './operators.ts'

const list = (value: CelValue | undefined): CelList => value as CelList

const sortable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'] as const
const summable: readonly (readonly [string, CelValue])[] = [
  ['int', 0n],
  ['uint', new CelUint(0n)],
  ['double', 0],
  ['duration', new CelDuration(0n)],
]

function isSorted(items: CelList): boolean {
  for (let index = 1; index < items.length; index += 1) {
    if (compareValues(items.at(index - 1), items.at(index)) > 0) return false
  }
  return true
}

function outermost(items: CelList, name: 'min' | 'max'): CelValue {
  if (items.length === 0) return fail(`${name} called on empty list`)
  let found = items.at(0)
  for (const item of items) {
    const order = compareValues(found, item)
    if (name === 'min' ? order > 0 : order < 0) found = item
  }
  return found
}

function indexIn(items: CelList, value: CelValue, { context, last }: { context: CallContext; last: boolean }): bigint {
  const places = [...items.items.keys()]
  if (last) places.reverse()
  for (const place of places) if (celEquals(items.at(place), value, context)) return BigInt(place)
  return -1n
}

const kubernetes: readonly CelOverload[] = [
  ...sortable.flatMap((type) => [
    declare(`.isSorted(list(${type})) bool`, `list_${type}_is_sorted_bool`, ([items]) => isSorted(list(items))),
    declare(`.max(list(${type})) ${type}`, `list_${type}_max_${type}`, ([items]) => outermost(list(items), 'max')),
    declare(`.min(list(${type})) ${type}`, `list_${type}_min_${type}`, ([items]) => outermost(list(items), 'min')),
  ]),
  ...summable.map(([type, zero]) =>
    declare(`.sum(list(${type})) ${type}`, `list_${type}_sum_${type}`, ([items], context) => {
      let total = zero
      for (const item of list(items)) total = standardAdd(total, item, context)
      return total
    }),
  ),
  declare('.indexOf(list(A), A) int', 'list_a_index_of_int', ([items, value], context) =>
    indexIn(list(items), value as CelValue, { context, last: false }),
  ),
  declare('.lastIndexOf(list(A), A) int', 'list_a_last_index_of_int', ([items, value], context) =>
    indexIn(list(items), value as CelValue, { context, last: true }),
  ),
]

function slice(items: CelList, start: number, end: number): CelList {
  const call = `cannot slice(${start}, ${end})`
  if (start < 0 || end < 0) return fail(`${call}, negative indexes not supported`)
  if (start > end) return fail(`${call}, start index must be less than or equal to end index`)
  if (items.length < end) return fail(`${call}, list is length ${items.length}`)
  return items.slice(start, end)
}

function flatten(items: CelList, depth: bigint, context: CallContext): readonly CelValue[] {
  if (depth < 0n) return fail('level must be non-negative')
  const flat: CelValue[] = []
  for (const item of items) {
    context.work(1)
    if (!(item instanceof CelList) || depth === 0n) flat.push(item)
    else for (const inner of flatten(item, depth - 1n, context)) flat.push(inner)
    if (flat.length > listLengthMax) return fail('list size limit exceeded')
  }
  return flat
}

function sortByKeys(items: CelList, keys: CelList): CelList {
  if (items.length !== keys.length) {
    return fail(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${items.length} and ${keys.length} elements respectively`,
    )
  }
  if (items.length === 0) return items
  const read = [...keys]
  const kind = typeNameOfValue(read[0] as CelValue)
  if (read.some((key) => typeNameOfValue(key) !== kind)) return fail('list elements must have the same type')
  const order = [...read.keys()].toSorted((left, right) =>
    compareValues(read[left] as CelValue, read[right] as CelValue),
  )
  return new CelList(order.map((place) => items.at(place)))
}

function range(count: bigint): CelList {
  if (count > BigInt(listLengthMax)) return fail('list size limit exceeded')
  return new CelList(Array.from({ length: Math.max(0, Number(count)) }, (_, index) => BigInt(index)))
}

function distinct(items: CelList, context: CallContext): CelList {
  const kept: CelValue[] = []
  for (const item of items) if (!contains(new CelList(kept), item, context)) kept.push(item)
  return new CelList(kept)
}

const extended: readonly CelOverload[] = [
  declare('.slice(list(T), int, int) list(T)', 'list_slice', ([items, start, end]) =>
    slice(list(items), Number(start), Number(end)),
  ),
  declare(
    '.flatten(list(list(T))) list(T)',
    'list_flatten',
    ([items], context) => new CelList(flatten(list(items), 1n, context)),
  ),
  declare(
    '.flatten(list(dyn), int) list(dyn)',
    'list_flatten_int',
    ([items, depth], context) => new CelList(flatten(list(items), depth as bigint, context)),
  ),
  ...sortable.flatMap((type) => [
    declare(`.sort(list(${type})) list(${type})`, `list_${type}_sort`, ([items]) =>
      sortByKeys(list(items), list(items)),
    ),
    declare(
      `.@sortByAssociatedKeys(list(T), list(${type})) list(T)`,
      `list_${type}_sortByAssociatedKeys`,
      ([items, keys]) => sortByKeys(list(items), list(keys)),
    ),
  ]),
  declare('lists.range(int) list(int)', 'lists_range', ([count]) => range(count as bigint)),
  declare('.reverse(list(T)) list(T)', 'list_reverse', ([items]) => new CelList([...list(items)].toReversed())),
  declare('.distinct(list(T)) list(T)', 'list_distinct', ([items], context) => distinct(list(items), context)),
]

const hasAll = (whole: CelList, part: CelList, context: CallContext): boolean =>
  [...part].every((item) => contains(whole, item, context))

const sets: readonly CelOverload[] = [
  declare('sets.contains(list(T), list(T)) bool', 'list_sets_contains_list', ([left, right], context) =>
    hasAll(list(left), list(right), context),
  ),
  declare(
    'sets.equivalent(list(T), list(T)) bool',
    'list_sets_equivalent_list',
    ([left, right], context) => hasAll(list(left), list(right), context) && hasAll(list(right), list(left), context),
  ),
  declare('sets.intersects(list(T), list(T)) bool', 'list_sets_intersects_list', ([left, right], context) =>
    [...list(left)].some((item) => contains(list(right), item, context)),
  ),
]

export const listFunctions: readonly CelOverload[] = [...kubernetes, ...extended, ...sets]
