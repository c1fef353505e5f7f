/** Deployments, replica sets, daemon sets, stateful sets and controller revisions (apps/validation, v1.36). */
import type {
  ControllerRevision,
  DaemonSet,
  DaemonSetSpec,
  Deployment,
  DeploymentSpec,
  ReplicaSet,
  ReplicaSetSpec,
  RollingUpdateDaemonSet,
} from '../../objects/apps-v1.generated.ts'
import { isJsonObject } from '../../objects/objects.ts'
import { ifSet, immutableText, nonNegative } from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsSubdomain } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { isEmptySelector, selectorMatches, validateLabelSelector } from '../labels.ts'
import { selectorMismatch, validatePodTemplate } from '../pods/pod-template.ts'
import { sameValue } from '../same-value.ts'
import { intOrPercentValue, notAbove100Percent, validateIntOrPercent } from './int-or-percent.ts'
import { collisionsNotLower, nonNegativeCounts, replicaParts } from './replica-counts.ts'
import { frozenSelector, replicatedTemplate, requiredSelector, runsForEver } from './workload-template.ts'

const specPath = path('spec')
const statusPath = path('status')
const selectorPath = specPath.child('selector')

function rollingDeployment(at: Path, strategy: DeploymentSpec['strategy']): FieldError[] {
  const rolling = strategy?.rollingUpdate
  if (rolling === undefined) return [required(at, 'this should be defaulted and never be nil')]
  const { maxUnavailable, maxSurge } = rolling
  const unavailableAt = at.child('maxUnavailable')
  const isStuck = intOrPercentValue(maxUnavailable) === 0 && intOrPercentValue(maxSurge) === 0
  return [
    ...validateIntOrPercent(unavailableAt, maxUnavailable),
    ...validateIntOrPercent(at.child('maxSurge'), maxSurge),
    ...(isStuck ? [invalid(unavailableAt, maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0')] : []),
    ...notAbove100Percent(unavailableAt, maxUnavailable),
  ]
}

function deploymentStrategy(at: Path, strategy: DeploymentSpec['strategy']): FieldError[] {
  const rollingAt = at.child('rollingUpdate')
  switch (strategy?.type) {
    case 'Recreate':
      if (strategy.rollingUpdate === undefined) return []
      return [forbidden(rollingAt, "may not be specified when strategy `type` is 'Recreate'")]
    case 'RollingUpdate':
      return rollingDeployment(rollingAt, strategy)
    default:
      return [notSupported(at, internal('apps.DeploymentStrategy', strategy ?? {}), ['Recreate', 'RollingUpdate'])]
  }
}

function deploymentSpec(spec: DeploymentSpec): FieldError[] {
  const deadlineAt = specPath.child('progressDeadlineSeconds')
  return [
    ...nonNegative(specPath.child('replicas'), spec.replicas),
    ...requiredSelector(selectorPath, spec.selector, 'deployment'),
    ...replicatedTemplate(specPath, spec),
    ...deploymentStrategy(specPath.child('strategy'), spec.strategy),
    ...nonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds),
    ...nonNegative(specPath.child('revisionHistoryLimit'), spec.revisionHistoryLimit),
    ...ifSet(spec.progressDeadlineSeconds, (seconds) => [
      ...nonNegative(deadlineAt, seconds),
      ...(seconds > (spec.minReadySeconds ?? 0)
        ? []
        : [invalid(deadlineAt, seconds, 'must be greater than minReadySeconds')]),
    ]),
  ]
}

/** The rules of deployments. */
export const deploymentRules: AnyKindRules = kindRules<Deployment>({
  name: dnsSubdomain,
  create: ({ spec }) => deploymentSpec(spec ?? ({} as DeploymentSpec)),
  update: ({ object, old }) => [
    ...deploymentSpec(object.spec ?? ({} as DeploymentSpec)),
    ...frozenSelector(selectorPath, object.spec?.selector, old.spec?.selector),
  ],
  status: ({ object: { status }, old }) => [
    ...nonNegativeCounts(statusPath, status, [
      ...['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'],
      ...['unavailableReplicas', 'terminatingReplicas', 'collisionCount'],
    ]),
    ...replicaParts(statusPath, status, { parts: ['updatedReplicas', 'readyReplicas', 'availableReplicas'] }),
    ...collisionsNotLower(statusPath, status, old.status),
  ],
})

function replicaSetSpec(spec: ReplicaSetSpec): FieldError[] {
  return [
    ...nonNegative(specPath.child('replicas'), spec.replicas),
    ...nonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds),
    ...requiredSelector(selectorPath, spec.selector, 'deployment'),
    ...replicatedTemplate(specPath, spec),
  ]
}

const replicaSetCounts = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
]

