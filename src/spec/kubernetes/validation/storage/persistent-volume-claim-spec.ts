/** What a claim asks for, in claims themselves and in templates of claims (core/validation, v1.36). */
import type {
  PersistentVolumeClaimSpec,
  TypedLocalObjectReference,
  TypedObjectReference,
} from '../../objects/core-v1.generated.ts'
import { matches, matchesIfSet, oneOfIfSet, requiredText } from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain } from '../formats.ts'
import { validateLabelSelector } from '../labels.ts'
import { amountOf, validateAmount } from '../pods/resources.ts'

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
/** The modes of volumes. */
export const volumeModes: readonly string[] = ['Block', 'Filesystem']

/** The access modes of a volume or claim: known ones, and the exclusive one alone. */
export function validateAccessModes(
  at: Path,
  modes: readonly string[] | undefined,
  missing: string = '',
): FieldError[] {
  const list = modes ?? []
  if (list.length === 0) return [required(at, missing)]
  const errors = list.filter((mode) => !accessModes.includes(mode)).map((mode) => notSupported(at, mode, accessModes))
  const hasOther = list.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  if (!list.includes('ReadWriteOncePod') || !hasOther) return errors
  return [...errors, forbidden(at, 'may not use ReadWriteOncePod with other access modes')]
}

/** Leniency for what the stored claim already breaks. */
export interface ClaimOptions {
  readonly allowInvalidSelectorValues?: boolean
  readonly allowInvalidApiGroup?: boolean
}

function validateSource(
  at: Path,
  source: TypedLocalObjectReference | TypedObjectReference,
  options: ClaimOptions,
): FieldError[] {
  const group = source.apiGroup ?? ''
  const errors = [...requiredText(at.child('name'), source.name), ...requiredText(at.child('kind'), source.kind)]
  if (group === '' && source.kind !== 'PersistentVolumeClaim') {
    const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
    errors.push(invalid(at, source.kind, text))
  }
  if (options.allowInvalidApiGroup === true) return errors
  return [...errors, ...matchesIfSet(at.child('apiGroup'), group, dnsSubdomain)]
}

function validateSources(at: Path, spec: PersistentVolumeClaimSpec, options: ClaimOptions): FieldError[] {
  const { dataSource, dataSourceRef } = spec
  const namespace = dataSourceRef?.namespace ?? ''
  const errors = dataSource === undefined ? [] : validateSource(at.child('dataSource'), dataSource, options)
  if (dataSourceRef !== undefined) {
    const refAt = at.child('dataSourceRef')
    errors.push(
      ...validateSource(refAt, dataSourceRef, options),
      ...matchesIfSet(refAt.child('namespace'), namespace, dnsLabel),
    )
  }
  if (dataSource === undefined || dataSourceRef === undefined) return errors
  // Upstream passes the path as the value, which has no exported members.
  if (namespace !== '')
    return [...errors, invalid(at, {}, 'may not be specified when dataSourceRef.namespace is specified')]
  const isSame = (['apiGroup', 'kind', 'name'] as const).every((member) => dataSource[member] === dataSourceRef[member])
  return isSame ? errors : [...errors, invalid(at, {}, 'must match dataSourceRef')]
}

function validateStorage(at: Path, amount: string | undefined): FieldError[] {
  if (amount === undefined) return [required(at)]
  if (amountOf(amount).nanos <= 0n) return [invalid(at, amount, 'must be greater than zero')]
  return validateAmount(at, 'storage', amount)
}

/** The spec of a claim. */
export function validateClaimSpec(
  at: Path,
  spec: PersistentVolumeClaimSpec | undefined,
  options: ClaimOptions = {},
): FieldError[] {
  const claim = spec ?? ({} as PersistentVolumeClaimSpec)
  const modesAt = at.child('accessModes')
  const requests = (claim.resources?.requests ?? {}) as Readonly<Record<string, string>>
  const isMissing = (claim.accessModes ?? []).length === 0
  return [
    ...(isMissing ? [required(modesAt, 'at least 1 access mode is required')] : []),
    ...validateLabelSelector(at.child('selector'), claim.selector, options.allowInvalidSelectorValues),
    ...(isMissing ? [] : validateAccessModes(modesAt, claim.accessModes)),
    ...validateStorage(at.child('resources').key('storage'), requests['storage']),
    ...matchesIfSet(at.child('storageClassName'), claim.storageClassName, dnsSubdomain),
    ...oneOfIfSet(at.child('volumeMode'), claim.volumeMode, volumeModes),
    ...validateSources(at, claim, options),
    ...((claim.volumeAttributesClassName ?? '') === ''
      ? []
      : matches(at.child('volumeAttributesClassName'), claim.volumeAttributesClassName ?? '', dnsSubdomain)),
  ]
}
