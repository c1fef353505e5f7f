/** An applied configuration merged into the live object, and fields taken out of an object again. */
import { setMember } from '../decode/parse-json.ts'
import { below, type FieldSet, hasElement, isEmptySet } from './field-set.ts'
import { isAtomic, kindOf, memberType, type MergeType } from './merge-type.ts'
import { elementOfItem } from './path-element.ts'

type Members = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isBare = (value: unknown): boolean => !Array.isArray(value) || value.length === 0

/** `applied` over `live`: what the configuration names wins, everything else stays. Undefined stands for absent. */
export function mergeValues(live: unknown, applied: unknown, type: MergeType): unknown {
  if (applied === undefined) return live
  if (live === undefined) return applied
  const kind = kindOf(type, applied, live)
  if (isAtomic(type, kind)) return applied
  if (kind === 'map') return mergeMembers(live, applied, type)
  if (isBare(live) || isBare(applied)) return isBare(applied) && !isBare(live) ? live : applied
  return mergeItems(live as readonly unknown[], applied as readonly unknown[], type)
}

function mergeMembers(live: unknown, applied: unknown, type: MergeType): unknown {
  if (!isObject(live)) return applied
  // A null (or empty) object says nothing about members that others set.
  if (!isObject(applied)) return live
  const out: Record<string, unknown> = { ...live }
  for (const [key, value] of Object.entries(applied)) {
    setMember(out, key, mergeValues(Object.hasOwn(live, key) ? live[key] : undefined, value, memberType(type, key)))
  }
  return out
}

const nameOf = (item: unknown, type: MergeType): string => {
  const name = elementOfItem(item, type)
  return 'element' in name ? name.element : ''
}

/**
 * Items of an associative list. The configuration decides about the order of its own items; an item that only the live list
 * has stays behind the shared item that it followed.
 */
function mergeItems(live: readonly unknown[], applied: readonly unknown[], type: MergeType): unknown[] {
  const liveNames = live.map((item) => nameOf(item, type))
  const appliedNames = applied.map((item) => nameOf(item, type))
  const wanted = new Set(appliedNames)
  const liveCount = new Map<string, number>()
  for (const name of liveNames) liveCount.set(name, (liveCount.get(name) ?? 0) + 1)
  const shared = appliedNames.filter((name) => liveCount.has(name))
  const out: unknown[] = []
  let at = 0
  let nextShared = 0
  const passOwn = (): void => {
    for (; at < live.length; at++) {
      const name = liveNames[at] ?? ''
      if (!wanted.has(name)) out.push(live[at])
      else if (name === shared[nextShared]) return
    }
  }
  for (const [i, name] of appliedNames.entries()) {
    passOwn()
    const counterpart = liveCount.get(name) === 1 ? live[liveNames.indexOf(name)] : undefined
    out.push(mergeValues(counterpart, applied[i], type.element ?? type))
    if (name !== shared[nextShared]) continue
    nextShared++
    if (liveNames[at] === name) at++
  }
  passOwn()
  return out
}

/** The value without the items and members of a set; a container that loses everything becomes null. */
export function removeFields(value: unknown, gone: FieldSet, type: MergeType): unknown {
  const kind = kindOf(type, value)
  if (isEmptySet(gone) || kind === 'scalar') return value
  if (isAtomic(type, kind)) return null
  return kind === 'list' ? removeItems(value, gone, type) : removeMembers(value, gone, type)
}

function removeItems(value: unknown, gone: FieldSet, type: MergeType): unknown {
  if (!Array.isArray(value)) return null
  const out: unknown[] = []
  for (const item of value) {
    const name = nameOf(item, type)
    if (name !== '' && hasElement(gone, name)) continue
    out.push(removeFields(item, below(gone, name), type.element ?? type))
  }
  return out.length === 0 ? null : out
}

function removeMembers(value: unknown, gone: FieldSet, type: MergeType): unknown {
  if (!isObject(value)) return null
  const out: Record<string, unknown> = {}
  let kept = 0
  for (const [key, member] of Object.entries(value)) {
    const element = `f:${key}`
    if (hasElement(gone, element)) continue
    setMember(out, key, removeFields(member, below(gone, element), memberType(type, key)))
    kept++
  }
  return kept === 0 ? null : out
}

/**
 * The opposite of `removeFields`: only what the set names, list items with their keys. Gives back what one manager applied
 * out of a whole object; undefined when the set names nothing of it.
 */
export function extractFields(value: unknown, kept: FieldSet, type: MergeType): unknown {
  const kind = kindOf(type, value)
  if (kind === 'scalar' || isAtomic(type, kind)) return value
  return kind === 'list' ? extractItems(value, kept, type) : extractMembers(value, kept, type)
}

function extractMembers(value: unknown, kept: FieldSet, type: MergeType): unknown {
  if (!isObject(value)) return value
  const out: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const element = `f:${key}`
    const inside = below(kept, element)
    if (!isEmptySet(inside)) setMember(out, key, extractFields(member, inside, memberType(type, key)))
    else if (hasElement(kept, element)) setMember(out, key, member)
  }
  return out
}

function extractItems(value: unknown, kept: FieldSet, type: MergeType): unknown {
  if (!Array.isArray(value)) return value
  const out: unknown[] = []
  for (const item of value) {
    const name = nameOf(item, type)
    const inside = below(kept, name)
    if (!isEmptySet(inside)) out.push(extractFields(item, inside, type.element ?? type))
    else if (name !== '' && hasElement(kept, name)) out.push(item)
  }
  return out
}
