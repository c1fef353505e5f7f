/** What calls are estimated to cost and how large their results are, by upstream's names (cel-go; k8s.io/apiserver). */
import { sameType, type CelType } from './cel-type.ts'
import type { CelValue } from './cel-value.ts'
import { patternFactor, traversalFactor } from './call-cost.ts'
import { anySize, exactly, plus, scaled, times, type CostRange } from './cost-range.ts'

/** What is known of an argument. */
export interface EstimatedNode {
  readonly type: CelType
  readonly size: CostRange | undefined
  /** Size of what a declared list holds. */
  readonly elementSize: CostRange | undefined
  readonly literal: CelValue | undefined
}

/** Cost without the arguments' own, and the size of the result where it has one. */
export interface CallEstimate {
  readonly cost: CostRange
  readonly size?: CostRange
}

interface EstimatedCall {
  readonly name: string
  readonly id: string
  readonly target: EstimatedNode | undefined
  readonly args: readonly EstimatedNode[]
}
type Rule = (call: EstimatedCall) => CallEstimate | undefined

const one = exactly(1)
const sizeOf = (node: EstimatedNode | undefined): CostRange => node?.size ?? anySize
const traversal = (size: CostRange, factor = 1): CostRange => scaled(size, factor * traversalFactor)
const nominal: Rule = () => ({ cost: one })
const argument = ({ args }: EstimatedCall, index = 0): CostRange => sizeOf(args[index])

/** Over the receiver, or over the first argument of a call without one. */
const overReceiver: Rule = (call) => {
  const size = call.target === undefined ? argument(call) : sizeOf(call.target)
  return { cost: traversal(size), size }
}
const overArgument: Rule = (call) => ({ cost: traversal(argument(call)) })

const overPattern = (whole: CostRange, pattern: CostRange): CostRange =>
  times(traversal(plus(whole, one)), scaled(pattern, patternFactor))

const selectors: Rule = (call) => {
  const length = argument(call)
  return { cost: plus(exactly(10), traversal(length), scaled(scaled(length, 0.5), 50)) }
}

/** One step an item, and the length of the texts that are compared. */
const overItems: Rule = ({ target, args }) => {
  const list = target ?? args[0]
  if (list === undefined) return undefined
  if (list.type.kind !== 'list') return { cost: traversal(sizeOf(list)) }
  const { kind } = list.type.element
  const isLong = kind === 'string' || kind === 'bytes'
  const item = isLong ? plus(one, traversal(list.elementSize ?? anySize)) : one
  return { cost: times(sizeOf(list), item) }
}

const replacing: Rule = (call) => {
  const { target } = call
  if (target === undefined) return undefined
  const whole = sizeOf(target)
  return { cost: traversal(whole, 2), size: replacedSize(whole, argument(call, 0), argument(call, 1)) }
}

function replacedSize(whole: CostRange, old: CostRange, by: CostRange): CostRange {
  const [most, keptMost] = replacements(whole.max, { old: old.min, grows: by.max > old.min })
  const [least, keptLeast] = replacements(whole.min, { old: old.max, grows: old.max > by.min })
  return plus(times({ min: least, max: most }, by), { min: keptLeast, max: keptMost })
}

/** How often something can be replaced in a text of a length, and how much of the text stays. */
function replacements(length: number, { old, grows }: { old: number; grows: boolean }): readonly [number, number] {
  if (old === 0) return [length < anySize.max ? length + 1 : length, length]
  return grows ? [Math.ceil(length / old), 0] : [0, length]
}

const splitting: Rule = ({ target, args }) => {
  if (target === undefined) return undefined
  const whole = sizeOf(target)
  const most = args[1]?.literal
  return { cost: traversal(whole, 2), size: { min: 0, max: typeof most === 'bigint' ? Number(most) : whole.max } }
}

