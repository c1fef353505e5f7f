/** Ownership after an ordinary create or update: the writer owns what it changed, nobody owns what went away. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { compareValues } from './compare-values.ts'
import {
  differenceOf,
  emptySet,
  equalSets,
  type FieldSet,
  intersectionOf,
  isEmptySet,
  unionSets,
  withoutPrefixes,
} from './field-set.ts'
import type { Conflict } from './apply-conflict.ts'
import { type KnownVersions, knownManagers, VersionedComparison } from './field-versions.ts'
import type { KnownFields } from './known-fields.ts'
import {
  capManagers,
  type Manager,
  managerIdentity,
  type Managers,
  readManagers,
  withManager,
  writeManagers,
} from './managers.ts'
import { sortedSet } from './path-element.ts'

export type ApiObject = Readonly<Record<string, unknown>>

/** What every decision about an object's fields needs to know. */
export interface FieldContext extends KnownVersions {
  /** `''` for the main resource. */
  readonly subresource: string
  /** RFC 3339, seconds: the time put on entries that change. */
  readonly now: string
  /** What an object without content looks like in Go: the zero value of the kind. */
  readonly emptyObject: ApiObject
  /** The fields of new objects as they were worked out before, for this type, empty object and these reset fields. */
  readonly known?: KnownFields
}

/** Metadata that the server owns: never in anybody's set. */
const serverFields: FieldSet = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:clusterName': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
}

/** The set without the server's own metadata and without what the request cannot write. */
export function ownable(fields: FieldSet, context: FieldContext): FieldSet {
  const own = context.resetFields === undefined ? fields : withoutPrefixes(fields, context.resetFields)
  return differenceOf(own, serverFields)
}

/** The object's metadata, empty when it has none. */
export function metadataOf(object: ApiObject | undefined): ApiObject {
  return (object?.['metadata'] ?? {}) as ApiObject
}

/** The object with these entries in `metadata.managedFields` (none: without the member). */
export function withManagedFields(object: ApiObject, managers: Managers): ApiObject {
  const entries = writeManagers(managers)
  if (entries.length === 0) return withoutManagedFields(object)
  return { ...object, metadata: { ...metadataOf(object), managedFields: entries } }
}

/** The object as comparisons see it: without its own book-keeping. */
export function withoutManagedFields(object: ApiObject): ApiObject {
  const metadata = metadataOf(object)
  if (metadata['managedFields'] === undefined) return object
  const { managedFields: _, ...rest } = metadata
  return { ...object, metadata: rest }
}

/** The managers of an object; unreadable entries count as none. */
export function managersOf(object: ApiObject | undefined): Managers {
  const read = readManagers(metadataOf(object)['managedFields'])
  return typeof read === 'string' ? new Map<string, Manager>() : read
}

export interface OwnershipChange {
  readonly managers: Map<string, Manager>
  readonly conflicts: readonly Conflict[]
}

/** Takes what changed away from everyone but `writer` (an identity); who loses set fields is a conflict. */
export function takeOver(managers: Managers, compared: VersionedComparison, writer: string): OwnershipChange {
  const out = new Map<string, Manager>()
  const conflicts: Conflict[] = []
  for (const [identity, owner] of managers) {
    if (identity === writer) {
      out.set(identity, owner)
      continue
    }
    const change = compared.in(owner.apiVersion)
    if (change === undefined) continue
    const lost = intersectionOf(owner.fields, unionSets(change.modified, change.added))
    if (!isEmptySet(lost)) conflicts.push({ owner, fields: lost })
    const fields = differenceOf(differenceOf(owner.fields, lost), change.removed)
    if (!isEmptySet(fields)) out.set(identity, fields === owner.fields ? owner : { ...owner, fields })
  }
  return { managers: out, conflicts }
}

/** Tracks the change from `before` to `after` as made by an update of `name`. @throws `KUBERNETES_APPLY`. */
export function trackChange(
  managers: Managers,
  [before, after]: readonly [ApiObject, ApiObject],
  { name, context }: { name: string; context: FieldContext },
): Managers {
  const states = [withoutManagedFields(before), withoutManagedFields(after)] as const
  const own = compareValues(...states, context.type)
  const changed = unionSets(own.modified, own.added)
  if (isEmptySet(changed) && isEmptySet(own.removed) && speaksOnly(managers, context.apiVersion)) return managers
  const taken = takeOver(managers, new VersionedComparison(states, own, context), '').managers
  const fields = ownable(changed, context)
  if (isEmptySet(fields)) return taken
  const { apiVersion, subresource } = context
  const entry: Manager = { manager: name, operation: 'Update', apiVersion, subresource, time: context.now, fields }
  const identity = managerIdentity(entry)
  const owned = unionSets(fields, taken.get(identity)?.fields ?? emptySet)
  // Who writes the same fields again keeps the set as it is: it need not be put in order, nor be found among others.
  const known = managers.get(identity)?.fields
  const kept = known !== undefined && equalSets(owned, known) ? known : owned
  return capManagers(withManager(taken, { ...entry, fields: kept }))
}

function speaksOnly(managers: Managers, apiVersion: string): boolean {
  for (const entry of managers.values()) if (entry.apiVersion !== apiVersion) return false
  return true
}

/** The manager who creates an object that nobody manages yet owns all that it says. */
function firstManagers(object: ApiObject, name: string, context: FieldContext): Managers {
  const compare = (): FieldSet => {
    const { modified, added } = compareValues(context.emptyObject, object, context.type)
    return sortedSet(ownable(unionSets(modified, added), context))
  }
  const fields = context.known?.of(object, compare) ?? compare()
  const { apiVersion, subresource, now } = context
  const entry: Manager = { manager: name, operation: 'Update', apiVersion, subresource, time: now, fields }
  return withManager(new Map(), entry)
}

/** `[]` or `[{}]`: the request asks for the book-keeping to be dropped. */
function asksForReset(entries: unknown): boolean {
  if (!Array.isArray(entries)) return false
  return entries.length === 0 || (entries.length === 1 && Object.keys((entries[0] ?? {}) as object).length === 0)
}

function startingManagers(live: ApiObject | undefined, wanted: ApiObject, context: FieldContext): Managers {
  const sent = metadataOf(wanted)['managedFields']
  if (context.subresource !== '') return managersOf(live)
  if (asksForReset(sent)) return new Map<string, Manager>()
  const read = readManagers(sent)
  return typeof read === 'string' || read.size === 0 ? managersOf(live) : read
}

/**
 * The object of a create (`live` undefined), update or patch with its managed fields brought up to date. A change of
 * nothing leaves every entry and time as it was; an existing object that nobody tracks stays untracked. Managers who
 * cannot be kept, because the object cannot be had in their version, are all forgotten.
 */
export function trackUpdate(
  live: ApiObject | undefined,
  wanted: ApiObject,
  of: { manager: string; context: FieldContext },
): ApiObject {
  try {
    return withManagedFields(wanted, updatedManagers(live, wanted, of))
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    return withoutManagedFields(wanted)
  }
}

function updatedManagers(
  live: ApiObject | undefined,
  wanted: ApiObject,
  { manager, context }: { manager: string; context: FieldContext },
): Managers {
  const before = live ?? context.emptyObject
  const managers = startingManagers(live, wanted, context)
  const isNew = metadataOf(live)['uid'] === undefined
  if (managers.size === 0 && !isNew) return managers
  if (managers.size === 0 && live === undefined) return firstManagers(withoutManagedFields(wanted), manager, context)
  const known = knownManagers(managers, withoutManagedFields(before), context)
  return trackChange(known, [before, wanted], { name: manager, context })
}
