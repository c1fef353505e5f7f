/**
 * Strategic merge patch: a JSON merge patch that merges lists by the merge keys of their types and knows the directives
 * `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/` and `$setElementOrder/` (apimachinery strategicpatch, v1.36).
 * Neither the object nor the patch is changed.
 */
import { setMember } from '../decode/parse-json.ts'
import type { SchemaField, SchemaType } from '../schema/type-rows.ts'
import { identityOf, indexOfIdentity, orderMergedList } from './order-list.ts'
import {
  badArgument,
  badElementOrder,
  badPatchType,
  badPrimitiveList,
  badRetainKeys,
  goTypes,
  listOfLists,
  mergeInList,
  mixedList,
  noKeyForList,
  noMergeKey,
  notAStruct,
  unknownField,
  wrongOrder,
} from './patch-error.ts'

type Json = Readonly<Record<string, unknown>>

const directive = '$patch'
const retainKeys = '$retainKeys'
const deletePrefix = '$deleteFromPrimitiveList'
const orderPrefix = '$setElementOrder'

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The name behind a directive's prefix: `$setElementOrder/containers` gives `containers`. */
function nameBehind(key: string, prefix: string): string {
  const slash = key.indexOf('/')
  if (slash === prefix.length) return key.slice(slash + 1)
  throw prefix === deletePrefix ? badPrimitiveList() : badElementOrder()
}

/**
 * Applies a patch to an object of a built-in type; the result is not canonical yet, decode it. Throws
 * `KUBERNETES_PATCH` with upstream's sentence and a kind that says which status it gets.
 */
export function strategicMergePatch(original: Json, patch: Json, type: SchemaType): Json {
  return mergeObject(original, patch, type)
}

function mergeObject(original: Json, patch: Json, type: SchemaType | undefined): Json {
  if (Object.hasOwn(patch, directive)) return wholeObject(patch)
  const out: Record<string, unknown> = { ...keepRetained(original, patch) }
  const ordered = mergeOrdered(out, patch, type)
  for (const [key, value] of Object.entries(patch)) {
    if (key === retainKeys || key.startsWith(orderPrefix) || ordered.has(key)) continue
    if (key.startsWith(deletePrefix)) deleteItems(out, nameBehind(key, deletePrefix), value)
    else mergeMember(out, { key, value, type })
  }
  return out
}

/** `$patch: replace` takes the patch as it is, `$patch: delete` leaves nothing. */
function wholeObject(patch: Json): Json {
  const { [directive]: what, ...rest } = patch
  if (what === 'replace') return rest
  if (what === 'delete') return {}
  throw badPatchType(what, patch)
}

/** `$retainKeys`: members not listed are dropped; the patch may only set listed ones. */
function keepRetained(original: Json, patch: Json): Json {
  if (!Object.hasOwn(patch, retainKeys)) return original
  const listed = patch[retainKeys]
  if (!Array.isArray(listed)) throw badRetainKeys()
  const kept = new Set<unknown>(listed)
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key === retainKeys || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)
    if (!isDirective && value !== null && !kept.has(key)) throw badRetainKeys()
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)))
}

/** The field of a struct, or undefined inside a map; a member the type does not have is an error only when it must be merged. */
function fieldOf(type: SchemaType | undefined, key: string): SchemaField {
  if (type?.struct === undefined) throw notAStruct(type?.shape ?? 'interface')
  const field = type.struct.byName.get(key)
  if (field === undefined) throw unknownField(type.struct.baseName, key)
  return field
}

interface MemberPatch {
  readonly key: string
  readonly value: unknown
  readonly type: SchemaType | undefined
}

function mergeMember(out: Record<string, unknown>, { key, value, type }: MemberPatch): void {
  const current = Object.hasOwn(out, key) ? out[key] : undefined
  const merged = value === null ? undefined : mergedMember(current, { key, value, type })
  if (merged === undefined) delete out[key]
  else setMember(out, key, merged)
}

/** The member's new value, or undefined when nothing stays of it. */
function mergedMember(current: unknown, { key, value, type }: MemberPatch): unknown {
  if (isObject(current) && isObject(value)) {
    if (type?.shape === 'map') return mergeObject(current, value, type.element)
    const field = fieldOf(type, key)
    return field.patchStrategy.includes('replace') ? value : mergeObject(current, value, field.type)
  }
  if (Array.isArray(current) && Array.isArray(value)) {
    const field = fieldOf(type, key)
    return field.patchStrategy.includes('merge') ? mergeList(current, value, field) : value
  }
  return withoutDirectives(value)
}

/** A new value as the patch gives it: nulls and directives in it mean "not there". */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, directive)) return undefined
  const out: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const plain = item === null ? undefined : withoutDirectives(item)
    if (plain !== undefined) setMember(out, key, plain)
  }
  return out
}

function deleteItems(out: Record<string, unknown>, key: string, value: unknown): void {
  const current = out[key]
  if (!Array.isArray(current)) return
  if (!Array.isArray(value)) throw badArgument([], value)
  const gone = new Set<unknown>(value)
  const kept = current.filter((item) => !gone.has(item))
  setMember(out, key, kept)
}

