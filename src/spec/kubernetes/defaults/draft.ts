/** An object being filled in: a private copy that rules write to. */

export type Draft = Record<string, unknown>

/** What a rule may look at besides the value itself. */
export interface DefaultContext {
  /** Now, RFC 3339 seconds: for the one default that is a time. */
  readonly now: string
}

/** Writes what is missing from one value of a type. The draft is the rule's own; values inside it are not. */
export type DefaultRule = (draft: Draft, context: DefaultContext) => void

/** Sets members that are absent or null. */
export function fillAbsent(draft: Draft, members: Readonly<Record<string, unknown>>): void {
  for (const key in members) if (draft[key] === undefined || draft[key] === null) draft[key] = members[key]
}

/** Sets members that are absent or Go's zero: empty text, 0, an empty list. */
export function fillZero(draft: Draft, members: Readonly<Record<string, unknown>>): void {
  for (const key in members) if (isZero(draft[key])) draft[key] = members[key]
}

export function isZero(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || value === 0 || (Array.isArray(value) && value.length === 0)
  )
}

/** A member as a private copy that may be written to; made when it is absent. */
export function copyIn(draft: Draft, key: string): Draft {
  const copy = { ...(draft[key] as Draft | undefined) }
  draft[key] = copy
  return copy
}

/** A member when it is an object. */
export function objectAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  let at = value
  for (const key of path) at = typeof at === 'object' && at !== null ? (at as Draft)[key] : undefined
  return typeof at === 'object' && at !== null && !Array.isArray(at) ? (at as Draft) : undefined
}

/** A member as a list, empty when it is none. */
export function listAt(value: unknown, key: string): readonly Draft[] {
  const list = (value as Draft | undefined)?.[key]
  return Array.isArray(list) ? (list as Draft[]) : []
}

/** True for an object that has members. */
export function hasMembers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const _ in value) return true
  return false
}

/** Metadata labels taken from the pod template when the object has none of its own. */
export function labelsFromTemplate(draft: Draft): void {
  const labels = objectAt(draft, 'spec', 'template', 'metadata', 'labels')
  if (labels !== undefined && !hasMembers(objectAt(draft, 'metadata', 'labels')))
    copyIn(draft, 'metadata')['labels'] = labels
}
