/** Config maps, secrets, service accounts, namespaces, events' neighbours in core without machinery of their own. */
import type {
  ConfigMap,
  Namespace,
  ReplicationController,
  Secret,
  ServiceAccount,
} from '../../objects/core-v1.generated.ts'
import { byteLength, each, eachEntry, immutableText, isEmpty, matches, nonNegative } from '../checks.ts'
import { forbidden, invalid, required, tooLong, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { configKey, dnsLabel, dnsSubdomain, qualifiedName } from '../formats.ts'
import { jsonSyntaxProblem } from '../json-text.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { validateKnownFinalizer } from '../metadata.ts'
import { selectorMismatch, validatePodTemplate } from '../pods/pod-template.ts'
import { sameValue } from '../same-value.ts'
import { validateReplicaStatus } from '../workloads/apps-rules.ts'
import { runsForEver } from '../workloads/workload-template.ts'

const bytesMax = 1024 * 1024
type Texts = Readonly<Record<string, string>>

/** Bytes that base64 text stands for. */
function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return Math.floor((base64.length * 3) / 4) - padding
}

function sizeOf(values: Texts | undefined, length: (value: string) => number): number {
  return Object.values(values ?? {}).reduce((sum, value) => sum + length(value), 0)
}

function configMapData(object: ConfigMap): FieldError[] {
  const duplicateText = 'duplicate of key present in binaryData'
  const errors = [
    ...eachEntry(path('data'), object.data, (key, _, at) => [
      ...matches(at, key, configKey),
      ...(object.binaryData?.[key] === undefined ? [] : [invalid(at, key, duplicateText)]),
    ]),
    ...eachEntry(path('binaryData'), object.binaryData, (key, _, at) => matches(at, key, configKey)),
  ]
  const sizeBytes = sizeOf(object.data, byteLength) + sizeOf(object.binaryData, decodedLength)
  // Upstream's path without a name prints as an empty subscript.
  return sizeBytes > bytesMax ? [...errors, tooLong(path('[]'), bytesMax)] : errors
}

interface Freezable {
  readonly immutable?: boolean
}

function frozen<T extends Freezable>(object: T, old: T, members: readonly (keyof T & string)[]): FieldError[] {
  if (old.immutable !== true) return []
  const text = 'field is immutable when `immutable` is set'
  const reset = object.immutable === true ? [] : [forbidden(path('immutable'), text)]
  const changed = members.filter((member) => !sameValue(object[member], old[member]))
  return [...reset, ...changed.map((member) => forbidden(path(member), text))]
}

/** The rules of config maps. */
export const configMapRules: AnyKindRules = kindRules<ConfigMap>({
  name: dnsSubdomain,
  create: configMapData,
  update: ({ object, old }) => [...frozen(object, old, ['data', 'binaryData']), ...configMapData(object)],
})

const dataPath = path('data')

function jsonDocument(key: string): (secret: Secret) => FieldError[] {
  const at = dataPath.key(key)
  return ({ data }) => {
    const value = data?.[key]
    if (value === undefined) return [required(at)]
    const problem = jsonSyntaxProblem(Buffer.from(value, 'base64').toString('utf8'))
    return problem === undefined ? [] : [invalid(at, '<secret contents redacted>', problem)]
  }
}

function missingKeys(keys: readonly string[]): (secret: Secret) => FieldError[] {
  return ({ data }) => keys.filter((key) => data?.[key] === undefined).map((key) => required(dataPath.key(key)))
}

const accountAnnotation = 'kubernetes.io/service-account.name'
const secretTypes: Readonly<Record<string, (secret: Secret) => FieldError[]>> = {
  'kubernetes.io/service-account-token': ({ metadata }) =>
    (metadata.annotations?.[accountAnnotation] ?? '') === ''
      ? [required(path('metadata', 'annotations').key(accountAnnotation))]
      : [],
  'kubernetes.io/dockercfg': jsonDocument('.dockercfg'),
  'kubernetes.io/dockerconfigjson': jsonDocument('.dockerconfigjson'),
  'kubernetes.io/basic-auth': (secret) => {
    const missing = missingKeys(['username', 'password'])(secret)
    return missing.length === 2 ? missing : []
  },
  'kubernetes.io/ssh-auth': ({ data }) =>
    (data?.['ssh-privatekey'] ?? '') === '' ? [required(dataPath.key('ssh-privatekey'))] : [],
  'kubernetes.io/tls': missingKeys(['tls.crt', 'tls.key']),
}

function secretData(secret: Secret): FieldError[] {
  const keys = eachEntry(dataPath, secret.data, (key, _, at) => matches(at, key, configKey))
  const sizeBytes = sizeOf(secret.data, decodedLength)
  const size = sizeBytes > bytesMax ? [tooLong(dataPath, bytesMax)] : []
  return [...keys, ...size, ...(secretTypes[secret.type ?? '']?.(secret) ?? [])]
}

/** The rules of secrets. */
export const secretRules: AnyKindRules = kindRules<Secret>({
  name: dnsSubdomain,
  create: secretData,
  update: ({ object, old }) => [
    ...(object.type === old.type ? [] : [invalid(path('type'), object.type ?? '', immutableText)]),
    ...frozen(object, old, ['data']),
    ...secretData(object),
  ],
})

/** The rules of service accounts: metadata only. */
export const serviceAccountRules: AnyKindRules = kindRules<ServiceAccount>({
  name: dnsSubdomain,
  create: () => [],
})

function finalizer(at: Path, name: string): FieldError[] {
  return [...matches(at, name, qualifiedName), ...validateKnownFinalizer(at, name)]
}

/** The rules of namespaces. */
export const namespaceRules: AnyKindRules = kindRules<Namespace>({
  name: dnsLabel,
  create: ({ spec }) => (spec?.finalizers ?? []).flatMap((name) => finalizer(path('spec', 'finalizers'), name)),
  update: () => [],
  status: ({ object }) => {
    const phase: string = object.status?.phase ?? ''
    const isDeleted = object.metadata.deletionTimestamp !== undefined
    const wanted = isDeleted ? 'Terminating' : 'Active'
    if (phase === wanted) return []
    const text = `may only be '${wanted}' if \`deletionTimestamp\` is ${isDeleted ? 'not empty' : 'empty'}`
    return [invalid(path('status', 'Phase'), phase, text)]
  },
  subresources: {
    finalize: ({ object }) =>
      each(path('spec', 'finalizers'), object.spec?.finalizers, (name, at) => finalizer(at, name)),
  },
})

function controllerSpec({ spec }: ReplicationController): FieldError[] {
  const at = path('spec')
  const templateAt = at.child('template')
  const { selector, template } = spec ?? {}
  const labels = template?.metadata?.labels ?? {}
  const isMatch = Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value)
  const replicas = spec?.replicas
  return [
    ...nonNegative(at.child('minReadySeconds'), spec?.minReadySeconds),
    ...(isEmpty(selector) ? [required(at.child('selector'))] : []),
    ...(replicas === undefined ? [required(at.child('replicas'))] : nonNegative(at.child('replicas'), replicas)),
    ...(template === undefined
      ? [required(templateAt)]
      : [
          ...selectorMismatch(templateAt, template, isMatch),
          ...validatePodTemplate(templateAt, template),
          ...runsForEver(templateAt, template, 'ReplicationController'),
        ]),
  ]
}

/** The rules of replication controllers. */
export const replicationControllerRules: AnyKindRules = kindRules<ReplicationController>({
  name: dnsSubdomain,
  create: controllerSpec,
  update: ({ object }) => controllerSpec(object),
  status: ({ object }) => validateReplicaStatus(object.status),
})
