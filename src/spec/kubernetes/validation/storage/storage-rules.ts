/** Storage classes, attachments, CSI nodes and drivers, capacities, attribute classes (storage/validation, v1.36). */
import type {
  CSIDriver,
  CSINode,
  CSINodeDriver,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
  VolumeError,
} from '../../objects/storage-v1.generated.ts'
import {
  byteLength,
  each,
  ifSet,
  immutableText,
  matches,
  negativeText,
  nonNegative,
  oneOf,
  rangeText,
  requiredOneOf,
} from '../checks.ts'
import { duplicate, forbidden, invalid, required, tooLong, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { csiDriverName } from '../format-errors.ts'
import { dnsSubdomain, qualifiedName } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateLabelSelector } from '../labels.ts'
import { amountOf } from '../pods/resources.ts'
import { sameValue } from '../same-value.ts'
import { validateInlineVolume } from './persistent-volume-rules.ts'

type Texts = Readonly<Record<string, string>>
const specPath = path('spec')
const textBytesMax = 256 * 1024

function bytesOf(texts: Texts | undefined): number {
  return Object.entries(texts ?? {}).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)
}

function provisioner(at: Path, name: string | undefined): FieldError[] {
  return name === undefined || name === '' ? [required(at)] : matches(at, name.toLowerCase(), qualifiedName)
}

function parameters(texts: Texts | undefined, mayBeEmpty: boolean): FieldError[] {
  const at = path('parameters')
  const keys = Object.keys(texts ?? {})
  if (keys.length > 512) return [tooLong(at, 512)]
  return [
    ...(keys.includes('') ? [invalid(at, '', 'field can not be empty.')] : []),
    ...(bytesOf(texts) > textBytesMax ? [tooLong(at, textBytesMax)] : []),
    ...(keys.length === 0 && !mayBeEmpty ? [required(at, 'must contain at least one key/value pair')] : []),
  ]
}

type Topologies = NonNullable<StorageClass['allowedTopologies']>

function topologyTerm(term: Topologies[number], at: Path): FieldError[] {
  const seen = new Set<string>()
  return each(at.child('matchLabelExpressions'), term.matchLabelExpressions, ({ key, values }, itemAt) => {
    const known = new Set<string>()
    const valuesAt = itemAt.child('values')
    const errors = (values ?? []).length === 0 ? [required(valuesAt)] : []
    errors.push(
      ...each(valuesAt, values, (value, valueAt) => {
        const repeated = known.has(value) ? [duplicate(valueAt, value)] : []
        known.add(value)
        return repeated
      }),
      ...matches(itemAt.child('key'), key, qualifiedName),
    )
    if (seen.has(key)) errors.push(duplicate(itemAt.child('key'), key))
    seen.add(key)
    return errors
  })
}

