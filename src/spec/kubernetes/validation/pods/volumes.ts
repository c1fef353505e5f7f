/** The volumes of a pod: names and exactly one source each. */
import type { CSIVolumeSource, EphemeralVolumeSource, Volume } from '../../objects/core-v1.generated.ts'
import { each, matches, requiredMatches, requiredText } from '../checks.ts'
import { duplicate, forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { csiDriverName, fileMode, localPath } from '../format-errors.ts'
import { dnsLabel, dnsSubdomain } from '../formats.ts'
import { validateClaimSpec } from '../storage/persistent-volume-claim-spec.ts'
import { validateTemplateMetadata } from '../template-metadata.ts'
import { validatePullPolicy } from './containers.ts'
import {
  isIscsiNameTooLong,
  iscsiLengthText,
  requiredMembers,
  secretMembers,
  validateAzureDisk,
  validateFc,
  validateFlex,
  validateFlocker,
  validateHostPath,
  validateIscsi,
  validateNfs,
  validatePartitioned,
  validateQuobyte,
  validateStorageOs,
} from './disk-sources.ts'
import { amountOf } from './resources.ts'
import { validateDownwardFile, validateKeyedVolume, validateProjected } from './projected-volumes.ts'
import type { VolumesByName } from './volume-mounts.ts'

interface Scope {
  readonly isPod: boolean
  /** The pod's name, where it has one. */
  readonly podName: string
}

type SourceName = Exclude<keyof Volume, 'name'>
type SourceCheck<Name extends SourceName> = (
  at: Path,
  source: NonNullable<Volume[Name]>,
  of: Scope & { volume: Volume },
) => FieldError[]
type SourceChecks = { readonly [Name in SourceName]: SourceCheck<Name> }

function validateCsi(at: Path, source: CSIVolumeSource): FieldError[] {
  const ref = source.nodePublishSecretRef
  const errors = csiDriverName(at.child('driver'), source.driver)
  if (ref === undefined) return errors
  if ((ref.name ?? '') === '') return [...errors, required(at.child('nodePublishSecretRef', 'name'))]
  return [...errors, ...matches(at.child('name'), ref.name ?? '', dnsSubdomain)]
}

function validateEphemeral(at: Path, source: EphemeralVolumeSource): FieldError[] {
  const template = source.volumeClaimTemplate
  const templateAt = at.child('volumeClaimTemplate')
  if (template === undefined) return [required(templateAt)]
  return [
    ...validateTemplateMetadata(templateAt.child('metadata'), template.metadata),
    ...validateClaimSpec(templateAt.child('spec'), template.spec),
  ]
}

function validateEphemeralName(at: Path, { volume, podName }: Scope & { volume: Volume }): FieldError[] {
  if (podName === '' || volume.name === '') return []
  const claim = `${podName}-${volume.name}`
  return dnsSubdomain(claim).map((text) => invalid(at, volume.name, `PVC name ${JSON.stringify(claim)}: ${text}`))
}

// The order is upstream's, which decides which of several sources is reported as one too many.
const sources: SourceChecks = {
  emptyDir: (at, source) =>
    source.sizeLimit !== undefined && amountOf(String(source.sizeLimit)).nanos < 0n
      ? [forbidden(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: validateHostPath,
  gitRepo: (at, source) => [
    ...requiredMembers(at, source, ['repository']),
    ...localPath(at.child('directory'), source.directory ?? ''),
  ],
  gcePersistentDisk: (at, source) => validatePartitioned(at, source, 'pdName'),
  awsElasticBlockStore: (at, source) => validatePartitioned(at, source, 'volumeID'),
  secret: (at, source) => validateKeyedVolume(at, source, ['secretName', source.secretName]),
  nfs: validateNfs,
  iscsi: (at, source) => validateIscsi(at, source),
  glusterfs: (at, source) => requiredMembers(at, source, ['endpoints', 'path']),
  flocker: validateFlocker,
  persistentVolumeClaim: (at, source) => requiredMembers(at, source, ['claimName']),
  rbd: (at, source) => requiredMembers(at, source, ['monitors', 'image']),
  cinder: (at, source) => [...requiredMembers(at, source, ['volumeID']), ...secretMembers(at, source, ['name'])],
  cephfs: (at, source) => requiredMembers(at, source, ['monitors']),
  quobyte: validateQuobyte,
  downwardAPI: (at, source) => [
    ...fileMode(at.child('defaultMode'), source.defaultMode),
    ...(source.items ?? []).flatMap((file) => validateDownwardFile(at, file)),
  ],
  fc: validateFc,
  flexVolume: validateFlex,
  configMap: (at, source) => validateKeyedVolume(at, source, ['name', source.name]),
  azureFile: (at, source) => requiredMembers(at, source, ['secretName', 'shareName']),
  vsphereVolume: (at, source) => requiredMembers(at, source, ['volumePath']),
  photonPersistentDisk: (at, source) => requiredMembers(at, source, ['pdID']),
  portworxVolume: (at, source) => requiredMembers(at, source, ['volumeID']),
  azureDisk: validateAzureDisk,
  storageos: (at, source) => [...validateStorageOs(at, source), ...secretMembers(at, source, ['name'])],
  projected: validateProjected,
  scaleIO: (at, source) => requiredMembers(at, source, ['gateway', 'system', 'volumeName']),
  csi: validateCsi,
  ephemeral: validateEphemeral,
  image: (at, source, { isPod }) => [
    ...(isPod ? requiredText(at.child('reference'), source.reference) : []),
    ...validatePullPolicy(at.child('pullPolicy'), source.pullPolicy),
  ],
}

// Paths that upstream spells otherwise than the member.
const contentNames: Readonly<Partial<Record<SourceName, string>>> = { gcePersistentDisk: 'persistentDisk' }
const extraNames: Readonly<Partial<Record<SourceName, string>>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }

const sourceNames = Object.keys(sources) as readonly SourceName[]

/** The sources of a volume in upstream's order; nearly always one. */
function sourcesOf(volume: Volume): readonly SourceName[] {
  const found: SourceName[] = []
  for (const name in volume)
    if (Object.hasOwn(sources, name) && volume[name as SourceName] !== undefined) found.push(name as SourceName)
  return found.length < 2 ? found : found.sort((a, b) => sourceNames.indexOf(a) - sourceNames.indexOf(b))
}

function validateSource(at: Path, volume: Volume, scope: Scope): FieldError[] {
  const of = { ...scope, volume }
  const found = sourcesOf(volume)
  if (found.length === 0) return [required(at, 'must specify a volume type')]
  const errors = found.flatMap((name, index) => {
    if (index > 0) return [forbidden(at.child(extraNames[name] ?? name), 'may not specify more than 1 volume type')]
    const check = sources[name] as (at: Path, source: unknown, of: Scope & { volume: Volume }) => FieldError[]
    return check(at.child(contentNames[name] ?? name), volume[name], of)
  })
  if (volume.iscsi !== undefined && isIscsiNameTooLong(volume.name, volume.iscsi)) {
    errors.push(invalid(at.child('name'), volume.name, iscsiLengthText))
  }
  return found[0] === 'ephemeral' ? [...errors, ...validateEphemeralName(at.child('name'), of)] : errors
}

/** The volumes of a pod spec, and those that are valid by name, which containers may mount. */
export function validateVolumes(
  at: Path,
  volumes: readonly Volume[] | undefined,
  scope: Scope,
): { readonly errors: FieldError[]; readonly valid: VolumesByName } {
  const valid = new Map<string, Volume>()
  const isEphemeral = (name: string): boolean =>
    (volumes ?? []).some((volume) => volume.ephemeral !== undefined && `${scope.podName}-${volume.name}` === name)
  const errors = each(at, volumes, (volume, itemAt) => {
    const nameAt = itemAt.child('name')
    const own = [...validateSource(itemAt, volume, scope), ...requiredMatches(nameAt, volume.name, dnsLabel)]
    if (valid.has(volume.name)) own.push(duplicate(nameAt, volume.name))
    if (own.length === 0) valid.set(volume.name, volume)
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim !== undefined && scope.podName !== '' && isEphemeral(claim)) {
      const text = 'must not reference a PVC that gets created for an ephemeral volume'
      own.push(invalid(itemAt.child('persistentVolumeClaim', 'claimName'), claim, text))
    }
    return own
  })
  return { errors, valid }
}
