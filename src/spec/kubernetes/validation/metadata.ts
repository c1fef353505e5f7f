/** Metadata of every kind, on create and update (apimachinery api/validation, v1.36). */
import type { ObjectMeta, OwnerReference } from '../objects/objects.ts'
import { byteLength, each, immutableText, matches, nonNegative, joined } from './checks.ts'
import { forbidden, invalid, required, tooLong, type FieldError } from './field-errors.ts'
import { path, type Path } from './field-path.ts'
import { asPrefix, dnsLabel, qualifiedName, type Format } from './formats.ts'
import { goStrings } from './go-value.ts'
import { validateAnnotations, validateLabels } from './labels.ts'
import { sameValue } from './same-value.ts'

export interface MetadataRules {
  readonly namespaced: boolean
  /** The format of names of the kind. */
  readonly name: Format
  /** Built-in kinds know three finalizers without a domain; custom resources may use any label key. */
  readonly anyFinalizer?: boolean
}

const metadataPath = path('metadata')
const standardFinalizers: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

function validateName(at: Path, { name = '', generateName = '' }: Partial<ObjectMeta>, format: Format): FieldError[] {
  const errors = generateName === '' ? [] : matches(at.child('generateName'), generateName, asPrefix(format))
  if (name !== '') return joined(errors, matches(at.child('name'), name, format))
  return [...errors, required(at.child('name'), 'name or generateName is required')]
}

/** Metadata of an object that is created. */
export function validateMetadata(
  given: ObjectMeta | undefined,
  rules: MetadataRules,
  at: Path = metadataPath,
): FieldError[] {
  const meta: Partial<ObjectMeta> = given ?? {}
  return joined(
    validateName(at, meta, rules.name),
    validateNamespace(given, rules.namespaced, at.child('namespace')),
    nonNegative(at.child('generation'), meta.generation),
    validateLabels(at.child('labels'), meta.labels),
    validateAnnotations(at.child('annotations'), meta.annotations),
    validateOwners(at.child('ownerReferences'), meta.ownerReferences),
    validateFinalizers(at.child('finalizers'), meta.finalizers ?? []),
    validateManagedFields(at.child('managedFields'), meta.managedFields),
    rules.anyFinalizer === true ? [] : validateKnownFinalizers(at.child('finalizers'), meta.finalizers),
  )
}

function validateNamespace(meta: ObjectMeta | undefined, namespaced: boolean, at: Path): FieldError[] {
  const namespace = meta?.namespace ?? ''
  if (!namespaced) return namespace === '' ? [] : [forbidden(at, 'not allowed on this type')]
  return namespace === '' ? [required(at)] : matches(at, namespace, dnsLabel)
}