const joining: Rule = ({ target, args }) => {
  if (target === undefined) return undefined
  const count = sizeOf(target)
  const texts = times(count, target.elementSize ?? anySize)
  const between = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) }
  const size = args.length === 0 ? texts : plus(texts, times(sizeOf(args[0]), between))
  return { cost: traversal(size), size }
}

const finding: Rule = (call) => {
  const whole = sizeOf(call.target)
  return { cost: overPattern(whole, argument(call)), size: { min: 0, max: whole.max } }
}

const address: CostRange = { min: 4, max: 16 }
const blocks: Rule = (call) => {
  const inner = call.name === 'containsCIDR' ? plus(traversal(address), one) : exactly(0)
  const isText = call.id === 'cidr_contains_ip_string' || call.id === 'cidr_contains_cidr_string'
  const text = isText ? traversal(argument(call)) : exactly(0)
  return { cost: plus(traversal(plus(address, address)), inner, text) }
}

const longestFormatPattern = 128
const validating: Rule = (call) => ({
  cost: scaled(traversal(argument(call)), longestFormatPattern * patternFactor),
})

const cheapEquality: ReadonlySet<string> = new Set(
  'net.IP net.CIDR kubernetes.Quantity kubernetes.Semver kubernetes.authorization.Authorizer kubernetes.authorization.PathCheck kubernetes.authorization.GroupCheck kubernetes.authorization.ResourceCheck kubernetes.authorization.Decision'.split(
    ' ',
  ),
)

function opaqueEquality({ args }: EstimatedCall): CallEstimate | undefined {
  const [left, right] = args
  if (left?.type.kind !== 'opaque' || right === undefined || !sameType(left.type, right.type)) return undefined
  if (cheapEquality.has(left.type.name)) return { cost: one }
  if (left.type.name === 'kubernetes.NamedFormat') return { cost: traversal({ min: 1, max: 64 }) }
  if (left.type.name !== 'kubernetes.URL') return undefined
  return { cost: traversal({ min: 1, max: right.size?.max ?? 1 }) }
}

const equality: Rule = (call) => {
  const opaque = call.name === '_==_' ? opaqueEquality(call) : undefined
  if (opaque !== undefined) return opaque
  const max = Math.min(argument(call, 0).max, argument(call, 1).max)
  return { cost: traversal({ min: max > 0 ? 1 : 0, max }) }
}

const adding: Rule = (call) => {
  const size = plus(argument(call, 0), argument(call, 1))
  return { cost: call.id === 'add_list' ? one : traversal(size), size }
}

/** A call that builds a list after looking at so many items. */
const building = (factor: number, items: CostRange, size = items): CallEstimate => ({
  cost: plus(scaled(items, factor), one, exactly(10)),
  size,
})

const literalNumber = (node: EstimatedNode | undefined, otherwise: number): number =>
  typeof node?.literal === 'bigint' ? Number(node.literal) : otherwise

const sorting: Rule = ({ target, args, id }) => {
  const keys = args[0] ?? target
  const factor = /^list_(string|bytes)_/.test(id) ? 2 + traversalFactor : 2
  const size = sizeOf(keys)
  return building(factor, times(size, size))
}

const sets =
  (factor: number): Rule =>
  (call) => ({ cost: plus(scaled(times(argument(call, 0), argument(call, 1)), factor), one) })

function words(names: string, rule: Rule): readonly (readonly [string, Rule])[] {
  return names.split(' ').map((name) => [name, rule])
}

