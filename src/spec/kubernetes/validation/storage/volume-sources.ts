/** Where the data of a persistent volume lies: exactly one source, each with rules of its own (core/validation, v1.36). */
import type { PersistentVolumeSpec, SecretReference } from '../../objects/core-v1.generated.ts'
import { ifSet, requiredMatches } from '../checks.ts'
import { forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { csiDriverName } from '../format-errors.ts'
import { dnsLabel, dnsSubdomain } from '../formats.ts'
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

/** The source of a volume with a name. */
export function validateVolumeSource(at: Path, spec: PersistentVolumeSpec, name: string): FieldError[] {
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

/** The members that are sources. */
export function volumeSourceOf(spec: PersistentVolumeSpec | undefined): Readonly<Record<string, unknown>> {
  const names = Object.keys(sources) as SourceName[]
  return Object.fromEntries(names.filter((name) => spec?.[name] !== undefined).map((name) => [name, spec?.[name]]))
}
