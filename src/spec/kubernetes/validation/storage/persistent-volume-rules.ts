/** Persistent volumes (core/validation, v1.36). */
import type { PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from '../../objects/core-v1.generated.ts'
import { eachEntry, ifSet, immutableText, isEmpty, matches, matchesIfSet, oneOf, oneOfIfSet } from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { hasInvalidNodeValue, validateNodeSelector } from '../pods/affinity.ts'
import { amountOf } from '../pods/resources.ts'
import { sameValue } from '../same-value.ts'
import { internalDiff } from '../spec-diff.ts'
import { validateAccessModes, volumeModes } from './persistent-volume-claim-spec.ts'
import { needsVersion, notNegative } from './volume-status.ts'
import { validateVolumeSource, volumeSourceOf } from './volume-sources.ts'

type Amounts = Readonly<Record<string, string>>
const specPath = path('spec')

function capacity(at: Path, amounts: Amounts | undefined): FieldError[] {
  const names = Object.keys(amounts ?? {})
  const isStorage = names.length === 1 && names[0] === 'storage'
  return [
    ...(names.length === 0 ? [required(at)] : []),
    ...(isStorage ? [] : [notSupported(at, amounts ?? null, ['storage'])]),
    ...eachEntry(at, amounts, (_, amount, entryAt) => [
      ...notNegative(entryAt, amount),
      ...(amountOf(amount).nanos > 0n ? [] : [invalid(entryAt, amount, 'must be greater than zero')]),
    ]),
  ]
}

function isRoot(hostPath: string | undefined): boolean {
  return hostPath !== undefined && /^\/(?:\.?\/)*\.?$/.test(hostPath)
}

function policies(at: Path, spec: PersistentVolumeSpec): FieldError[] {
  const policy = spec.persistentVolumeReclaimPolicy
  const policyAt = at.child('persistentVolumeReclaimPolicy')
  const isRecycled = policy === 'Recycle' && isRoot(spec.hostPath?.path)
  const className = spec.volumeAttributesClassName
  const classAt = at.child('volumeAttributesClassName')
  return [
    ...(isRecycled ? [forbidden(policyAt, "may not be 'recycle' for a hostPath mount of '/'")] : []),
    ...matchesIfSet(at.child('storageClassName'), spec.storageClassName, dnsSubdomain),
    ...oneOfIfSet(at.child('volumeMode'), spec.volumeMode, volumeModes),
    ...ifSet(className, (name) => [
      ...(name === '' ? [required(classAt, 'an empty string is disallowed')] : matches(classAt, name, dnsSubdomain)),
      ...(spec.csi === undefined
        ? [required(at.child('csi'), 'has to be specified when using volumeAttributesClassName')]
        : []),
    ]),
  ]
}

function volume({ metadata, spec }: PersistentVolume, allowInvalidValues: boolean): FieldError[] {
  const policy: string = spec.persistentVolumeReclaimPolicy ?? ''
  const affinityAt = specPath.child('nodeAffinity', 'required')
  return [
    ...validateAccessModes(specPath.child('accessModes'), spec.accessModes),
    ...capacity(specPath.child('capacity'), spec.capacity as Amounts | undefined),
    ...(policy === ''
      ? []
      : oneOf(specPath.child('persistentVolumeReclaimPolicy'), policy, ['Delete', 'Recycle', 'Retain'])),
    ...ifSet(spec.nodeAffinity, ({ required: selector }) =>
      selector === undefined
        ? [required(affinityAt, 'must specify required node constraints')]
        : validateNodeSelector(affinityAt, selector, allowInvalidValues),
    ),
    ...validateVolumeSource(specPath, spec, metadata.name),
    ...policies(specPath, spec),
  ]
}

/** The spec of a volume written into a volume attachment: CSI only, and nothing that a volume of its own would need. */
export function validateInlineVolume(at: Path, spec: PersistentVolumeSpec): FieldError[] {
  const text = 'may not be specified in the context of inline volumes'
  const errors: FieldError[] = []
  if (spec.claimRef !== undefined) errors.push(forbidden(at.child('claimRef'), text))
  if (!isEmpty(spec.capacity)) errors.push(forbidden(at.child('capacity'), text))
  if (spec.csi === undefined)
    errors.push(required(at.child('csi'), 'has to be specified in the context of inline volumes'))
  errors.push(...validateAccessModes(at.child('accessModes'), spec.accessModes))
  const policy: string = spec.persistentVolumeReclaimPolicy ?? ''
  if (policy !== '' && policy !== 'Retain') {
    const only = 'may only be Retain in the context of inline volumes'
    errors.push(forbidden(at.child('persistentVolumeReclaimPolicy'), only))
  }
  if (spec.nodeAffinity !== undefined) errors.push(forbidden(at.child('nodeAffinity'), text))
  errors.push(...validateVolumeSource(at, spec, ''))
  if ((spec.storageClassName ?? '') !== '') errors.push(forbidden(at.child('storageClassName'), text))
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') {
    const only = 'may not specify volumeMode other than Filesystem in the context of inline volumes'
    errors.push(forbidden(at.child('volumeMode'), only))
  }
  return errors
}

/** Only the secret for growing may be added to a source. */
function sourceChange(spec: PersistentVolumeSpec | undefined, old: PersistentVolumeSpec | undefined): FieldError[] {
  const [before, now] = [volumeSourceOf(old), { ...volumeSourceOf(spec) }]
  if (old?.csi !== undefined && old.csi.controllerExpandSecretRef === undefined && spec?.csi !== undefined) {
    const { controllerExpandSecretRef: _, ...rest } = spec.csi
    now['csi'] = rest
  }
  if (sameValue(before, now)) return []
  const difference = internalDiff('core.PersistentVolumeSource', before, now)
  const text = `spec.persistentvolumesource is immutable after creation\n${difference}`
  return [forbidden(specPath.child('persistentvolumesource'), text)]
}

function affinityChange(now: VolumeNodeAffinity | undefined, before: VolumeNodeAffinity | undefined): FieldError[] {
  if (before === undefined || sameValue(now, before)) return []
  const text = `${immutableText}, except for updating from beta label to GA`
  return [invalid(path('nodeAffinity'), internal('core.VolumeNodeAffinity', now), text)]
}

function volumeChange({ spec }: PersistentVolume, { spec: old }: PersistentVolume): FieldError[] {
  const errors = sourceChange(spec, old)
  if (spec?.volumeMode !== old?.volumeMode)
    errors.push(invalid(path('volumeMode'), spec?.volumeMode ?? null, immutableText))
  errors.push(...affinityChange(spec?.nodeAffinity, old?.nodeAffinity))
  if (old?.volumeAttributesClassName === undefined || spec?.volumeAttributesClassName !== undefined) return errors
  const classAt = specPath.child('volumeAttributesClassName')
  return [...errors, forbidden(classAt, 'update from non-nil value to nil is forbidden')]
}

/** The rules of persistent volumes. */
export const persistentVolumeRules: AnyKindRules = kindRules<PersistentVolume>({
  name: dnsSubdomain,
  create: (object) => volume(object, false),
  update: ({ object, old }) => [
    ...volume(object, hasInvalidNodeValue(old.spec?.nodeAffinity?.required)),
    ...volumeChange(object, old),
  ],
  status: ({ object }) => needsVersion(object),
})
