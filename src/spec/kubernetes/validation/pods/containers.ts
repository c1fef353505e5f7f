/** App, init and ephemeral containers of a pod spec. */
import { isSidecar } from '../../pods/pod-containers.ts'
import type {
  ContainerPort,
  ContainerResizePolicy,
  ContainerRestartRule,
  PodSpec,
} from '../../objects/core-v1.generated.ts'
import { byteLength, each, matches, oneOf, portNumber, requiredMatches, requiredOneOf, joined } from '../checks.ts'
import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { dnsLabel, portName } from '../formats.ts'
import { validateEnv, validateEnvFrom } from './env.ts'
import { validateLifecycle, validateProbes } from './handlers.ts'
import { usesHostUsers, type AnyContainer, type PodOptions } from './pod-options.ts'
import { validateContainerResources } from './resources.ts'
import { validateContainerSecurity } from './security-context.ts'
import { validateVolumeDevices, validateVolumeMounts, type VolumesByName } from './volume-mounts.ts'

/** What the containers of one pod have in common. */
export interface PodScope {
  readonly spec: PodSpec
  readonly volumes: VolumesByName
  readonly options: PodOptions
}

/** The protocols of ports. */
export const protocols: readonly string[] = ['SCTP', 'TCP', 'UDP']
const pullPolicies = ['Always', 'IfNotPresent', 'Never']

/** An image pull policy. */
export function validatePullPolicy(at: Path, policy: string | undefined): FieldError[] {
  return requiredOneOf(at, policy, pullPolicies)
}

function validatePorts(at: Path, ports: readonly ContainerPort[] | undefined): FieldError[] {
  const names = new Set<string>()
  return each(at, ports, (port, itemAt) => {
    const name = port.name ?? ''
    const errors = name === '' ? [] : matches(itemAt.child('name'), name, portName)
    if (name !== '' && errors.length === 0 && names.has(name)) errors.push(duplicate(itemAt.child('name'), name))
    names.add(name)
    if ((port.containerPort ?? 0) === 0) errors.push(required(itemAt.child('containerPort')))
    else errors.push(...portNumber(itemAt.child('containerPort'), port.containerPort))
    if ((port.hostPort ?? 0) !== 0) errors.push(...portNumber(itemAt.child('hostPort'), port.hostPort ?? 0))
    return joined(errors, requiredOneOf(itemAt.child('protocol'), port.protocol, protocols))
  })
}

function validateResizePolicy(
  at: Path,
  policies: readonly ContainerResizePolicy[] | undefined,
  spec: PodSpec,
): FieldError[] {
  const seen = new Set<string>()
  return each(at, policies, ({ resourceName, restartPolicy }, itemAt) => {
    const errors = seen.has(resourceName) ? [duplicate(itemAt, resourceName)] : []
    seen.add(resourceName)
    errors.push(...requiredOneOf(at, resourceName, ['cpu', 'memory']))
    errors.push(...requiredOneOf(at, restartPolicy, ['NotRequired', 'RestartContainer']))
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(at, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
    }
    return errors
  })
}

function validateRestartRule(at: Path, rule: ContainerRestartRule): FieldError[] {
  const errors = oneOf(at.child('action'), rule.action, ['Restart', 'RestartAllContainers'])
  const codes = rule.exitCodes
  if (codes === undefined) return [...errors, required(at.child('exitCodes'), 'must be specified')]
  const count = codes.values?.length ?? 0
  const many = count > 255 ? [tooMany(at.child('exitCodes', 'values'), count, 255)] : []
  return joined(errors, oneOf(at.child('exitCodes', 'operator'), codes.operator, ['In', 'NotIn']), many)
}

