/** What a call costs at run time, by upstream's names of functions and overloads (cel-go and k8s.io/apiserver, v1.36). */
import { CelFormat } from './libraries/formats.ts'
import { CelList, CelOpaque, codePointCount, costSizeOf, isCelMap, type CelValue } from './cel-value.ts'

export const traversalFactor = 0.1
export const patternFactor = 0.25

/** What one call cost, from its arguments (the receiver first) and result. */
export type CallCost = (args: readonly CelValue[], result: CelValue) => number

const sizeAt = (args: readonly CelValue[], index: number): number => costSizeOf(args[index] as CelValue)
const traversal = (size: number, times = 1): number => Math.ceil(size * times * traversalFactor)

const one: CallCost = () => 1
const overFirst: CallCost = (args) => traversal(sizeAt(args, 0))
const twiceOverFirst: CallCost = (args) => traversal(sizeAt(args, 0), 2)
const pattern = (text: number, length: number): number => traversal(text + 1) * Math.ceil(length * patternFactor)
const overPattern: CallCost = (args) => pattern(sizeAt(args, 0), sizeAt(args, 1))

/** Cost of looking at everything inside a value. */
function treeCost(value: CelValue): number {
  if (typeof value === 'string') return Math.trunc(codePointCount(value) * traversalFactor)
  if (value instanceof Uint8Array) return Math.trunc(value.length * traversalFactor)
  if (value instanceof CelList) {
    let cost = 0
    for (const item of value) cost += treeCost(item)
    return cost
  }
  if (value === null || typeof value !== 'object' || !isCelMap(value)) return 1
  let cost = 0
  for (const key of value.keys()) cost += treeCost(key) + treeCost(value.find(key) ?? null)
  return cost
}

const overTree: CallCost = (args) => treeCost(args[0] as CelValue)

/** Cost of parsing a selector of a length: the list, the text, and a requirement for every two characters. */
export function selectorCost(length: number): number {
  return 10 + traversal(length) + Math.ceil(Math.ceil(length * 0.5) * 50)
}

const validation: CallCost = (args) => {
  const format = args[0]
  return format instanceof CelFormat ? pattern(sizeAt(args, 1), format.patternLength) : 1
}

const block = (args: readonly CelValue[]): number => traversal(sizeAt(args, 0), 2)
const ofText = (id: string, suffix: string, args: readonly CelValue[]): number =>
  id === suffix ? traversal(sizeAt(args, 1)) : 0

/** Costs by name of the function. */
const byName: Readonly<Record<string, CallCost>> = Object.fromEntries([
  ['check', () => 350_000],
  ...words('serviceAccount path group resource subresource namespace name allowed reason error errored', one),
  ...words('fieldSelector labelSelector', (args) => selectorCost(sizeAt(args, 1))),
  ...words('isSorted sum max min indexOf lastIndexOf', overTree),
  ...words('url lowerAscii upperAscii substring trim jsonpatch.escapeKey', overFirst),
  ...words('replace split', twiceOverFirst),
  ['join', (_args: readonly CelValue[], result: CelValue) => traversal(costSizeOf(result), 2)],
  ...words('find findAll', overPattern),
  ...words('cidr isIP isCIDR quantity isQuantity semver isSemver', overFirst),
  ['ip.isCanonical', twiceOverFirst],
  ['validate', validation],
  ...words('masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast', one),
  ...words('isGlobalUnicast format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan', one),
  ...words('compareTo add sub major minor patch getScheme getHostname getHost getPort getEscapedPath getQuery', one),
])

function words(names: string, cost: CallCost): readonly (readonly [string, CallCost])[] {
  return names.split(' ').map((name) => [name, cost])
}

const equality: CallCost = (args) => traversal(Math.min(sizeAt(args, 0), sizeAt(args, 1)))
const twoTexts: CallCost = (args) => traversal(sizeAt(args, 0) + sizeAt(args, 1))
const product: CallCost = (args) => sizeAt(args, 0) * sizeAt(args, 1)

/** Cost of a call that builds a list, by how often it looks at so many items. */
const building = (factor: number, size: number): number => 11 + Math.ceil(size * factor)
const output: CallCost = (_args, result) => building(1, costSizeOf(result))
const flattening: CallCost = (args) => building(args.length === 2 ? Math.max(0, Number(args[1])) : 1, sizeAt(args, 0))

/** Every item is compared with every other; texts count their length too. */
function selfComparison(list: CelValue): number {
  const size = costSizeOf(list)
  const first = list instanceof CelList && size > 0 ? list.at(0) : undefined
  const isLong = typeof first === 'string' || first instanceof Uint8Array
  return building(isLong ? 2 + traversalFactor : 2, size * size)
}

/** Costs by name of the overload. */
const byOverload: Readonly<Record<string, CallCost>> = Object.fromEntries([
  ...words(
    'starts_with_string ends_with_string string_to_bytes bytes_to_string strings_quote string_format',
    overFirst,
  ),
  ['in_list', (args: readonly CelValue[]) => sizeAt(args, 1)],
  ...words('less_string greater_string less_equals_string greater_equals_string not_equals', equality),
  ...words('less_bytes greater_bytes less_equals_bytes greater_equals_bytes', equality),
  ...words('add_string add_bytes', twoTexts),
  ['matches_string', overPattern],
  ['contains_string', (args: readonly CelValue[]) => traversal(sizeAt(args, 0)) * traversal(sizeAt(args, 1))],
  ...words('list_sets_contains_list list_sets_intersects_list', (args) => 1 + product(args, null)),
  ['list_sets_equivalent_list', (args: readonly CelValue[]) => 1 + 2 * product(args, null)],
  ...words('list_slice lists_range list_reverse', output),
  ...words('list_flatten list_flatten_int', flattening),
  ['list_distinct', (args: readonly CelValue[]) => selfComparison(args[0] as CelValue)],
])

/** How a call of an overload is charged. */
export function callCostOf(name: string, id: string): CallCost {
  if (name === 'sort') return (args) => selfComparison(args[0] as CelValue)
  if (name === '@sortByAssociatedKeys') return (args) => selfComparison(args[1] as CelValue)
  if (name === 'ip') return id === 'cidr_ip' ? one : overFirst
  if (name === 'containsIP') return (args) => block(args) + ofText(id, 'cidr_contains_ip_string', args)
  if (name === 'containsCIDR') {
    return (args) => block(args) + traversal(sizeAt(args, 0)) + 1 + ofText(id, 'cidr_contains_cidr_string', args)
  }
  if (name === '_==_') return (args, result) => (args[0] instanceof CelOpaque ? 1 : equality(args, result))
  return byName[name] ?? byOverload[id] ?? one
}
