/** Volumes made of the API's own contents: config maps, secrets, downward API, tokens, trust bundles, certificates. */
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../objects/core-v1.generated.ts'
import { each, requiredText, joined } from '../checks.ts'
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { domainPrefixedKey, fileMode, localUnreservedPath } from '../format-errors.ts'
import { internal } from '../internal-value.ts'
import { annotationBytesMax, validateLabelSelector } from '../labels.ts'
import { signerNameErrors, trustBundleNameProblems } from '../signer-names.ts'
import { byteLength } from '../checks.ts'
import { validateFieldRef, validateResourceFieldRef, volumeFields } from './env.ts'

/** One key of a config map or secret and the file it becomes. */
export function validateKeyToPath(item: KeyToPath, at: Path): FieldError[] {
  return joined(
    requiredText(at.child('key'), item.key),
    requiredText(at.child('path'), item.path),
    localUnreservedPath(at.child('path'), item.path),
    fileMode(at.child('mode'), item.mode),
  )
}

/** A config map or secret as a volume. */
export function validateKeyedVolume(
  at: Path,
  source: { readonly defaultMode?: number; readonly items?: readonly KeyToPath[] },
  name: readonly [member: string, value: string | undefined],
): FieldError[] {
  return joined(
    requiredText(at.child(name[0]), name[1]),
    fileMode(at.child('defaultMode'), source.defaultMode),
    each(at.child('items'), source.items, validateKeyToPath),
  )
}

/** One file of a downward API volume; its place in the list is not told, as upstream does. */
export function validateDownwardFile(at: Path, file: DownwardAPIVolumeFile): FieldError[] {
  const { fieldRef, resourceFieldRef } = file
  const errors = joined(requiredText(at.child('path'), file.path), localUnreservedPath(at.child('path'), file.path))
  if (fieldRef !== undefined) {
    errors.push(...validateFieldRef(at.child('fieldRef'), fieldRef, volumeFields))
    if (resourceFieldRef !== undefined) {
      errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    }
  } else if (resourceFieldRef === undefined) {
    errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'))
  } else errors.push(...validateResourceFieldRef(at.child('resourceFieldRef'), resourceFieldRef, true))
  return joined(errors, fileMode(at.child('mode'), file.mode))
}

/** Collects the paths of all sources of a volume, which must differ. */
class Paths {
  readonly #seen = new Set<string>()
  readonly #at: Path

  constructor(at: Path) {
    this.#at = at
  }

