/** Persistent volumes and claims (core/validation, v1.36). */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSpec,
  SecretReference,
} from '../../objects/core-v1.generated.ts'
import {
  eachEntry,
  ifSet,
  immutableText,
  isEmpty,
  matches,
  matchesIfSet,
  oneOf,
  oneOfIfSet,
  requiredMatches,
} from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { csiDriverName } from '../format-errors.ts'
import { dnsLabel, dnsSubdomain, qualifiedName } from '../formats.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { hasInvalidSelectorValue } from '../labels.ts'
import { hasInvalidNodeValue, validateNodeSelector } from '../pods/affinity.ts'
import {
  isIscsiNameTooLong,
  iscsiLengthText,
  requiredMembers,
  secretMembers,
  validateAzureDisk,
  validateFc,
  validateFlex,
  validateFlocker,
  validateGlusterNamespace,
  validateHostPath,
  validateIscsi,
  validateLocal,
  validateNfs,
  validatePartitioned,
  validateQuobyte,
  validateStorageOs,
} from '../pods/disk-sources.ts'
import { amountOf, compareAmounts, isNativeResource, validateAmount } from '../pods/resources.ts'
import { sameValue } from '../same-value.ts'
import { internal } from '../internal-value.ts'
import { internalDiff } from '../spec-diff.ts'
import { validateAccessModes, validateClaimSpec, volumeModes } from './persistent-volume-claim-spec.ts'

type Amounts = Readonly<Record<string, string>>
const specPath = path('spec')

function secretReference(at: Path, ref: SecretReference): FieldError[] {
  return [
    ...requiredMatches(at.child('name'), ref.name, dnsSubdomain),
    ...requiredMatches(at.child('namespace'), ref.namespace, dnsLabel),
  ]
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

function csi(at: Path, source: NonNullable<PersistentVolumeSpec['csi']>): FieldError[] {
  return [
    ...csiDriverName(at.child('driver'), source.driver),
    ...requiredMembers(at, source, ['volumeHandle']),
    ...csiSecrets.flatMap((member) => ifSet(source[member], (ref) => secretReference(at.child(member), ref))),
  ]
}

const sources: {
  readonly [Name in keyof PersistentVolumeSpec]?: (
    at: Path,
    source: NonNullable<PersistentVolumeSpec[Name]>,
  ) => FieldError[]
} = {
  hostPath: validateHostPath,
  gcePersistentDisk: (at, source) => validatePartitioned(at, source, 'pdName'),
  awsElasticBlockStore: (at, source) => validatePartitioned(at, source, 'volumeID'),
  glusterfs: (at, source) => [
    ...requiredMembers(at, source, ['endpoints', 'path']),
    ...validateGlusterNamespace(at.child('endpointsNamespace'), source.endpointsNamespace),
  ],
  flocker: validateFlocker,
  nfs: validateNfs,
  rbd: (at, source) => requiredMembers(at, source, ['monitors', 'image']),
  quobyte: validateQuobyte,
  cephfs: (at, source) => requiredMembers(at, source, ['monitors']),
  iscsi: (at, source) => validateIscsi(at, source, true),
  cinder: (at, source) => [
    ...requiredMembers(at, source, ['volumeID']),
    ...secretMembers(at, source, ['name', 'namespace']),
  ],
  fc: validateFc,
  flexVolume: validateFlex,
  azureFile: (at, source) => [
    ...requiredMembers(at, source, ['secretName', 'shareName']),
    ...(source.secretNamespace === '' ? [required(at.child('secretNamespace'))] : []),
  ],
  vsphereVolume: (at, source) => requiredMembers(at, source, ['volumePath']),
  photonPersistentDisk: (at, source) => requiredMembers(at, source, ['pdID']),
  portworxVolume: (at, source) => requiredMembers(at, source, ['volumeID']),
  azureDisk: validateAzureDisk,
  scaleIO: (at, source) => requiredMembers(at, source, ['gateway', 'system', 'volumeName']),
  local: validateLocal,
  storageos: (at, source) => {
    const ref = source.secretRef
    const missing = ref === undefined ? [] : requiredMembers(at.child('secretRef'), ref, ['name', 'namespace'])
    return [...validateStorageOs(at, source), ...missing]
  },
  csi,
}
type SourceName = keyof typeof sources
const contentNames: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' }
const extraNames: Readonly<Record<string, string>> = { cephfs: 'cephFS' }

function validateSource(at: Path, spec: PersistentVolumeSpec, name: string): FieldError[] {
  const found = (Object.keys(sources) as SourceName[]).filter((member) => spec[member] !== undefined)
  if (found.length === 0) return [required(at, 'must specify a volume type')]
  const errors = found.flatMap((member, index) => {
    if (index > 0 && member !== 'flexVolume')
      return [forbidden(at.child(extraNames[member] ?? member), 'may not specify more than 1 volume type')]
    const check = sources[member] as (at: Path, source: unknown) => FieldError[]
    return check(at.child(contentNames[member] ?? member), spec[member])
  })
  if (spec.iscsi !== undefined && isIscsiNameTooLong(name, spec.iscsi)) {
    errors.push(invalid(at.child('iscsi', 'targetportal'), spec.iscsi.targetPortal, iscsiLengthText))
  }
  if (found[0] !== 'local' || spec.nodeAffinity !== undefined) return errors
  return [...errors, required(at.child('nodeAffinity'), 'Local volume requires node affinity')]
}

/** An amount whose whole units are below zero. */
function notNegative(at: Path, amount: string): FieldError[] {
  const units = amountOf(amount).nanos / 1_000_000_000n
  return units < 0n ? [invalid(at, Number(units), 'must be a valid resource quantity')] : []
}

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
    ...validateSource(specPath, spec, metadata.name),
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
  errors.push(...validateSource(at, spec, ''))
  if ((spec.storageClassName ?? '') !== '') errors.push(forbidden(at.child('storageClassName'), text))
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') {
    const only = 'may not specify volumeMode other than Filesystem in the context of inline volumes'
    errors.push(forbidden(at.child('volumeMode'), only))
  }
  return errors
}

