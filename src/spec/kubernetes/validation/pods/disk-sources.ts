/** Sources of volumes that pods and persistent volumes have in common: network file systems and disks of providers. */
import type {
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  HostPathVolumeSource,
  ISCSIVolumeSource,
  LocalVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
} from '../../objects/core-v1.generated.ts'
import { inRange, matches, matchesIfSet, oneOfIfSet, rangeText, requiredMatches, requiredText } from '../checks.ts'
import { invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { noBacksteps } from '../format-errors.ts'
import { dnsLabel } from '../formats.ts'

type Texts = Readonly<Record<string, unknown>>

/** An error for each member that is missing or empty; a dot goes down one level. */
export function requiredMembers(at: Path, source: object, names: readonly string[]): FieldError[] {
  return names.flatMap((name) => {
    const value = (source as Texts)[name]
    const isMissing = value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
    return isMissing ? [required(at.child(name))] : []
  })
}

interface SecretHolder {
  readonly secretRef?: { readonly name?: string; readonly namespace?: string }
}

/** A secret reference whose members must not be empty where it is given. */
export function secretMembers(at: Path, source: SecretHolder, names: readonly ('name' | 'namespace')[]): FieldError[] {
  const ref = source.secretRef
  return ref === undefined ? [] : names.flatMap((name) => requiredText(at.child('secretRef', name), ref[name]))
}

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

/** A path of the node. */
export function validateHostPath(at: Path, source: HostPathVolumeSource): FieldError[] {
  if (source.path === '') return [required(at.child('path'))]
  return [...noBacksteps(at.child('path'), source.path), ...oneOfIfSet(at.child('type'), source.type, hostPathTypes)]
}

/** A directory or disk that a persistent volume keeps on one node. */
export function validateLocal(at: Path, source: LocalVolumeSource): FieldError[] {
  return source.path === '' ? [required(at.child('path'))] : noBacksteps(at.child('path'), source.path)
}

export function validateNfs(at: Path, source: NFSVolumeSource): FieldError[] {
  const errors = requiredMembers(at, source, ['server', 'path'])
  return source.path.startsWith('/')
    ? errors
    : [...errors, invalid(at.child('path'), source.path, 'must be an absolute path')]
}

const iscsiPatterns: readonly (readonly [prefix: string, pattern: RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.[0-9A-Za-z\-.]+:[^,;*&$|\s]+$/],
  ['eui', /^eui.[0-9A-Za-z]{16}$/],
  ['naa', /^naa.[0-9A-Za-z]{32}$/],
]

function iscsiName(at: Path, name: string, unknownText: string): FieldError[] {
  const known = iscsiPatterns.find(([prefix]) => name.startsWith(prefix))
  if (known === undefined) return [invalid(at, name, unknownText)]
  return known[1].test(name) ? [] : [invalid(at, name, 'must be valid format')]
}

/** An iSCSI disk. Persistent volumes word unknown name formats differently. */
export function validateIscsi(at: Path, source: ISCSIVolumeSource, isPersistent: boolean = false): FieldError[] {
  const text = isPersistent ? 'must be valid format' : 'must be valid format starting with iqn, eui, or naa'
  const errors = requiredMembers(at, source, ['targetPortal', 'iqn'])
  if (source.iqn !== '') errors.push(...iscsiName(at.child('iqn'), source.iqn, text))
  errors.push(...inRange(at.child('lun'), source.lun ?? 0, [0, 255]))
  const needsSecret = source.chapAuthDiscovery === true || source.chapAuthSession === true
  if (needsSecret && source.secretRef === undefined) errors.push(required(at.child('secretRef')))
  if (isPersistent) errors.push(...secretMembers(at, source, ['name']))
  const { initiatorName } = source
  if (initiatorName !== undefined) errors.push(...iscsiName(at.child('initiatorname'), initiatorName, text))
  return errors
}

/** With an initiator name, the volume's name and the portal share 64 characters. */
export function isIscsiNameTooLong(name: string, source: ISCSIVolumeSource): boolean {
  return source.initiatorName !== undefined && `${name}:${source.targetPortal}`.length > 64
}

/** Upstream's text for `isIscsiNameTooLong`. */
export const iscsiLengthText =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'

export function validateFc(at: Path, source: FCVolumeSource): FieldError[] {
  const { targetWWNs = [], wwids = [], lun } = source
  const wwnsAt = at.child('targetWWNs')
  const errors: FieldError[] = []
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(wwnsAt, 'must specify either targetWWNs or wwids, but not both'))
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    errors.push(invalid(wwnsAt, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'))
  }
  if (targetWWNs.length === 0) return errors
  if (lun === undefined) return [...errors, required(at.child('lun'), 'lun is required if targetWWNs is specified')]
  return [...errors, ...inRange(at.child('lun'), lun, [0, 255])]
}

/** A disk of a provider with an id and a partition of 0 to 255. */
export function validatePartitioned(at: Path, source: { readonly partition?: number }, id: string): FieldError[] {
  const partition = source.partition ?? 0
  const range = partition < 0 || partition > 255 ? [invalid(at.child('partition'), partition, rangeText(1, 255))] : []
  return [...requiredMembers(at, source, [id]), ...range]
}

export function validateFlocker(at: Path, source: FlockerVolumeSource): FieldError[] {
  const { datasetName = '', datasetUUID = '' } = source
  const errors: FieldError[] = []
  if (datasetName === '' && datasetUUID === '') {
    errors.push(required(at, 'one of datasetName and datasetUUID is required'))
  }
  if (datasetName !== '' && datasetUUID !== '') {
    errors.push(invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  }
  if (datasetName.includes('/')) errors.push(invalid(at.child('datasetName'), datasetName, "must not contain '/'"))
  return errors
}

export function validateQuobyte(at: Path, source: QuobyteVolumeSource): FieldError[] {
  const pairText = 'must be a host:port pair or multiple pairs separated by commas'
  const errors: FieldError[] = []
  if (source.registry === '') errors.push(required(at.child('registry'), pairText))
  else if ((source.tenant ?? '').length >= 65) {
    errors.push(required(at.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'))
  } else {
    const broken = source.registry.split(',').filter((pair) => !/^(?:[^:[\]]*|\[[^\]]*\]):[^:]*$/.test(pair))
    errors.push(...broken.map(() => invalid(at.child('registry'), source.registry, pairText)))
  }
  return [...errors, ...requiredMembers(at, source, ['volume'])]
}

export function validateFlex(at: Path, source: Pick<FlexVolumeSource, 'driver' | 'options'>): FieldError[] {
  const reserved = Object.keys(source.options ?? {}).filter((key) => {
    const namespace = `.${(key.split('/')[0] ?? '').toLowerCase()}`
    return namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io')
  })
  return [
    ...requiredMembers(at, source, ['driver']),
    ...reserved.map((key) =>
      invalid(at.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved'),
    ),
  ]
}

const managedUri = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

export function validateAzureDisk(at: Path, source: AzureDiskVolumeSource): FieldError[] {
  const { kind, diskURI } = source
  const errors = [
    ...requiredMembers(at, source, ['diskName', 'diskURI']),
    ...oneOfIfSet(at.child('cachingMode'), source.cachingMode, ['None', 'ReadOnly', 'ReadWrite']),
    ...oneOfIfSet(at.child('kind'), kind, ['Dedicated', 'Managed', 'Shared']),
  ]
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    errors.push(notSupported(at.child('diskURI'), diskURI, [managedUri]))
  } else if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) {
    errors.push(notSupported(at.child('diskURI'), diskURI, [blobUri]))
  }
  return errors
}

export function validateStorageOs(at: Path, source: StorageOSVolumeSource): FieldError[] {
  return [
    ...requiredMatches(at.child('volumeName'), source.volumeName, dnsLabel),
    ...matchesIfSet(at.child('volumeNamespace'), source.volumeNamespace, dnsLabel),
  ]
}

/** The namespace of the endpoints of a GlusterFS volume. */
export function validateGlusterNamespace(at: Path, namespace: string | undefined): FieldError[] {
  if (namespace === undefined) return []
  const text = 'if the endpointnamespace is set, it must be a valid namespace name'
  return namespace === '' ? [invalid(at, namespace, text)] : matches(at, namespace, dnsLabel)
}
