/** Environment variables of containers and the fields that the downward API may read. */
import { formatQuantity, tryParseQuantity } from '#base/data/quantity.ts'
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../objects/core-v1.generated.ts'
import { each, ifSet, matches, matchesIfSet, requiredMatches, requiredText, joined } from '../checks.ts'
import { invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { noBacksteps } from '../format-errors.ts'
import { asPrefix, configKey, dnsLabel, dnsSubdomain, envName, qualifiedName } from '../formats.ts'

/** Fields that environment variables may take. */
export const envFields: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
/** Fields that downward API volumes may take. */
export const volumeFields: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]
const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const knownFields: ReadonlySet<string> = new Set([
  ...envFields,
  ...volumeFields,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
])

/** A `fieldRef`: a known field, with a subscript where the field is a map. */
export function validateFieldRef(at: Path, ref: ObjectFieldSelector, supported: readonly string[]): FieldError[] {
  if ((ref.apiVersion ?? '') === '') return [required(at.child('apiVersion'))]
  if (ref.fieldPath === '') return [required(at.child('fieldPath'))]
  const [, name = '', subscript] = /^([^[]*)(?:\['(.*)'\])?$/s.exec(ref.fieldPath) ?? ['', ref.fieldPath]
  if (ref.apiVersion !== 'v1') return unknownField(at, ref.fieldPath, `unsupported pod version: ${ref.apiVersion}`)
  if (subscript !== undefined) {
    const key = metadataKey(name, subscript)
    if (key !== undefined) return matches(at, key, qualifiedName)
    return unknownField(at, ref.fieldPath, `field label does not support subscript: ${ref.fieldPath}`)
  }
  if (!knownFields.has(name)) return unknownField(at, ref.fieldPath, `field label not supported: ${ref.fieldPath}`)
  return supported.includes(name) ? [] : [notSupported(at.child('fieldPath'), name, supported)]
}

/** The key that a subscript of labels or annotations must be; other fields have none. */
function metadataKey(field: string, subscript: string): string | undefined {
  if (field === 'metadata.annotations') return subscript.toLowerCase()
  return field === 'metadata.labels' ? subscript : undefined
}

function unknownField(at: Path, fieldPath: string, text: string): FieldError[] {
  return [invalid(at.child('fieldPath'), fieldPath, `error converting fieldPath: ${text}`)]
}

const sizeDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']
const divisorKinds: readonly (readonly [pattern: RegExp, allowed: readonly string[], text: string])[] = [
  [/^(?:limits|requests)\.cpu$/, ['1m', '1'], "only divisor's values 1m and 1 are supported with the cpu resource"],
  [/^(?:limits|requests)\.memory$/, sizeDivisors, divisorText('memory')],
  [/^(?:limits|requests)\.ephemeral-storage$/, sizeDivisors, divisorText('local ephemeral storage')],
  [/^(?:limits|requests)\.hugepages-/, sizeDivisors, divisorText('hugepages')],
]

function divisorText(resource: string): string {
  return `only divisor's values ${sizeDivisors.join(', ')} are supported with the ${resource} resource`
}

function validateDivisor(at: Path, ref: ResourceFieldSelector): FieldError[] {
  const divisor = ref.divisor === undefined ? undefined : tryParseQuantity(String(ref.divisor))
  if (divisor === undefined || divisor.nanos === 0n) return []
  const text = formatQuantity(divisor)
  return divisorKinds
    .filter(([pattern, allowed]) => pattern.test(ref.resource) && !allowed.includes(text))
    .map(([, , problem]) => invalid(at.child('divisor'), ref.resource, problem))
}

/** A `resourceFieldRef`; in volumes it names its container. */
export function validateResourceFieldRef(at: Path, ref: ResourceFieldSelector, isVolume: boolean): FieldError[] {
  const errors: FieldError[] = []
  const isKnown = resourceFields.includes(ref.resource) || /^(?:limits|requests)\.hugepages-/.test(ref.resource)
  if (isVolume && (ref.containerName ?? '') === '') errors.push(required(at.child('containerName')))
  else if (ref.resource === '') errors.push(required(at.child('resource')))
  else if (!isKnown) errors.push(notSupported(at.child('resource'), ref.resource, resourceFields))
  return joined(errors, validateDivisor(at, ref))
}

function validateKeyRef(at: Path, ref: ConfigMapKeySelector): FieldError[] {
  return joined(
    matches(at.child('name'), ref.name ?? '', dnsSubdomain),
    requiredMatches(at.child('key'), ref.key, configKey),
  )
}

function validateFileKeyRef(at: Path, ref: FileKeySelector): FieldError[] {
  return joined(
    requiredMatches(at.child('key'), ref.key, envName),
    requiredMatches(at.child('volumeName'), ref.volumeName, dnsLabel),
    requiredText(at.child('path'), ref.path),
    noBacksteps(at.child('path'), ref.path),
  )
}

function validateValueFrom(at: Path, source: EnvVarSource, value: string): FieldError[] {
  const errors = joined(
    ifSet(source.fieldRef, (ref) => validateFieldRef(at.child('fieldRef'), ref, envFields)),
    ifSet(source.resourceFieldRef, (ref) => validateResourceFieldRef(at.child('resourceFieldRef'), ref, false)),
    ifSet(source.configMapKeyRef, (ref) => validateKeyRef(at.child('configMapKeyRef'), ref)),
    ifSet(source.secretKeyRef, (ref) => validateKeyRef(at.child('secretKeyRef'), ref)),
    ifSet(source.fileKeyRef, (ref) => validateFileKeyRef(at.child('fileKeyRef'), ref)),
  )
  const count = Object.values(source).filter((member) => member !== undefined).length
  if (count === 0) {
    const sources = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
    return [...errors, invalid(at, '', `must specify one of: ${sources}`)]
  }
  if (value !== '') return [...errors, invalid(at, '', 'may not be specified when `value` is not empty')]
  if (count > 1) return [...errors, invalid(at, '', 'may not have more than one field specified at a time')]
  return errors
}

/** The variables of a container. */
export function validateEnv(at: Path, variables: readonly EnvVar[] | undefined): FieldError[] {
  return each(at, variables, (variable, itemAt) =>
    joined(
      requiredMatches(itemAt.child('name'), variable.name, envName),
      ifSet(variable.valueFrom, (source) => validateValueFrom(itemAt.child('valueFrom'), source, variable.value ?? '')),
    ),
  )
}

/** Config maps and secrets whose keys become variables. */
export function validateEnvFrom(at: Path, sources: readonly EnvFromSource[] | undefined): FieldError[] {
  return each(at, sources, (source, itemAt) => {
    const { configMapRef, secretRef } = source
    const name = asPrefix(dnsSubdomain)
    const errors = joined(
      matchesIfSet(itemAt.child('prefix'), source.prefix, envName),
      ifSet(configMapRef, (ref) => requiredMatches(itemAt.child('configMapRef', 'name'), ref.name, name)),
      ifSet(secretRef, (ref) => requiredMatches(itemAt.child('secretRef', 'name'), ref.name, name)),
    )
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalid(at, '', 'may not have more than one field specified at a time'))
    }
    return errors
  })
}