function sourceOf(spec: PersistentVolumeSpec | undefined): Readonly<Record<string, unknown>> {
  const names = Object.keys(sources) as SourceName[]
  return Object.fromEntries(names.filter((name) => spec?.[name] !== undefined).map((name) => [name, spec?.[name]]))
}

function volumeChange({ spec }: PersistentVolume, { spec: old }: PersistentVolume): FieldError[] {
  const [before, now] = [sourceOf(old), { ...sourceOf(spec) }]
  if (old?.csi !== undefined && old.csi.controllerExpandSecretRef === undefined && spec?.csi !== undefined) {
    const { controllerExpandSecretRef: _, ...rest } = spec.csi
    now['csi'] = rest
  }
  const errors: FieldError[] = []
  if (!sameValue(before, now)) {
    const difference = internalDiff('core.PersistentVolumeSource', before, now)
    const text = `spec.persistentvolumesource is immutable after creation\n${difference}`
    errors.push(forbidden(specPath.child('persistentvolumesource'), text))
  }
  if (spec?.volumeMode !== old?.volumeMode)
    errors.push(invalid(path('volumeMode'), spec?.volumeMode ?? null, immutableText))
  if (old?.nodeAffinity !== undefined && !sameValue(spec?.nodeAffinity, old.nodeAffinity)) {
    const text = `${immutableText}, except for updating from beta label to GA`
    errors.push(invalid(path('nodeAffinity'), internal('core.VolumeNodeAffinity', spec?.nodeAffinity), text))
  }
  if (old?.volumeAttributesClassName === undefined || spec?.volumeAttributesClassName !== undefined) return errors
  const classAt = specPath.child('volumeAttributesClassName')
  return [...errors, forbidden(classAt, 'update from non-nil value to nil is forbidden')]
}