/** Counters of replica sets and replication controllers. */
export function validateReplicaStatus(status: object | undefined): FieldError[] {
  return [
    ...nonNegativeCounts(statusPath, status, [...replicaSetCounts, 'terminatingReplicas']),
    ...replicaParts(statusPath, status, { parts: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] }),
  ]
}

/** The rules of replica sets. */
export const replicaSetRules: AnyKindRules = kindRules<ReplicaSet>({
  name: dnsSubdomain,
  create: ({ spec }) => replicaSetSpec(spec ?? ({} as ReplicaSetSpec)),
  update: ({ object, old }) => [
    ...replicaSetSpec(object.spec ?? ({} as ReplicaSetSpec)),
    ...frozenSelector(selectorPath, object.spec?.selector, old.spec?.selector),
  ],
  status: ({ object }) => validateReplicaStatus(object.status),
})

function rollingDaemonSet(at: Path, rolling: RollingUpdateDaemonSet): FieldError[] {
  const { maxUnavailable, maxSurge } = rolling
  const [unavailableAt, surgeAt] = [at.child('maxUnavailable'), at.child('maxSurge')]
  const [hasUnavailable, hasSurge] = [intOrPercentValue(maxUnavailable) !== 0, intOrPercentValue(maxSurge) !== 0]
  const errors = [
    ...validateIntOrPercent(unavailableAt, maxUnavailable),
    ...validateIntOrPercent(surgeAt, maxSurge),
    ...notAbove100Percent(unavailableAt, maxUnavailable),
    ...notAbove100Percent(surgeAt, maxSurge),
  ]
  if (hasUnavailable && hasSurge) {
    errors.push(invalid(surgeAt, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  } else if (!hasUnavailable && !hasSurge) errors.push(required(unavailableAt, 'cannot be 0 when maxSurge is 0'))
  return errors
}

function daemonSetStrategy(at: Path, strategy: DaemonSetSpec['updateStrategy']): FieldError[] {
  const rollingAt = at.child('rollingUpdate')
  if (strategy?.type === 'OnDelete') return []
  if (strategy?.type === 'RollingUpdate') {
    return strategy.rollingUpdate === undefined
      ? [required(rollingAt)]
      : rollingDaemonSet(rollingAt, strategy.rollingUpdate)
  }
  const value = internal('apps.DaemonSetUpdateStrategy', strategy ?? {})
  return [notSupported(at, value, ['RollingUpdate', 'OnDelete'])]
}

function daemonSetSpec(spec: DaemonSetSpec): FieldError[] {
  const { selector, template } = spec
  const templateAt = specPath.child('template')
  const isEmpty = selector !== undefined && isEmptySelector(selector)
  return [
    ...validateLabelSelector(selectorPath, selector),
    ...selectorMismatch(templateAt, template, selectorMatches(selector, template?.metadata?.labels)),
    ...(isEmpty ? [invalid(selectorPath, selector, 'empty selector is invalid for daemonset')] : []),
    ...validatePodTemplate(templateAt, template),
    ...runsForEver(templateAt, template, 'DaemonSet'),
    ...nonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds),
    ...daemonSetStrategy(specPath.child('updateStrategy'), spec.updateStrategy),
    ...nonNegative(specPath.child('revisionHistoryLimit'), spec.revisionHistoryLimit),
  ]
}

/** The rules of daemon sets. */
export const daemonSetRules: AnyKindRules = kindRules<DaemonSet>({
  name: dnsSubdomain,
  create: ({ spec }) => daemonSetSpec(spec ?? ({} as DaemonSetSpec)),
  update: ({ object, old }) => [
    ...frozenSelector(selectorPath, object.spec?.selector, old.spec?.selector),
    ...daemonSetSpec(object.spec ?? ({} as DaemonSetSpec)),
  ],
  status: ({ object: { status }, old }) => [
    ...nonNegativeCounts(statusPath, status, [
      ...[
        'currentNumberScheduled',
        'numberMisscheduled',
        'desiredNumberScheduled',
        'numberReady',
        'observedGeneration',
      ],
      ...['updatedNumberScheduled', 'numberAvailable', 'numberUnavailable', 'collisionCount'],
    ]),
    ...collisionsNotLower(statusPath, status, old.status),
  ],
})

function revisionData(data: unknown): FieldError[] {
  const at = path('data')
  if (data === undefined || data === null) return [required(at, 'data is mandatory')]
  return isJsonObject(data) ? [] : [required(at, 'data must be a valid JSON object')]
}

/** The rules of controller revisions. */
export const controllerRevisionRules: AnyKindRules = kindRules<ControllerRevision>({
  name: dnsSubdomain,
  create: (object) => [...nonNegative(path('revision'), object.revision), ...revisionData(object.data)],
  update: ({ object, old }) => [
    ...nonNegative(path('revision'), object.revision),
    ...(sameValue(object.data, old.data) ? [] : [invalid(path('data'), object.data, immutableText)]),
  ],
})
