/**
 * Fills in what a client left out of a canonical object: one pass over the object by its type, each rule at the values of
 * its type, outer values before inner ones (the defaulting functions and markers of v1.36).
 */
import { setMember } from '../decode/parse-json.ts'
import { roundedToMilli } from '../decode/quantity-text.ts'
import { sortedKeys } from '../decode/sorted-keys.ts'
import { isOmitted, zeroValue } from '../decode/zero-value.ts'
import { alwaysShows } from '../schema/always-shows.ts'
import type { SchemaField, SchemaType, StructType } from '../schema/type-rows.ts'
import { type DefaultContext, type DefaultRule, type Draft, isZero } from './draft.ts'
import { kindDefaults } from './kind-defaults.ts'
import { podDefaults } from './pod-defaults.ts'

const resourceList = 'io.k8s.api.core.v1.ResourceList'

/** Members of a struct (pod specs, containers) from which on remembering is cheaper than looking again. */
const rememberedFrom = 20

const nothing: Draft = Object.freeze({})

/** A struct's own rule and default markers, and the members in which rules may apply. */
interface Plan {
  readonly rule: DefaultRule | undefined
  readonly markers: readonly SchemaField[]
  readonly inner: ReadonlyMap<string, SchemaField>
}

/** Applies the defaults of a release; made once, since it works out which types can be affected at all. */
export class Defaulter {
  readonly #rules: ReadonlyMap<string, DefaultRule>
  readonly #plans = new Map<string, Plan>()
  readonly #affected = new Map<string, boolean>()
  /**
   * Large values that came out of here, and as what: nothing is missing from them, and what shares them need not be looked
   * at again.
   */
  readonly #complete = new WeakMap<object, StructType>()

  constructor(rules: Readonly<Record<string, DefaultRule>> = { ...podDefaults, ...kindDefaults }) {
    const whole = (name: string): string => (name.startsWith('io.k8s.') ? name : `io.k8s.api.${name}`)
    this.#rules = new Map(Object.entries(rules).map(([name, rule]) => [whole(name), rule]))
  }

  /** The object with its defaults, members in upstream's order. The argument is not changed and may be shared. */
  apply(object: Readonly<Record<string, unknown>>, type: SchemaType, context: DefaultContext): Record<string, unknown> {
    return this.#value(object, type, context) as Record<string, unknown>
  }

  #markers(struct: StructType): readonly SchemaField[] {
    return struct.fields.filter((field) => field.default !== undefined)
  }

  #reaches(type: SchemaType): boolean {
    if (type.name === resourceList) return true
    if (type.struct === undefined) return type.element !== undefined && this.#reaches(type.element)
    const { name } = type.struct
    const known = this.#affected.get(name)
    if (known !== undefined) return known
    // While a type that contains itself is looked at, it counts as unaffected.
    this.#affected.set(name, false)
    const own = this.#rules.has(name) || this.#markers(type.struct).length > 0
    const answer = own || type.struct.fields.some((field) => this.#reaches(field.type))
    this.#affected.set(name, answer)
    return answer
  }

  #plan(struct: StructType): Plan {
    const known = this.#plans.get(struct.name)
    if (known !== undefined) return known
    const plan = {
      rule: this.#rules.get(struct.name),
      markers: this.#markers(struct),
      inner: new Map(struct.fields.filter(({ type }) => this.#reaches(type)).map((field) => [field.json, field])),
    }
    this.#plans.set(struct.name, plan)
    return plan
  }

  #value(value: unknown, type: SchemaType, context: DefaultContext): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (type.struct !== undefined) return this.#struct(value as Draft, type.struct, context)
    if (type.name === resourceList) return roundAmounts(value as Draft)
    const element = type.element
    if (element === undefined) return value
    if (Array.isArray(value)) {
      let out: unknown[] | undefined
      for (let i = 0; i < value.length; i++) {
        const item = this.#value(value[i], element, context)
        if (item !== value[i]) (out ??= [...(value as readonly unknown[])])[i] = item
      }
      return out ?? value
    }
    return mapMembers(value as Draft, (item) => this.#value(item, element, context))
  }

  #struct(value: Draft, struct: StructType, context: DefaultContext): Draft {
    if (struct.fields.length < rememberedFrom) return this.#filled(value, struct, context)
    if (this.#complete.get(value) === struct) return value
    const filled = this.#filled(value, struct, context)
    this.#complete.set(filled, struct)
    return filled
  }

  #filled(value: Draft, struct: StructType, context: DefaultContext): Draft {
    const { rule, markers, inner } = this.#plan(struct)
    let draft = value
    if (rule !== undefined || markers.length > 0) {
      draft = { ...value }
      rule?.(draft, context)
      for (const field of markers) fillMarker(draft, field)
      orderChanges(value, draft, struct)
    }
    for (const key in draft) {
      const field = inner.get(key)
      const before = draft[key]
      const after = field === undefined ? before : this.#value(before, field.type, context)
      if (after === before) continue
      if (draft === value) draft = { ...value }
      draft[key] = after
    }
    return draft === value ? value : settle(value, draft, struct)
  }
}