function needsVersion(object: { readonly metadata: { readonly resourceVersion?: string } }): FieldError[] {
  return (object.metadata.resourceVersion ?? '') === '' ? [required(path('resourceVersion'))] : []
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

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'
const claimText =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

/** The claim's spec with every permitted change undone. */
function permittedUndone(object: PersistentVolumeClaim, old: PersistentVolumeClaim): object {
  const { spec, status } = object
  const before = old.spec
  const undone: Record<string, unknown> = { ...spec }
  const restore = (member: string, value: unknown): void => {
    if (value === undefined) delete undone[member]
    else undone[member] = value
  }
  if ((before?.volumeName ?? '') === '') restore('volumeName', before?.volumeName)
  const annotation = old.metadata.annotations?.[classAnnotation]
  const isUpgraded = before?.storageClassName === undefined && spec?.storageClassName !== undefined
  if (isUpgraded && (annotation === undefined || annotation === spec.storageClassName))
    restore('storageClassName', undefined)
  if (status?.phase !== 'Bound') return undone
  restore('volumeAttributesClassName', before?.volumeAttributesClassName)
  const requests = { ...(spec?.resources?.requests as Amounts | undefined) }
  const storage = (before?.resources?.requests as Amounts | undefined)?.['storage']
  if (storage !== undefined) requests['storage'] = storage
  undone['resources'] = { ...spec?.resources, requests }
  return undone
}

function claimClasses(object: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const [now, before] = [object.spec?.volumeAttributesClassName, old.spec?.volumeAttributesClassName]
  const at = specPath.child('volumeAttributesClassName')
  if (now === before || old.status?.currentVolumeAttributesClassName === undefined) return []
  const suffix = 'is forbidden when status.currentVolumeAttributesClassName is not nil'
  if (now === undefined) return [forbidden(at, `update to nil ${suffix}`)]
  return now === '' ? [forbidden(at, `update to empty string ${suffix}`)] : []
}

function claimChange(object: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = []
  const annotation = object.metadata.annotations?.[classAnnotation] ?? ''
  const before = old.metadata.annotations?.[classAnnotation] ?? ''
  const isMoved = before !== '' && object.spec?.storageClassName === before && annotation === ''
  if (annotation !== before && !isMoved) {
    errors.push(invalid(path('metadata', 'annotations', classAnnotation), annotation, immutableText))
  }
  const undone = permittedUndone(object, old)
  if (!sameValue(undone, old.spec)) {
    const difference = internalDiff('core.PersistentVolumeClaimSpec', old.spec, undone)
    errors.push(forbidden(specPath, `${claimText}\n${difference}`))
  }
  const size = (claim: PersistentVolumeClaim): string | undefined =>
    (claim.spec?.resources?.requests as Amounts | undefined)?.['storage']
  const stored = (old.status?.capacity as Amounts | undefined)?.['storage']
  if (compareAmounts(size(object), size(old)) < 0 && compareAmounts(size(object), stored) <= 0) {
    const at = specPath.child('resources', 'requests', 'storage')
    errors.push(forbidden(at, 'field can not be less than status.capacity'))
  }
  if (object.spec?.volumeMode !== old.spec?.volumeMode) {
    errors.push(invalid(path('volumeMode'), object.spec?.volumeMode ?? null, immutableText))
  }
  return [...errors, ...claimClasses(object, old)]
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort()

function allocatedName(at: Path, name: string): FieldError[] {
  const errors = matches(at, name, qualifiedName)
  const isKnown = !isNativeResource(name) || name === 'storage'
  return errors.length > 0 || isKnown ? errors : [notSupported(at, name, ['storage'])]
}

function claimStatus(object: PersistentVolumeClaim): FieldError[] {
  const { status } = object
  const statusPath = path('status')
  const statesAt = statusPath.child('allocatedResourceStatuses')
  const allocatedAt = statusPath.child('allocatedResources')
  return [
    ...needsVersion(object),
    ...(isEmpty(object.spec?.accessModes) ? [required(path('Spec', 'accessModes'))] : []),
    ...eachEntry(statusPath.child('capacity'), status?.capacity as Amounts | undefined, (_, amount, at) =>
      notNegative(at, amount),
    ),
    ...eachEntry(statesAt, status?.allocatedResourceStatuses, (name, state) => [
      ...allocatedName(statesAt, name),
      ...(resizeStates.includes(state) ? [] : [notSupported(statesAt, name, resizeStates)]),
    ]),
    ...eachEntry(allocatedAt, status?.allocatedResources as Amounts | undefined, (name, amount, at) => {
      const errors = [...allocatedName(allocatedAt, name), ...notNegative(at, amount)]
      return errors.length > 0 ? errors : validateAmount(at, 'storage', amount)
    }),
  ]
}

/** The rules of claims. */
export const persistentVolumeClaimRules: AnyKindRules = kindRules<PersistentVolumeClaim>({
  name: dnsSubdomain,
  create: ({ spec }) => validateClaimSpec(specPath, spec),
  update: ({ object, old }) => {
    const hasGroup = old.spec?.dataSource?.apiGroup !== undefined || old.spec?.dataSourceRef?.apiGroup !== undefined
    const options = {
      allowInvalidSelectorValues: hasInvalidSelectorValue(old.spec?.selector),
      allowInvalidApiGroup: hasGroup,
    }
    return [...validateClaimSpec(specPath, object.spec, options), ...claimChange(object, old)]
  },
  status: ({ object }) => claimStatus(object),
})