const byName: Readonly<Record<string, Rule>> = Object.fromEntries([
  ['check', () => ({ cost: exactly(350_000) })],
  ...words('serviceAccount path group resource subresource namespace name allowed reason error errored', nominal),
  ...words('fieldSelector labelSelector', selectors),
  ...words('isSorted sum max min indexOf lastIndexOf', overItems),
  ...words('url jsonpatch.escapeKey lowerAscii upperAscii substring trim', overReceiver),
  ['replace', replacing],
  ['split', splitting],
  ['join', joining],
  ...words('find findAll', finding),
  ...words('cidr isIP isCIDR quantity isQuantity semver isSemver', overArgument),
  ['ip', (call: EstimatedCall) => (call.id === 'cidr_ip' ? { cost: one } : overArgument(call))],
  ['ip.isCanonical', (call: EstimatedCall) => ({ cost: traversal(argument(call), 2) })],
  ...words('masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast', nominal),
  ...words(
    'isGlobalUnicast format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan',
    nominal,
  ),
  ...words(
    'compareTo add sub major minor patch getScheme getHostname getHost getPort getEscapedPath getQuery',
    nominal,
  ),
  ...words('containsIP containsCIDR', blocks),
  ['validate', validating],
  ...words('sort @sortByAssociatedKeys', sorting),
])

const byOverload: Readonly<Record<string, Rule>> = Object.fromEntries([
  ['string_format', ({ target }: EstimatedCall) => ({ cost: traversal(sizeOf(target)) })],
  ['string_to_bytes', (call: EstimatedCall) => bytesOf(argument(call))],
  ['bytes_to_string', (call: EstimatedCall) => textOf(argument(call))],
  ['strings_quote', (call: EstimatedCall) => quoted(argument(call))],
  ...words('starts_with_string ends_with_string', overArgument),
  ['in_list', (call: EstimatedCall) => ({ cost: argument(call, 1) })],
  ['matches_string', matching],
  [
    'contains_string',
    (call: EstimatedCall) => ({ cost: times(traversal(sizeOf(call.target)), traversal(argument(call))) }),
  ],
  ...words('add_string add_bytes add_list', adding),
  ...words('equals not_equals less_string greater_string less_equals_string greater_equals_string', equality),
  ...words('less_bytes greater_bytes less_equals_bytes greater_equals_bytes', equality),
  ['list_slice', ({ target, args }: EstimatedCall) => sliced(sizeOf(target), args)],
  ['lists_range', ({ args }: EstimatedCall) => building(1, exactly(literalNumber(args[0], anySize.max)))],
  ['list_reverse', ({ target }: EstimatedCall) => building(1, sizeOf(target))],
  ['list_flatten', ({ target }: EstimatedCall) => building(1, sizeOf(target))],
  [
    'list_flatten_int',
    ({ target, args }: EstimatedCall) => building(literalNumber(args[0], anySize.max), sizeOf(target)),
  ],
  ['list_distinct', ({ target }: EstimatedCall) => building(2, times(sizeOf(target), sizeOf(target)))],
  ...words('list_sets_contains_list list_sets_intersects_list', sets(1)),
  ['list_sets_equivalent_list', sets(2)],
])

function bytesOf(size: CostRange): CallEstimate {
  return { cost: traversal(size), size: { min: size.min, max: times(size, exactly(4)).max } }
}
function textOf(size: CostRange): CallEstimate {
  return { cost: traversal(size), size: { min: Math.floor(size.min / 4), max: size.max } }
}
function quoted(size: CostRange): CallEstimate {
  return { cost: traversal(size), size: plus({ min: size.min, max: times(size, exactly(2)).max }, exactly(2)) }
}
function matching(call: EstimatedCall): CallEstimate | undefined {
  if (call.target === undefined || call.args.length !== 1) return undefined
  return { cost: overPattern(sizeOf(call.target), argument(call)) }
}
function sliced(size: CostRange, args: readonly EstimatedNode[]): CallEstimate {
  const length = literalNumber(args[1], size.max) - literalNumber(args[0], 0)
  return building(1, exactly(Math.max(0, length)))
}

/** The estimate for one overload of a call. */
export function estimateCall(
  overload: { readonly name: string; readonly id: string },
  target: EstimatedNode | undefined,
  args: readonly EstimatedNode[],
): CallEstimate {
  const call = { ...overload, target, args }
  return byName[overload.name]?.(call) ?? byOverload[overload.id]?.(call) ?? { cost: one }
}