function validateRestartPolicy(at: Path, container: AnyContainer): FieldError[] {
  const { restartPolicy, restartPolicyRules: rules = [] } = container
  const policyAt = at.child('restartPolicy')
  const errors: FieldError[] = []
  if (restartPolicy !== undefined) errors.push(...oneOf(policyAt, restartPolicy, ['Always', 'Never', 'OnFailure']))
  else if (rules.length > 0) errors.push(required(policyAt, 'must specify restartPolicy when restart rules are used'))
  const rulesAt = at.child('restartPolicyRules')
  if (rules.length > 20) errors.push(tooMany(rulesAt, rules.length, 20))
  return joined(
    errors,
    each(rulesAt, rules, (rule, itemAt) => validateRestartRule(itemAt, rule)),
  )
}

/** What holds for containers of every sort. */
function validateContainer(at: Path, container: AnyContainer, scope: PodScope): FieldError[] {
  const { spec, options, volumes } = scope
  const image = container.image ?? ''
  const claims = (spec.resourceClaims ?? []).map((claim) => claim.name).filter((name) => name !== '')
  const policy = container.terminationMessagePolicy
  return joined(
    requiredMatches(at.child('name'), container.name, dnsLabel),
    image === '' ? [required(at.child('image'))] : [],
    requiredOneOf(at.child('terminationMessagePolicy'), policy, ['File', 'FallbackToLogsOnError']),
    validatePorts(at.child('ports'), container.ports),
    validateEnv(at.child('env'), container.env),
    validateEnvFrom(at.child('envFrom'), container.envFrom),
    validateVolumeMounts(at.child('volumeMounts'), container, volumes),
    validateVolumeDevices(at.child('volumeDevices'), container, volumes),
    validatePullPolicy(at.child('imagePullPolicy'), container.imagePullPolicy),
    validateContainerResources(at.child('resources'), container.resources, { claims, ...options }),
    validateResizePolicy(at.child('resizePolicy'), container.resizePolicy, spec),
    validateContainerSecurity(at.child('securityContext'), container.securityContext, {
      usesHostUsers: usesHostUsers(spec),
      allowPrivileged: options.allowPrivileged,
    }),
  )
}

function duplicateName(at: Path, name: string, names: Set<string>): FieldError[] {
  if (names.has(name)) return [duplicate(at.child('name'), name)]
  if (name !== '') names.add(name)
  return []
}

