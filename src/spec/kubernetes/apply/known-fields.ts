/**
 * Who creates objects from one template owns the same fields of each. Which fields a new object has depends on its members,
 * the keys of its lists and what differs from an empty object, not on its values: objects of one such form share one set.
 */
import { equalValues } from './equal-values.ts'
import type { FieldSet } from './field-set.ts'
import { isAtomic, kindOf, memberType, type MergeType } from './merge-type.ts'

/** Steps of all forms that are remembered together; when they are used up, remembering starts anew. */
const stepsMax = 16_384
/** Names longer than this count as several steps: they are kept as well. */
const stepCharacters = 64

/** What a step of a form may be besides the name of a member or the value of a key. */
const mark = {
  end: Symbol('end'),
  same: Symbol('same'),
  other: Symbol('other'),
  list: Symbol('list'),
  map: Symbol('map'),
  scalar: Symbol('scalar'),
} as const

/** A place in the tree of forms. Nearly all have one way on, which is kept beside the others. */
class Step {
  readonly #token: unknown
  #first: Step | undefined
  #others: Map<unknown, Step> | undefined
  fields: FieldSet | undefined

  constructor(token: unknown) {
    this.#token = token
  }

  next(token: unknown): Step | undefined {
    return this.#first !== undefined && this.#first.#token === token ? this.#first : this.#others?.get(token)
  }

  add(token: unknown): Step {
    const step = new Step(token)
    if (this.#first === undefined) this.#first = step
    else (this.#others ??= new Map<unknown, Step>()).set(token, step)
    return step
  }
}

type Members = Readonly<Record<string, unknown>>

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(members: Members, key: string): unknown {
  return Object.hasOwn(members, key) ? members[key] : undefined
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  if (typeof value !== 'object') return false
  for (const _ in value) return false
  return true
}

/** The field sets of new objects of one kind, by form. */
export class KnownFields {
  readonly #type: MergeType
  readonly #empty: Members
  #root = new Step(undefined)
  #at = this.#root
  #steps = 0

  /** @param empty what an object without content looks like: what it has is no field of a new object. */
  constructor(type: MergeType, empty: Readonly<Record<string, unknown>>) {
    this.#type = type
    this.#empty = empty
  }

  /**
   * The set of an object's form: as remembered, else as worked out by `compare`, whose answer must depend on no more than
   * how the object compares with the empty one.
   */
  of(object: Readonly<Record<string, unknown>>, compare: () => FieldSet): FieldSet {
    if (this.#steps > stepsMax) {
      this.#root = new Step(undefined)
      this.#steps = 0
    }
    this.#at = this.#root
    this.#walk(this.#empty, object, this.#type)
    return (this.#at.fields ??= compare())
  }

  #go(token: unknown): void {
    let step = this.#at.next(token)
    if (step === undefined) {
      step = this.#at.add(token)
      this.#steps += typeof token === 'string' ? Math.ceil(token.length / stepCharacters) : 1
    }
    this.#at = step
  }

  #walk(before: unknown, after: unknown, type: MergeType): void {
    const kind = kindOf(type, after, before)
    if (type.kind === 'deduced') this.#go(mark[kind])
    if (isAtomic(type, kind)) {
      if (before !== undefined) this.#go(equalValues(before, after) ? mark.same : mark.other)
    } else if (isEmpty(after)) this.#go(after === null ? null : Array.isArray(after) ? mark.list : mark.map)
    else if (kind === 'list') this.#items(after, type)
    else this.#members(before, after, type)
  }

  #members(before: unknown, after: unknown, type: MergeType): void {
    if (!isMembers(after)) return this.#go(mark.other)
    const known = isMembers(before) ? before : undefined
    for (const key in after) {
      if (after[key] === undefined) continue
      this.#go(key)
      this.#walk(known === undefined ? undefined : own(known, key), after[key], memberType(type, key))
    }
    this.#go(mark.end)
  }

  #items(after: unknown, type: MergeType): void {
    if (!Array.isArray(after)) return this.#go(mark.other)
    for (const item of after as readonly unknown[]) {
      this.#name(item, type)
      this.#walk(undefined, item, type.element ?? type)
    }
    this.#go(mark.end)
  }

  /** What an item is called by: the values of its keys, or its own value in a set. */
  #name(item: unknown, type: MergeType): void {
    if (type.keys.length === 0 || !isMembers(item)) return this.#go(typeof item === 'object' ? mark.other : item)
    for (const key of type.keys) {
      const value = item[key]
      if (typeof value === 'object' && value !== null) {
        this.#go(mark.other)
        this.#go(JSON.stringify(value))
      } else this.#go(value)
    }
  }
}