  add(path: string, value: string = path): FieldError[] {
    if (this.#seen.has(path)) return [invalid(this.#at, value, 'conflicting duplicate paths')]
    this.#seen.add(path)
    return []
  }
}

function keyed(at: Path, source: { name?: string; items?: readonly KeyToPath[] }, paths: Paths): FieldError[] {
  return joined(
    requiredText(at.child('name'), source.name),
    each(at.child('items'), source.items, (item, itemAt) =>
      joined(validateKeyToPath(item, itemAt), item.path === '' ? [] : paths.add(item.path, source.name ?? '')),
    ),
  )
}

function token(at: Path, volumeAt: Path, source: ServiceAccountTokenProjection): FieldError[] {
  const seconds = source.expirationSeconds ?? 0
  const secondsAt = at.child('expirationSeconds')
  const errors: FieldError[] = []
  if (seconds < 600) errors.push(invalid(secondsAt, seconds, 'may not specify a duration less than 10 minutes'))
  if (seconds > 2 ** 32) {
    errors.push(invalid(secondsAt, seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
  const pathAt = volumeAt.child('path')
  return joined(errors, source.path === '' ? [required(pathAt)] : localUnreservedPath(pathAt, source.path))
}

function bundleSource(at: Path, source: ClusterTrustBundleProjection): FieldError[] {
  const { name, signerName, labelSelector } = source
  if (name !== undefined && signerName !== undefined) {
    const value = internal('core.ClusterTrustBundleProjection', source)
    return [invalid(at, value, 'only one of name and signerName may be used')]
  }
  if (signerName !== undefined) {
    const missing = signerName === '' ? [required(at.child('signerName'), 'must be a valid signer name')] : []
    const selector = validateLabelSelector(at.child('labelSelector'), labelSelector)
    return joined(missing, signerNameErrors(at.child('signerName'), signerName), selector)
  }
  if (name === undefined) return [required(at, 'either name or signerName must be specified')]
  const errors = name === '' ? [required(at.child('name'), 'must be a valid object name')] : []
  for (const problem of trustBundleNameProblems(name)) {
    errors.push(invalid(at.child('name'), name, `not a valid clustertrustbundlename: ${problem}`))
  }
  if (labelSelector !== undefined) {
    errors.push(invalid(at.child('labelSelector'), labelSelector, 'labelSelector must be unset if name is specified'))
  }
  return errors
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']

function certificateAge(at: Path, source: PodCertificateProjection): FieldError[] {
  const seconds = source.maxExpirationSeconds
  const isOwnSigner = source.signerName.startsWith('kubernetes.io/')
  const max = isOwnSigner ? 86400 : 7862400
  if (seconds === undefined) return []
  if (seconds < 3600) return [invalid(at, seconds, 'if provided, maxExpirationSeconds must be >= 3600')]
  return seconds > max ? [invalid(at, seconds, `if provided, maxExpirationSeconds must be <= ${max}`)] : []
}

function certificate(at: Path, source: PodCertificateProjection, paths: Paths): FieldError[] {
  const annotations = Object.entries(source.userAnnotations ?? {})
  const sizeBytes = annotations.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)
  const annotationsAt = at.child('userAnnotations')
  const errors = joined(
    signerNameErrors(at.child('signerName'), source.signerName),
    annotations.flatMap(([key]) => domainPrefixedKey(annotationsAt, key.toLowerCase())),
    sizeBytes > annotationBytesMax ? [tooLong(annotationsAt, annotationBytesMax)] : [],
    keyTypes.includes(source.keyType) ? [] : [notSupported(at.child('keyType'), source.keyType, keyTypes)],
    certificateAge(at.child('maxExpirationSeconds'), source),
  )
  const members = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter(
    (name) => (source[name] ?? '') !== '',
  )
  for (const name of members) {
    const file = source[name] ?? ''
    errors.push(...localUnreservedPath(at.child(name), file), ...paths.add(file))
  }
  if (members.length > 0) return errors
  return [...errors, required(at, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath')]
}

function bundle(at: Path, source: ClusterTrustBundleProjection, paths: Paths): FieldError[] {
  return joined(
    bundleSource(at, source),
    requiredText(at.child('path'), source.path),
    localUnreservedPath(at.child('path'), source.path),
    paths.add(source.path),
  )
}

function projection(
  at: Path,
  source: VolumeProjection,
  scope: { readonly volumeAt: Path; readonly paths: Paths },
): FieldError[] {
  const { paths, volumeAt } = scope
  const found: FieldError[][] = []
  if (source.secret !== undefined) found.push(keyed(at.child('secret'), source.secret, paths))
  if (source.configMap !== undefined) found.push(keyed(at.child('configMap'), source.configMap, paths))
  if (source.downwardAPI !== undefined) {
    const files = (source.downwardAPI.items ?? []).flatMap((file) =>
      joined(validateDownwardFile(at.child('downwardAPI'), file), file.path === '' ? [] : paths.add(file.path)),
    )
    found.push(files)
  }
  if (source.serviceAccountToken !== undefined) {
    found.push(token(at.child('serviceAccountToken'), volumeAt, source.serviceAccountToken))
  }
  if (source.clusterTrustBundle !== undefined) {
    found.push(bundle(at.child('clusterTrustBundle'), source.clusterTrustBundle, paths))
  }
  if (source.podCertificate !== undefined) {
    found.push(certificate(at.child('podCertificate'), source.podCertificate, paths))
  }
  const many = found.length > 1 ? [forbidden(at, 'may not specify more than 1 volume type per source')] : []
  return joined(found.flat(), many)
}

/** A volume made of several sources. */
export function validateProjected(at: Path, source: ProjectedVolumeSource): FieldError[] {
  const paths = new Paths(at)
  return joined(
    fileMode(at.child('defaultMode'), source.defaultMode),
    each(at.child('sources'), source.sources, (item, itemAt) => projection(itemAt, item, { volumeAt: at, paths })),
  )
}