function hostPortConflicts(at: Path, containers: readonly AnyContainer[]): FieldError[] {
  const seen = new Set<string>()
  return each(at, containers, (container, containerAt) =>
    each(containerAt.child('ports'), container.ports, (port, portAt) => {
      if ((port.hostPort ?? 0) === 0) return []
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort}`
      if (seen.has(key)) return [duplicate(portAt.child('hostPort'), key)]
      seen.add(key)
      return []
    }),
  )
}

function graceAndOs(spec: PodSpec): { readonly graceSeconds: number | undefined; readonly os: PodSpec['os'] } {
  return { graceSeconds: spec.terminationGracePeriodSeconds, os: spec.os }
}

/** The app containers: at least one. */
export function validateAppContainers(at: Path, scope: PodScope): FieldError[] {
  const { containers } = scope.spec
  if ((containers ?? []).length === 0) return [required(at)]
  const names = new Set<string>()
  const pod = graceAndOs(scope.spec)
  return joined(
    each(at, containers, (container, itemAt) =>
      joined(
        validateContainer(itemAt, container, scope),
        duplicateName(itemAt, container.name, names),
        validateLifecycle(itemAt.child('lifecycle'), container.lifecycle, pod),
        validateProbes(itemAt, container, pod.graceSeconds),
        validateRestartPolicy(itemAt, container),
      ),
    ),
    hostPortConflicts(at, containers),
  )
}

const sidecarMembers = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

function validateSidecarParts(at: Path, container: AnyContainer, spec: PodSpec): FieldError[] {
  if (isSidecar(container)) {
    const pod = graceAndOs(spec)
    return joined(
      validateLifecycle(at.child('lifecycle'), container.lifecycle, pod),
      validateProbes(at, container, pod.graceSeconds),
    )
  }
  const errors = sidecarMembers
    .filter((member) => container[member] !== undefined)
    .map((member) => forbidden(at.child(member), 'may not be set for init containers without restartPolicy=Always'))
  const resize = each(at.child('resizePolicy'), container.resizePolicy, ({ restartPolicy }, itemAt) => {
    if (restartPolicy !== 'RestartContainer') return []
    const text = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    return [invalid(itemAt.child('restartPolicy'), restartPolicy, text)]
  })
  return joined(errors, resize)
}

/** The init containers; those that restart always are sidecars and may have probes and hooks. */
export function validateInitContainers(at: Path, scope: PodScope): FieldError[] {
  const names = new Set((scope.spec.containers ?? []).map((container) => container.name))
  return each(at, scope.spec.initContainers, (container, itemAt) =>
    joined(
      validateContainer(itemAt, container, scope),
      validateRestartPolicy(itemAt, container),
      duplicateName(itemAt, container.name, names),
      hostPortConflicts(at, [container]),
      validateSidecarParts(itemAt, container, scope.spec),
    ),
  )
}

// In the order of upstream's type, which is the order in which it reports them.
const ephemeralForbidden = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const

function isSet(value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (Array.isArray(value)) return value.length > 0
  return typeof value !== 'object' || Object.keys(value).length > 0
}

/** Containers added to a running pod: without ports, probes, resources and the like. */
export function validateEphemeralContainers(at: Path, scope: PodScope): FieldError[] {
  const { spec } = scope
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name))
  const names = new Set(others)
  const text = 'cannot be set for an Ephemeral Container'
  return each(
    at,
    spec.ephemeralContainers as readonly (AnyContainer & { targetContainerName?: string })[],
    (container, itemAt) => {
      const target = container.targetContainerName ?? ''
      return joined(
        validateContainer(itemAt, container, scope),
        validateImageBlanks(itemAt, container),
        duplicateName(itemAt, container.name, names),
        target === '' || others.has(target) ? [] : [notFound(itemAt.child('targetContainerName'), target)],
        ephemeralForbidden.filter((name) => isSet(container[name])).map((name) => forbidden(itemAt.child(name), text)),
        each(itemAt.child('volumeMounts'), container.volumeMounts, (mount, mountAt) =>
          joined(
            (mount.subPath ?? '') === '' ? [] : [forbidden(mountAt.child('subPath'), text)],
            (mount.subPathExpr ?? '') === '' ? [] : [forbidden(mountAt.child('subPathExpr'), text)],
          ),
        ),
      )
    },
  )
}

/** Blanks around the image, which templates may have and pods may not. */
export function validateImageBlanks(at: Path, container: AnyContainer): FieldError[] {
  const image = container.image ?? ''
  if (byteLength(image) === byteLength(image.trim())) return []
  return [invalid(at.child('image'), image, 'must not have leading or trailing whitespace')]
}

/** With the host's network, ports of the host are those of the container. */
export function validateHostNetworkPorts(at: Path, spec: PodSpec, isPod: boolean): FieldError[] {
  if (spec.hostNetwork !== true) return []
  return each(at, spec.containers, (container, containerAt) =>
    each(containerAt.child('ports'), container.ports, (port, portAt) => {
      const hostPort = port.hostPort ?? 0
      if ((!isPod && hostPort === 0) || hostPort === (port.containerPort ?? 0)) return []
      return [invalid(portAt.child('hostPort'), hostPort, 'must match `containerPort` when `hostNetwork` is true')]
    }),
  )
}

/** The restart policy of the pod; templates of controllers narrow it further. */
export function validatePodRestartPolicy(at: Path, policy: string | undefined): FieldError[] {
  return requiredOneOf(at, policy, ['Always', 'OnFailure', 'Never'])
}

/** Only `Always`, for pods that a controller keeps running. */
export function onlyRestartAlways(at: Path, policy: string | undefined): FieldError[] {
  return policy === 'Always' ? [] : [notSupported(at, policy ?? '', ['Always'])]
}
