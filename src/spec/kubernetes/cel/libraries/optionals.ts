/** Values that may be absent (cel-go's optional types, version 2). */
import { declare, fail, type CelOverload } from '../cel-function.ts'
import {
  CelDuration,
  CelList,
  CelOptional,
  CelTimestamp,
  CelUint,
  celNone,
  isCelMap,
  type CelMap,
  type CelValue,
} from '../cel-value.ts'
import { itemAt, listIndex, valueUnder } from './operators.ts'

const zeros: ReadonlySet<CelValue> = new Set<CelValue>([null, '', false, 0n, 0])

function isZero(value: CelValue): boolean {
  return zeros.has(value) || (typeof value === 'object' && value !== null && isEmptyObject(value))
}

function isEmptyObject(value: CelValue & object): boolean {
  if (value instanceof CelList || value instanceof Uint8Array) return value.length === 0
  if (value instanceof CelUint) return value.value === 0n
  if (value instanceof CelDuration || value instanceof CelTimestamp) return value.nanos === 0n
  if (value instanceof CelOptional) return value.value === undefined
  return isCelMap(value) && value.size === 0
}

const inside = (value: CelValue | undefined): CelValue | undefined => (value as CelOptional).value
const present = (value: CelValue | undefined): CelOptional => (value === undefined ? celNone : new CelOptional(value))

/** The item of a list or the value of a map, if it is there. */
function lookUp(holder: CelValue, key: CelValue): CelOptional {
  if (holder instanceof CelList) {
    const place = listIndex(key)
    return place < 0 || place >= holder.length ? celNone : new CelOptional(holder.at(place))
  }
  return isCelMap(holder) ? present(holder.find(key)) : fail('no such overload')
}

/** What is selected out of an optional is optional again. */
function through(optional: CelValue | undefined, look: (holder: CelValue) => CelValue): CelOptional {
  const holder = inside(optional)
  if (holder === undefined) return celNone
  const found = look(holder)
  return found instanceof CelOptional ? found : new CelOptional(found)
}

/** A member by its name, if it is there; goes through optionals. */
export function selectOptional(holder: CelValue, name: CelValue): CelOptional {
  if (holder instanceof CelOptional) return through(holder, (value) => selectOptional(value, name))
  return isCelMap(holder) ? present(holder.find(name)) : fail('no such overload')
}

function presentValues(list: CelList): CelList {
  const values: CelValue[] = []
  for (const item of list) {
    const value = item instanceof CelOptional ? item.value : item
    if (value !== undefined) values.push(value)
  }
  return new CelList(values)
}

const makers: readonly CelOverload[] = [
  declare('optional.of(V) optional(V)', 'optional_of', ([value]) => new CelOptional(value)),
  declare('optional.ofNonZeroValue(V) optional(V)', 'optional_ofNonZeroValue', ([value]) =>
    isZero(value as CelValue) ? celNone : new CelOptional(value),
  ),
  declare('optional.none() optional(V)', 'optional_none', () => celNone),
  declare('optional.unwrap(list(optional(V))) list(V)', 'optional_unwrap', ([list]) => presentValues(list as CelList)),
  declare('.unwrapOpt(list(optional(V))) list(V)', 'optional_unwrapOpt', ([list]) => presentValues(list as CelList)),
]

const readers: readonly CelOverload[] = [
  declare(
    '.value(optional(V)) V',
    'optional_value',
    ([optional]) => inside(optional) ?? fail('optional.none() dereference'),
  ),
  declare('.hasValue(optional(V)) bool', 'optional_hasValue', ([optional]) => inside(optional) !== undefined),
  declare('.or(optional(V), optional(V)) optional(V)', 'optional_or_optional', ([optional, other]) =>
    inside(optional) === undefined ? (other as CelValue) : (optional as CelValue),
  ),
  declare(
    '.orValue(optional(V), V) V',
    'optional_orValue_value',
    ([optional, other]) => inside(optional) ?? (other as CelValue),
  ),
  declare('.first(list(V)) optional(V)', 'list_first', ([list]) => lookUp(list as CelList, 0n)),
  declare('.last(list(V)) optional(V)', 'list_last', ([list]) =>
    lookUp(list as CelList, BigInt((list as CelList).length - 1)),
  ),
]

const indexes: readonly CelOverload[] = [
  declare('_?._(dyn, string) optional(V)', 'select_optional_field', ([holder, name]) =>
    selectOptional(holder as CelValue, name as CelValue),
  ),
  declare('_[?_](list(V), int) optional(V)', 'list_optindex_optional_int', ([list, index]) =>
    lookUp(list as CelValue, index as CelValue),
  ),
  declare('_[?_](optional(list(V)), int) optional(V)', 'optional_list_optindex_optional_int', ([optional, index]) =>
    through(optional, (list) => lookUp(list, index as CelValue)),
  ),
  declare('_[?_](map(K, V), K) optional(V)', 'map_optindex_optional_value', ([map, key]) =>
    lookUp(map as CelValue, key as CelValue),
  ),
  declare('_[?_](optional(map(K, V)), K) optional(V)', 'optional_map_optindex_optional_value', ([optional, key]) =>
    through(optional, (map) => lookUp(map, key as CelValue)),
  ),
  declare('_[_](optional(list(V)), int) optional(V)', 'optional_list_index_int', ([optional, index]) =>
    through(optional, (list) => itemAt(list as CelList, index as CelValue)),
  ),
  declare('_[_](optional(map(K, V)), K) optional(V)', 'optional_map_index_value', ([optional, key]) =>
    through(optional, (map) => valueUnder(map as CelMap, key as CelValue)),
  ),
]

export const optionalFunctions: readonly CelOverload[] = [...makers, ...readers, ...indexes]
