/**
 * Managers who wrote an object in another version than a request's: their fields are kept in that version, and what a
 * request changes is looked at in it (structured-merge-diff's Updater and its converters, v1.36).
 */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { compareValues, type Comparison } from './compare-values.ts'
import { type FieldSet, isEmptySet, withoutPrefixes } from './field-set.ts'
import type { Manager, Managers } from './managers.ts'
import { isAtomic, kindOf, memberType, type MergeType } from './merge-type.ts'
import { appliedProblems, problemsText } from './validate-applied.ts'

type JsonTree = Readonly<Record<string, unknown>>

/** What one version of a kind says of its fields. */
export interface VersionFields {
  readonly type: MergeType
  /** Fields that a request of this version cannot write: none of its managers loses them by one. */
  readonly resetFields?: FieldSet
}

/** The versions of a kind besides the request's. */
export interface FieldVersions {
  /** Undefined for a version that is none any longer: its managers are forgotten. @throws for what cannot be one. */
  find(apiVersion: string): VersionFields | undefined
  /** An object, of any version, in another one; not fitted to its schema. @throws where it cannot be converted. */
  convert(object: JsonTree, apiVersion: string): JsonTree
  /** Schemas of this kind change under stored objects: sets are fitted to them. */
  readonly mayChange: boolean
}

/** The request's version and the others. */
export interface KnownVersions extends VersionFields {
  readonly apiVersion: string
  readonly versions?: FieldVersions
}

/** An object in a version, with that version's type. */
export interface Versioned {
  readonly object: JsonTree
  readonly type: MergeType
}

function failed(doing: string, why: string): GantryError {
  return new GantryError('KUBERNETES_APPLY', 'internal', doing === '' ? why : `${doing}: ${why}`, {
    remedy: 'See that the versions of the resource convert into each other.',
  })
}

/**
 * An object in a version that a manager speaks; undefined when there is no such version.
 * @param doing what failed, when it does. @throws `KUBERNETES_APPLY` for what does not fit that version's schema.
 */
export function inVersion(
  object: JsonTree,
  apiVersion: string,
  { context, doing }: { readonly context: KnownVersions; readonly doing: string },
): Versioned | undefined {
  const fields = fieldsOf(apiVersion, context, doing)
  if (fields === undefined) return undefined
  const { type } = fields
  if (object['apiVersion'] === apiVersion || context.versions === undefined) return { object, type }
  const converted = attempt(doing, () => context.versions?.convert(object, apiVersion) ?? object)
  const problems = appliedProblems(converted, type)
  if (problems.length > 0) throw failed(doing, problemsText(problems))
  return { object: converted, type }
}

function fieldsOf(apiVersion: string, context: KnownVersions, doing: string): VersionFields | undefined {
  if (apiVersion === context.apiVersion) return context
  return attempt(doing, () => context.versions?.find(apiVersion))
}

/** A failure is told by what was being done; what has to be asked for first is not one. */
function attempt<T>(doing: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    throw failed(doing, messageOf(error))
  }
}

/** Compares two states of an object in whatever version a manager speaks, each once. */
export class VersionedComparison {
  readonly #states: readonly [JsonTree, JsonTree]
  readonly #context: KnownVersions
  readonly #known = new Map<string, Comparison | undefined>()

  /** @param own how they compare in the request's version. */
  constructor(states: readonly [JsonTree, JsonTree], own: Comparison, context: KnownVersions) {
    this.#states = states
    this.#context = context
    this.#known.set(context.apiVersion, writable(own, context.resetFields))
  }

  /** Without what cannot be written; undefined for a version that there is no more. @throws `KUBERNETES_APPLY`. */
  in(apiVersion: string): Comparison | undefined {
    if (!this.#known.has(apiVersion)) this.#known.set(apiVersion, this.#compare(apiVersion))
    return this.#known.get(apiVersion)
  }

  #compare(apiVersion: string): Comparison | undefined {
    const context = this.#context
    const [before, after] = this.#states
    const old = inVersion(before, apiVersion, { context, doing: 'failed to convert old object' })
    if (old === undefined) return undefined
    const next = inVersion(after, apiVersion, { context, doing: 'failed to convert new object' })
    if (next === undefined) return undefined
    const compared = compareValues(old.object, next.object, old.type)
    return writable(compared, context.versions?.find(apiVersion)?.resetFields)
  }
}

function writable(compared: Comparison, resetFields: FieldSet | undefined): Comparison {
  if (resetFields === undefined) return compared
  const { added, removed, modified } = compared
  return {
    added: withoutPrefixes(added, resetFields),
    removed: withoutPrefixes(removed, resetFields),
    modified: withoutPrefixes(modified, resetFields),
  }
}

/**
 * The managers as the schemas of today know them: without those of versions that there are no more, and owning as a whole
 * what is a whole now. @throws `KUBERNETES_APPLY` when the object cannot be had in a version that one of them speaks.
 */
export function knownManagers(managers: Managers, object: JsonTree, context: KnownVersions): Managers {
  let out: Map<string, Manager> | undefined
  for (const [identity, entry] of managers) {
    const isOwn = entry.apiVersion === context.apiVersion
    if (isOwn && context.versions?.mayChange !== true) continue
    const versioned = inVersion(object, entry.apiVersion, { context, doing: '' })
    const fields = versioned === undefined ? undefined : fittedSet(entry.fields, versioned.type, context)
    if (fields === entry.fields) continue
    out ??= new Map(managers)
    if (fields === undefined) out.delete(identity)
    else out.set(identity, { ...entry, fields })
  }
  return out ?? managers
}

function fittedSet(fields: FieldSet, type: MergeType, { versions }: KnownVersions): FieldSet {
  return versions?.mayChange === true ? foldAtomic(fields, type) : fields
}

/** The set with each place that has become atomic as one path. The set itself when there is none. */
function foldAtomic(set: FieldSet, type: MergeType): FieldSet {
  let out: Record<string, FieldSet> | undefined
  for (const [element, node] of Object.entries(set)) {
    if (element === '.' || isEmptySet(node)) continue
    const below = element.startsWith('f:') ? memberType(type, element.slice(2)) : (type.element ?? type)
    const folded = isWhole(below) ? {} : foldAtomic(node, below)
    if (folded !== node) (out ??= { ...set })[element] = folded
  }
  return out ?? set
}

/** Only declared lists and maps are atomic by their schema. */
function isWhole(type: MergeType): boolean {
  return type.kind !== 'deduced' && type.kind !== 'scalar' && isAtomic(type, kindOf(type, undefined))
}
