/**
 * What an applier applied before and no longer mentions goes, unless somebody else owns it (structured-merge-diff's prune,
 * v1.36). Each manager's claim is looked at in the version that the manager speaks.
 */
import { differenceOf, emptySet, type FieldSet, intersectionOf, isEmptySet, unionSets } from './field-set.ts'
import { fieldsOfValue, withNamedFields } from './fields-of-value.ts'
import { inVersion, type KnownVersions, type Versioned } from './field-versions.ts'
import type { Manager, Managers } from './managers.ts'
import { removeFields } from './merge-values.ts'

type JsonTree = Readonly<Record<string, unknown>>

/** An object before and after fields were taken out of it. */
interface Pruning {
  readonly whole: JsonTree
  readonly pruned: JsonTree
}

const doing = 'failed to prune fields'

/**
 * Takes out of a merged object what `last`, the applier's share before, had and nobody claims now.
 * @param claimed all managers, the applier with what it applies now. @throws `KUBERNETES_APPLY`.
 */
export function pruneFields(
  merged: JsonTree,
  of: { readonly last: Manager | undefined; readonly claimed: Managers; readonly context: KnownVersions },
): JsonTree {
  const { last, claimed, context } = of
  if (last === undefined || isEmptySet(last.fields)) return merged
  const what = `${doing}: failed to convert merged object to last applied version`
  const start = inVersion(merged, last.apiVersion, { context, doing: what })
  if (start === undefined) return merged
  const { object: whole, type } = start
  const bare = removeFields(whole, withNamedFields(last.fields, type), type) as JsonTree
  const { pruned } = addBackOwned({ whole, pruned: bare }, { claimed, context, first: last.apiVersion })
  const kept = addBackDangling({ whole: start, pruned }, last, context)
  return inVersion(kept, context.apiVersion, { context, doing })?.object ?? kept
}

/** Fields that somebody claims come back: first in the version that was pruned, so that others can be converted to. */
function addBackOwned(
  start: Pruning,
  of: { readonly claimed: Managers; readonly context: KnownVersions; readonly first: string },
): Pruning {
  const owned = new Map<string, FieldSet>([[of.first, emptySet]])
  for (const { apiVersion, fields } of of.claimed.values())
    owned.set(apiVersion, unionSets(owned.get(apiVersion) ?? emptySet, fields))
  let now = start
  for (const [apiVersion, fields] of owned)
    if (!isEmptySet(fields)) now = addBackIn(now, { apiVersion, fields, context: of.context })
  return now
}

function addBackIn(
  { whole, pruned }: Pruning,
  of: { readonly apiVersion: string; readonly fields: FieldSet; readonly context: KnownVersions },
): Pruning {
  const { apiVersion, fields, context } = of
  const what = (state: string): string =>
    `${doing}: failed add back owned items: failed to convert ${state} object at version ${apiVersion}`
  const all = inVersion(whole, apiVersion, { context, doing: what('merged') })
  const left = inVersion(pruned, apiVersion, { context, doing: what('pruned') })
  if (all === undefined || left === undefined) return { whole, pruned }
  const { type } = all
  const stays = unionSets(namedFieldsOf(left), withNamedFields(fields, type))
  const gone = differenceOf(namedFieldsOf(all), stays)
  return { whole: all.object, pruned: removeFields(all.object, gone, type) as JsonTree }
}

/** Only what the applier itself had goes: what nobody owned stays. */
function addBackDangling(
  { whole, pruned }: { readonly whole: Versioned; readonly pruned: JsonTree },
  last: Manager,
  context: KnownVersions,
): JsonTree {
  const what = `${doing}: failed add back dangling items: failed to convert pruned object to last applied version`
  const left = inVersion(pruned, last.apiVersion, { context, doing: what })
  if (left === undefined) return whole.object
  const gone = differenceOf(namedFieldsOf(whole), namedFieldsOf(left))
  const mine = intersectionOf(gone, withNamedFields(last.fields, whole.type))
  return removeFields(whole.object, mine, whole.type) as JsonTree
}

function namedFieldsOf({ object, type }: Versioned): FieldSet {
  return withNamedFields(fieldsOfValue(object, type), type)
}