function validateOwner(at: Path, owner: OwnerReference): FieldError[] {
  const errors: FieldError[] = []
  const steps = owner.apiVersion.split('/')
  const version = steps.length > 2 ? '' : steps.at(-1)
  if (version === '') errors.push(invalid(at.child('apiVersion'), owner.apiVersion, 'version must not be empty'))
  for (const member of ['kind', 'name', 'uid'] as const) {
    if (owner[member] === '') errors.push(invalid(at.child(member), owner[member], 'must not be empty'))
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    errors.push(invalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'))
  }
  return errors
}

function validateOwners(at: Path, owners: readonly OwnerReference[] = []): FieldError[] {
  const errors: FieldError[] = []
  let controller: string | undefined
  for (const owner of owners) {
    errors.push(...validateOwner(at, owner))
    if (owner.controller !== true) continue
    const name = `${owner.kind}/${owner.name}`
    if (controller === undefined) controller = name
    else {
      const text = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`
      errors.push(invalid(at, owners, text))
    }
  }
  return errors
}

function validateFinalizers(at: Path, finalizers: readonly string[]): FieldError[] {
  const errors = finalizers.flatMap((finalizer) => matches(at, finalizer, qualifiedName))
  if (!finalizers.includes('orphan') || !finalizers.includes('foregroundDeletion')) return errors
  return [...errors, invalid(at, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')]
}

/** A finalizer without a domain must be one of the API's own. */
export function validateKnownFinalizer(at: Path, finalizer: string): FieldError[] {
  if (finalizer.includes('/') || standardFinalizers.has(finalizer)) return []
  return [invalid(at, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')]
}

function validateKnownFinalizers(at: Path, finalizers: readonly string[] | undefined): FieldError[] {
  return each(at, finalizers, (finalizer, itemAt) => validateKnownFinalizer(itemAt, finalizer))
}

type ManagedFields = NonNullable<ObjectMeta['managedFields']>[number]

/** The name of a field manager: at most 128 bytes, printable. */
export function validateFieldManager(at: Path, manager: string): FieldError[] {
  const errors = byteLength(manager) > 128 ? [tooLong(at, 128)] : []
  let position = 0
  for (const character of manager) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      errors.push(invalid(at, manager, `invalid character U+${code} (at position ${position})`))
    }
    position += byteLength(character)
  }
  return errors
}

function validateManagedEntry(entry: ManagedFields, at: Path): FieldError[] {
  const errors: FieldError[] = []
  const { operation = '', fieldsType = '' } = entry
  if (operation !== 'Apply' && operation !== 'Update') {
    errors.push(invalid(at.child('operation'), operation, 'must be `Apply` or `Update`'))
  }
  if (fieldsType !== '' && fieldsType !== 'FieldsV1') {
    errors.push(invalid(at.child('fieldsType'), fieldsType, 'must be `FieldsV1`'))
  }
  errors.push(...validateFieldManager(at.child('manager'), entry.manager ?? ''))
  if (byteLength(entry.subresource ?? '') > 256) errors.push(tooLong(at.child('subresource'), 256))
  return errors
}

function validateManagedFields(at: Path, entries: ObjectMeta['managedFields']): FieldError[] {
  return each(at, entries, validateManagedEntry)
}

const frozenMembers = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const
const textMembers: ReadonlySet<string> = new Set(['name', 'namespace', 'uid'])

function validateFrozen(meta: ObjectMeta, old: ObjectMeta, at: Path): FieldError[] {
  return frozenMembers.flatMap((member) => {
    const value = meta[member] ?? (textMembers.has(member) ? '' : null)
    const before = old[member] ?? (textMembers.has(member) ? '' : null)
    return sameValue(value, before) ? [] : [invalid(at.child(member), value, immutableText)]
  })
}

function validateNewFinalizers(at: Path, meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  if (old.deletionTimestamp === undefined) return []
  const added = [...new Set(meta.finalizers)].filter((finalizer) => old.finalizers?.includes(finalizer) !== true).sort()
  if (added.length === 0) return []
  const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${goStrings(added)}`
  return [forbidden(at, text)]
}

/** Metadata of an object that is updated: what may not change, and the formats of what may. */
export function validateMetadataUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  rules: Pick<MetadataRules, 'anyFinalizer'> = {},
): FieldError[] {
  const at = metadataPath
  const errors = validateNewFinalizers(at.child('finalizers'), meta, old)
  if ((meta.resourceVersion ?? '') === '') {
    errors.push(invalid(at.child('resourceVersion'), '', 'must be specified for an update'))
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(at.child('generation'), meta.generation ?? 0, 'must not be decremented'))
  }
  return joined(
    errors,
    validateFrozen(meta, old, at),
    validateLabels(at.child('labels'), meta.labels),
    validateAnnotations(at.child('annotations'), meta.annotations),
    validateOwners(at.child('ownerReferences'), meta.ownerReferences),
    validateFinalizers(at.child('finalizers'), meta.finalizers ?? []),
    validateManagedFields(at.child('managedFields'), meta.managedFields),
    rules.anyFinalizer === true ? [] : validateKnownFinalizers(at.child('finalizers'), meta.finalizers),
  )
}