function topologyText(term: Topologies[number]): string {
  const pairs = (term.matchLabelExpressions ?? []).map(({ key, values }) => [key, [...(values ?? [])].sort()] as const)
  return JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function topologies(terms: Topologies | undefined): FieldError[] {
  // Upstream starts with as many empty terms as there are terms, and finds an empty one among them.
  const empty = (terms ?? []).map(() => topologyText({}))
  const texts = (terms ?? []).map(topologyText)
  return each(path('allowedTopologies'), terms, (term, at, index) => [
    ...topologyTerm(term, at),
    ...[...empty, ...texts.slice(0, index)]
      .filter((text) => text === texts[index])
      .map(() => duplicate(at.child('matchLabelExpressions'), '')),
  ])
}

function storageClass(object: StorageClass): FieldError[] {
  const policy: string = object.reclaimPolicy ?? ''
  const modes = ['Immediate', 'WaitForFirstConsumer']
  return [
    ...provisioner(path('provisioner'), object.provisioner),
    ...parameters(object.parameters, true),
    ...(policy === '' ? [] : oneOf(path('reclaimPolicy'), policy, ['Delete', 'Retain'])),
    ...requiredOneOf(path('volumeBindingMode'), object.volumeBindingMode, modes),
    ...topologies(object.allowedTopologies),
  ]
}

/** The rules of storage classes. */
export const storageClassRules: AnyKindRules = kindRules<StorageClass>({
  name: dnsSubdomain,
  create: storageClass,
  update: ({ object, old }) => [
    ...storageClass(object),
    ...(['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const)
      .filter((member) => !sameValue(object[member], old[member]))
      .map((member) => invalid(path(member), object[member] ?? null, immutableText)),
  ],
})

function volumeError(at: Path, error: VolumeError): FieldError[] {
  const { message = '', errorCode } = error
  const range = rangeText(0, 2147483647)
  return [
    ...(byteLength(message) > 1024 ? [tooLong(at.child('message'), textBytesMax)] : []),
    ...(errorCode !== undefined && errorCode < 0 ? [invalid(at.child('errorCode'), errorCode, range)] : []),
  ]
}

function attachmentSource({ spec }: VolumeAttachment): FieldError[] {
  const at = specPath.child('source')
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = spec?.source ?? {}
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (inline === undefined && name === undefined) return [required(at, text)]
  if (inline !== undefined && name !== undefined) return [forbidden(at, text)]
  if (inline !== undefined) return validateInlineVolume(at.child('inlineVolumeSpec'), inline)
  if (name !== '') return []
  return [required(at.child('persistentVolumeName'), 'must specify non empty persistentVolumeName')]
}

function attachment(object: VolumeAttachment): FieldError[] {
  const { spec, status } = object
  const statusPath = path('status')
  return [
    ...csiDriverName(specPath.child('attacher'), spec?.attacher),
    ...attachmentSource(object),
    ...matches(specPath.child('nodeName'), spec?.nodeName ?? '', dnsSubdomain),
    ...(bytesOf(status?.attachmentMetadata) > textBytesMax
      ? [tooLong(statusPath.child('attachmentMetadata'), textBytesMax)]
      : []),
    ...ifSet(status?.attachError, (error) => volumeError(statusPath.child('attachError'), error)),
    ...ifSet(status?.detachError, (error) => volumeError(statusPath.child('detachError'), error)),
    ...ifSet(spec?.source?.persistentVolumeName, (name) =>
      matches(path('spec.source.persistentVolumeName'), name, dnsSubdomain),
    ),
  ]
}

function attachmentUpdate(object: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  const value = internal('storage.VolumeAttachmentSpec', object.spec)
  const isSame = sameValue(object.spec, old.spec)
  return [...attachment(object), ...(isSame ? [] : [invalid(specPath, value, immutableText)])]
}

/** The rules of volume attachments. */
export const volumeAttachmentRules: AnyKindRules = kindRules<VolumeAttachment>({
  name: dnsSubdomain,
  create: attachment,
  update: ({ object, old }) => attachmentUpdate(object, old),
  status: ({ object, old }) => attachmentUpdate(object, old),
})

function nodeDriver(at: Path, driver: CSINodeDriver, names: Set<string>): FieldError[] {
  const { name, nodeID } = driver
  const keys = new Set<string>()
  const errors = csiDriverName(at.child('name'), name)
  if (nodeID === '') errors.push(required(at.child('nodeID')))
  if (byteLength(nodeID) > 256) errors.push(invalid(at.child('nodeID'), nodeID, 'must be 256 characters or less'))
  errors.push(...nonNegative(at.child('allocatable', 'count'), driver.allocatable?.count))
  if (names.has(name)) errors.push(duplicate(at.child('name'), name))
  names.add(name)
  const topology = (driver.topologyKeys ?? []).flatMap((key) => {
    const repeated = keys.has(key) ? [duplicate(at, key)] : []
    keys.add(key)
    return [...(key === '' ? [required(at)] : []), ...repeated, ...matches(at, key, qualifiedName)]
  })
  return [...errors, ...topology]
}

function csiNode({ spec }: CSINode): FieldError[] {
  const names = new Set<string>()
  return each(specPath.child('drivers'), spec?.drivers, (driver, at) => nodeDriver(at, driver, names))
}

/** The rules of CSI nodes. */
export const csiNodeRules: AnyKindRules = kindRules<CSINode>({
  name: dnsSubdomain,
  create: csiNode,
  update: ({ object, old }) => {
    const frozen = (driver: CSINodeDriver): object => ({ ...driver, allocatable: undefined })
    const changed = (old.spec?.drivers ?? []).flatMap((before) => {
      const now = (object.spec?.drivers ?? []).find(({ name }) => name === before.name)
      if (now === undefined || sameValue(frozen(now), frozen(before))) return []
      return [invalid(specPath.child('drivers'), internal('storage.CSINodeDriver', frozen(now)), immutableText)]
    })
    return [...csiNode(object), ...changed]
  },
})

function tokenRequests({ spec }: CSIDriver): FieldError[] {
  const audiences = new Set<string>()
  return each(specPath.child('tokenRequests'), spec?.tokenRequests, ({ audience, expirationSeconds: seconds }, at) => {
    const secondsAt = at.child('expirationSeconds')
    if (audiences.has(audience)) return [duplicate(at.child('audience'), audience)]
    audiences.add(audience)
    if (seconds === undefined) return []
    if (seconds < 600) return [invalid(secondsAt, seconds, 'may not specify a duration less than 10 minutes')]
    return seconds > 2 ** 32 ? [invalid(secondsAt, seconds, 'may not specify a duration larger than 2^32 seconds')] : []
  })
}

/** Where tokens are put says nothing when none are asked for. */
function tokenPlace({ spec }: CSIDriver): FieldError[] {
  const inSecrets = spec?.serviceAccountTokenInSecrets
  if (inSecrets === undefined || (spec?.tokenRequests ?? []).length > 0) return []
  const text = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
  return [invalid(specPath.child('serviceAccountTokenInSecrets'), inSecrets, text)]
}

function updatePeriod(seconds: number | undefined): FieldError[] {
  if (seconds === undefined || seconds >= 10) return []
  const text = 'must be greater than or equal to 10 seconds'
  return [invalid(specPath.child('nodeAllocatableUpdatePeriodSeconds'), seconds, text)]
}

function csiDriver(object: CSIDriver): FieldError[] {
  const { spec } = object
  const missing = (member: string, value: unknown): FieldError[] =>
    value === undefined ? [required(specPath.child(member))] : []
  return [
    ...missing('attachedRequired', spec?.attachRequired),
    ...missing('podInfoOnMount', spec?.podInfoOnMount),
    ...missing('storageCapacity', spec?.storageCapacity),
    ...ifSet(spec?.fsGroupPolicy, (policy) =>
      oneOf(specPath.child('fsGroupPolicy'), policy, ['File', 'None', 'ReadWriteOnceWithFSType']),
    ),
    ...tokenRequests(object),
    ...(spec?.volumeLifecycleModes ?? []).flatMap((mode) =>
      oneOf(specPath.child('volumeLifecycleModes'), mode, ['Persistent', 'Ephemeral']),
    ),
    ...missing('seLinuxMount', spec?.seLinuxMount),
    ...updatePeriod(spec?.nodeAllocatableUpdatePeriodSeconds),
    ...tokenPlace(object),
  ]
}

/** The rules of CSI drivers. */
export const csiDriverRules: AnyKindRules = kindRules<CSIDriver>({
  name: dnsSubdomain,
  create: csiDriver,
  update: ({ object, old }) => {
    const frozen = [
      ['attachRequired', 'attachedRequired'],
      ['volumeLifecycleModes', 'volumeLifecycleModes'],
    ] as const
    const changed = frozen.filter(([member]) => !sameValue(object.spec?.[member], old.spec?.[member]))
    return [
      ...csiDriver(object),
      ...changed.map(([member, name]) => invalid(specPath.child(name), object.spec?.[member] ?? null, immutableText)),
    ]
  },
})

function storageCapacity({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity): FieldError[] {
  const isNegative = capacity !== undefined && amountOf(String(capacity)).nanos < 0n
  return [
    ...validateLabelSelector(path('nodeTopology'), nodeTopology),
    ...matches(path('storageClassName'), storageClassName, dnsSubdomain),
    ...(isNegative ? [invalid(path('capacity'), String(capacity), negativeText)] : []),
  ]
}

/** The rules of storage capacities. */
export const storageCapacityRules: AnyKindRules = kindRules<CSIStorageCapacity>({
  name: dnsSubdomain,
  create: storageCapacity,
  update: ({ object, old }) => [
    ...storageCapacity(object),
    ...(['nodeTopology', 'storageClassName'] as const)
      .filter((member) => !sameValue(object[member], old[member]))
      .map((member) => invalid(path(member), object[member] ?? null, immutableText)),
  ],
})

function attributesClass(object: VolumeAttributesClass): FieldError[] {
  return [...provisioner(path('driverName'), object.driverName), ...parameters(object.parameters, false)]
}

/** The rules of volume attributes classes. */
export const attributesClassRules: AnyKindRules = kindRules<VolumeAttributesClass>({
  name: dnsSubdomain,
  create: attributesClass,
  update: ({ object, old }) => [
    ...(['driverName', 'parameters'] as const)
      .filter((member) => !sameValue(object[member], old[member]))
      .map((member) => forbidden(path(member), `updates to ${member} are forbidden.`)),
    ...attributesClass(object),
  ],
})