/** Lists whose order the patch sets; returns the members that are done with. */
function mergeOrdered(out: Record<string, unknown>, patch: Json, type: SchemaType | undefined): ReadonlySet<string> {
  const done = new Set<string>()
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue
    const name = nameBehind(key, orderPrefix)
    if (!Array.isArray(order)) throw badArgument([], order)
    const merged = orderedList({ current: out[name], patched: patch[name], order, field: fieldOf(type, name) })
    if (merged === undefined) continue
    setMember(out, name, merged)
    done.add(name)
  }
  return done
}

interface OrderedPatch {
  readonly current: unknown
  readonly patched: unknown
  readonly order: readonly unknown[]
  readonly field: SchemaField
}

function orderedList({ current, patched, order, field }: OrderedPatch): unknown[] | undefined {
  const before: unknown = current ?? []
  const change: unknown = patched ?? []
  if (!Array.isArray(before)) throw badArgument([], current)
  if (!Array.isArray(change)) throw badArgument([], patched)
  const mergeKey = field.patchMergeKey
  checkOrder(change, order, mergeKey)
  if (current === undefined && patched === undefined) return undefined
  const merged = orderMembers(before, change, { current, patched, field })
  for (const item of mergeKey === undefined ? [] : merged) requireKey(item, mergeKey ?? '')
  return orderMergedList(merged, { patchOrder: order, serverOrder: before, mergeKey })
}

function orderMembers(
  before: readonly unknown[],
  change: readonly unknown[],
  of: { current: unknown; patched: unknown; field: SchemaField },
): readonly unknown[] {
  if (of.patched === undefined) return before
  if (of.current === undefined) return withoutDirectives(change) as unknown[]
  return of.field.patchStrategy.includes('merge') ? mergeList(before, change, of.field) : change
}

/** The items of the patch must come in the order that it sets; deleted ones have no place in it. */
function checkOrder(change: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  if (order.length === 0) return
  let at = 0
  for (const item of change) {
    const what = mergeKey !== undefined && isObject(item) ? item[directive] : undefined
    if (what === 'delete') continue
    if (at >= order.length) throw wrongOrder(change, order)
    if (what !== undefined) continue
    at = placeBehind(item, order.slice(at), mergeKey) + at
    if (at > order.length) throw wrongOrder(change, order)
  }
}

/** How many entries of the order lead up to an item, itself included; more than there are when it is not among them. */
function placeBehind(item: unknown, order: readonly unknown[], mergeKey: string | undefined): number {
  if (mergeKey !== undefined) requireKey(item, mergeKey)
  const found = order.findIndex((entry) => identityOf(entry, mergeKey) === identityOf(item, mergeKey))
  return found < 0 ? order.length + 1 : found + 1
}

function requireKey(item: unknown, mergeKey: string): void {
  if (!isObject(item)) throw badArgument({}, item)
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], field: SchemaField): unknown[] {
  const all = [...original, ...patch]
  const type = goTypes(all[0])
  if (Array.isArray(all[0])) throw listOfLists()
  if (all.some((item) => goTypes(item) !== type)) throw mixedList([original, patch])
  if (!all.some(isObject)) {
    const merged = [...new Set(all)]
    return orderMergedList(merged, { patchOrder: patch, serverOrder: original, mergeKey: undefined })
  }
  const mergeKey = field.patchMergeKey
  if (mergeKey === undefined) throw noKeyForList()
  const { kept, changes, replaced } = applyListDirectives(original, patch, mergeKey)
  if (replaced) {
    for (const item of changes) requireKey(item, mergeKey)
    return changes
  }
  const merged = mergeItems(kept, changes, field)
  return orderMergedList(merged, { patchOrder: changes, serverOrder: kept, mergeKey })
}

interface ListDirectives {
  readonly kept: unknown[]
  readonly changes: unknown[]
  readonly replaced: boolean
}

/** Takes out of the patch what deletes items or replaces the list. */
function applyListDirectives(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): ListDirectives {
  let kept = [...original]
  let replaced = false
  const changes: unknown[] = []
  for (const item of patch) {
    if (!isObject(item)) throw badArgument({}, item)
    const what = item[directive]
    if (what === undefined) changes.push(item)
    else if (what === 'delete') {
      requireKey(item, mergeKey)
      indexOfIdentity(kept, item[mergeKey], mergeKey)
      kept = kept.filter((other) => identityOf(other, mergeKey) !== item[mergeKey])
    } else if (what === 'replace') replaced = true
    else throw what === 'merge' ? mergeInList() : badPatchType(what, item)
  }
  return { kept, changes, replaced }
}

function mergeItems(kept: readonly unknown[], changes: readonly unknown[], field: SchemaField): unknown[] {
  const mergeKey = field.patchMergeKey ?? ''
  const merged = [...kept]
  for (const change of changes) {
    requireKey(change, mergeKey)
    const item = change as Json
    const at = indexOfIdentity(merged, item[mergeKey], mergeKey)
    if (at >= 0) merged[at] = mergeObject(merged[at] as Json, item, field.type.element)
    else merged.push(item)
  }
  for (const item of merged) requireKey(item, mergeKey)
  return merged
}
