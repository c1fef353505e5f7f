/**
 * Server-side apply (structured merge): merges a configuration into the live object, removes what its manager applied
 * before and no longer mentions, and settles who owns what.
 */
import { GantryError } from '#base/errors/gantry-error.ts'
import { goText } from '../patch/go-text.ts'
import { applyConflict, type Conflict } from './apply-conflict.ts'
import { compareValues } from './compare-values.ts'
import { equalValues } from './equal-values.ts'
import { differenceOf, emptySet, type FieldSet, isEmptySet, unionSets, withoutPrefixes } from './field-set.ts'
import { knownManagers, VersionedComparison } from './field-versions.ts'
import { fieldsOfValue } from './fields-of-value.ts'
import { type Manager, managerIdentity, type Managers, readManagers, withManager } from './managers.ts'
import { mergeValues } from './merge-values.ts'
import {
  type ApiObject,
  type FieldContext,
  metadataOf,
  ownable,
  takeOver,
  trackChange,
  withManagedFields,
  withoutManagedFields,
} from './track-update.ts'
import { keepLastApplied, lastAppliedText } from './last-applied.ts'
import { pruneFields } from './prune-fields.ts'
import { appliedProblems, problemsText } from './validate-applied.ts'

const firstManagerName = 'before-first-apply'

export interface ApplyRequest {
  /** The stored object, or undefined when apply creates it. */
  readonly live: ApiObject | undefined
  /** The configuration as sent: not defaulted, nulls kept. */
  readonly patch: ApiObject
  readonly manager: string
  readonly force: boolean
}

const remedy = 'Compare the configuration with the schema (kubectl explain).'

function badRequest(message: string): GantryError {
  return new GantryError('KUBERNETES_APPLY', 'invalid', message, { remedy })
}

/** Upstream has no status for a configuration that is not of its type, and answers as if itself had failed. */
function notOfType(message: string): GantryError {
  return new GantryError('KUBERNETES_APPLY', 'internal', message, { remedy })
}

function checkPatch({ patch }: ApplyRequest, context: FieldContext): void {
  const version = goText(patch['apiVersion'])
  if (version !== context.apiVersion) {
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${version}, expected: ${context.apiVersion}`,
    )
  }
  if ((metadataOf(patch)['managedFields'] ?? null) !== null) throw badRequest('metadata.managedFields must be nil')
  const problems = appliedProblems(patch, context.type)
  if (problems.length === 0) return
  const { namespace, name } = metadataOf(patch)
  const what = `${textOf(namespace)}/${textOf(name)}; ${context.apiVersion.includes('/') ? '' : '/'}${context.apiVersion}, Kind=${goText(patch['kind'])}`
  throw notOfType(`failed to create typed patch object (${what}): ${problemsText(problems)}`)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/**
 * The merged object with its managed fields; not yet defaulted or canonical. Applying what is already there returns `live`
 * itself when nothing changed hands. Throws `KUBERNETES_APPLY` (400) and `KUBERNETES_APPLY_CONFLICT` (409).
 */
export function applyObject(request: ApplyRequest, context: FieldContext): ApiObject {
  checkPatch(request, context)
  const live = request.live ?? context.emptyObject
  const read = readManagers(metadataOf(live)['managedFields'])
  if (typeof read === 'string') throw badRequest(`failed to decode managed fields: ${read}`)
  const bare = withoutManagedFields(live)
  const managers = knownManagers(startManagers(read, bare, { request, context }), bare, context)
  const { merged, settled } = settle({ ...request, live: bare }, managers, context)
  if (!equalValues(merged, bare))
    return withManagedFields(keepLastApplied(merged, request), stamp(settled, request.manager, context))
  const same = unchanged(live, { before: read, after: settled }, managerIdentity(applier(request.manager, context)))
  return keepLastApplied(same, request)
}

/** Fields of an object that nobody tracked so far belong to a manager of their own before the first apply. */
function startManagers(
  managers: Managers,
  live: ApiObject,
  { request, context }: { request: ApplyRequest; context: FieldContext },
): Managers {
  if (managers.size > 0 || request.live === undefined) return managers
  return trackChange(managers, [context.emptyObject, live], { name: firstManagerName, context })
}

function applier(name: string, { apiVersion, subresource, now }: FieldContext): Manager {
  return { manager: name, operation: 'Apply', apiVersion, subresource, time: now, fields: emptySet }
}

/** A no-op keeps the object, and its entries too unless the applier newly owns (or gives up) fields. */
function unchanged(live: ApiObject, { before, after }: { before: Managers; after: Managers }, self: string): ApiObject {
  const old = before.get(self)
  const now = after.get(self)
  const entry = old !== undefined && now !== undefined ? { ...now, time: old.time } : now
  const managers = entry === undefined ? after : withManager(after, entry)
  const next = withManagedFields(live, managers)
  return equalValues(next, live) ? live : next
}

/** The applier's time moves with the object. */
function stamp(managers: Managers, name: string, context: FieldContext): Managers {
  const entry = managers.get(managerIdentity(applier(name, context)))
  return entry === undefined ? managers : withManager(managers, { ...entry, time: context.now })
}

interface Settled {
  readonly merged: ApiObject
  readonly settled: Managers
}

type BareRequest = ApplyRequest & { readonly live: ApiObject }

function settle(request: BareRequest, managers: Managers, context: FieldContext): Settled {
  const self = managerIdentity(applier(request.manager, context))
  const last = managers.get(self)
  const applied =
    context.resetFields === undefined
      ? fieldsOfValue(request.patch, context.type)
      : withoutPrefixes(fieldsOfValue(request.patch, context.type), context.resetFields)
  const claimed = withManager(managers, {
    ...applier(request.manager, context),
    // An applier that changes nothing has applied at no time.
    time: last?.time,
    fields: applied,
  })
  const whole = mergeValues(request.live, request.patch, context.type) as ApiObject
  const merged = pruneFields(whole, { last, claimed, context })
  const states = [request.live, merged] as const
  const compared = new VersionedComparison(states, compareValues(...states, context.type), context)
  const { managers: taken, conflicts } = takeOver(claimed, compared, self)
  const open = request.force ? [] : openConflicts(conflicts, request, context)
  if (open.length > 0) throw applyConflict(open)
  const mine = taken.get(self)
  return {
    merged,
    settled: mine === undefined ? taken : withManager(taken, { ...mine, fields: ownable(mine.fields, context) }),
  }
}

/** Conflicts that stay: kubectl may take over what its own last client-side apply had set and nobody changed since. */
function openConflicts(
  conflicts: readonly Conflict[],
  request: BareRequest,
  context: FieldContext,
): readonly Conflict[] {
  if (request.manager !== 'kubectl' || conflicts.length === 0) return conflicts
  const allowed = lastAppliedFields(request.live, context)
  return conflicts
    .map(({ owner, fields }) => ({ owner, fields: differenceOf(fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields))
}

/** Fields of the last client-side apply that the live object still has unchanged. */
function lastAppliedFields(live: ApiObject, context: FieldContext): FieldSet {
  const text = lastAppliedText(live)
  if (text === undefined) return emptySet
  let last: unknown
  try {
    last = JSON.parse(text)
  } catch {
    return emptySet
  }
  if (typeof last !== 'object' || last === null || (last as ApiObject)['apiVersion'] !== context.apiVersion)
    return emptySet
  const { added, removed, modified } = compareValues(last, live, context.type)
  return differenceOf(fieldsOfValue(last, context.type), unionSets(unionSets(added, removed), modified))
}