function fillMarker(draft: Draft, field: SchemaField): void {
  const value = draft[field.json]
  const unset = field.pointer ? value === undefined || value === null : isZero(value)
  // A plain member whose default is its zero shows or not as any zero does.
  if (unset && (field.pointer || !isZero(field.default))) draft[field.json] = field.default
}

function roundAmounts(amounts: Draft): Draft {
  return mapMembers(amounts, (amount) => (typeof amount === 'string' ? roundedToMilli(amount) : amount))
}

/** The map with each value changed; the map itself when none was. */
function mapMembers(map: Draft, change: (value: unknown) => unknown): Draft {
  let out: Draft | undefined
  for (const key in map) {
    const changed = change(map[key])
    if (changed !== map[key]) setMember((out ??= { ...map }), key, changed)
  }
  return out ?? map
}

/** True for a member that a canonical object has. */
function shows(member: unknown, field: SchemaField): boolean {
  return member === undefined || isOmitted(member, field) ? alwaysShows(field) : true
}

/** A value that a rule wrote, with the members of its structs in upstream's order; what it shares with the canonical `before` is. */
function inOrder(value: unknown, type: SchemaType, before: unknown): unknown {
  if (value === before || typeof value !== 'object' || value === null) return value
  const { struct, element } = type
  const known = typeof before === 'object' && before !== null ? (before as Draft) : nothing
  if (struct !== undefined) return membersInOrder(value as Draft, struct, known)
  if (!Array.isArray(value) || element?.struct === undefined) return sortMap(value, type)
  return value.map((item: unknown, i) => inOrder(item, element, known[i]))
}

function membersInOrder(value: Draft, struct: StructType, before: Draft): Draft {
  const out: Draft = {}
  for (const field of struct.fields) {
    const member = value[field.json]
    if (shows(member, field)) out[field.json] = inOrder(member ?? zeroValue(field), field.type, before[field.json])
  }
  return out
}

function sortMap(value: object, type: SchemaType): object {
  if (type.shape !== 'map') return value
  const map = value as Draft
  const keys = sortedKeys(map)
  // A map that a rule took over from elsewhere is in order, and stays recognisable as that one.
  if (Object.keys(map).every((key, i) => key === keys[i])) return map
  const out: Draft = {}
  for (const key of keys) setMember(out, key, map[key])
  return out
}

/** Puts what rules wrote into upstream's order, each member for itself. */
function orderChanges(value: Draft, draft: Draft, struct: StructType): void {
  // Not `in`: the engine takes the few names that are ever written for all there are, and compiles anew at each other one.
  for (const key of Object.keys(draft)) {
    const after = draft[key]
    if (typeof after !== 'object' || after === null || after === value[key]) continue
    const field = struct.byName.get(key)
    if (field !== undefined) draft[key] = inOrder(after, field.type, value[key])
  }
}

/** True when the draft has the members of the value, no more, no less, with the same values. */
function isSame(value: Draft, draft: Draft): boolean {
  let balance = 0
  for (const key in draft) {
    if (draft[key] !== value[key]) return false
    balance++
  }
  for (const _ in value) balance--
  return balance === 0
}

/** Puts members that rules added into their places; what hardly any struct has is not looked for in all of them. */
function settle(value: Draft, draft: Draft, struct: StructType): Draft {
  if (isSame(value, draft)) return value
  const indexes: number[] = []
  for (const key in draft) {
    const field = struct.byName.get(key)
    if (field !== undefined && draft[key] !== undefined && shows(draft[key], field)) insertIndex(indexes, field.index)
  }
  for (const field of struct.always) if (draft[field.json] === undefined) insertIndex(indexes, field.index)
  const out: Draft = {}
  for (const index of indexes) {
    const field = struct.fields[index] as SchemaField
    out[field.json] = draft[field.json] ?? zeroValue(field)
  }
  return out
}

/** Adds to ascending numbers; most come in order. */
function insertIndex(indexes: number[], index: number): void {
  let at = indexes.length
  while (at > 0 && (indexes[at - 1] as number) > index) at--
  if (at === indexes.length) indexes.push(index)
  else indexes.splice(at, 0, index)
}
