/** Horizontal pod autoscalers and the scale of workloads (autoscaling/validation, v1.36). */
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from '../../objects/autoscaling-v2.generated.ts'
import {
  each,
  ifSet,
  matches,
  negativeText,
  nonNegative,
  oneOf,
  oneOfIfSet,
  positive,
  requiredMatches,
} from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain, pathSegment } from '../formats.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { amountOf, validateContainerResourceName } from '../pods/resources.ts'

const specPath = path('spec')

function apiVersionProblem(apiVersion: string, needsGroup: boolean): string | undefined {
  const parts = apiVersion.split('/')
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`
  return needsGroup && (parts.length < 2 || parts[0] === '') ? 'apiVersion must specify API group' : undefined
}

function reference(at: Path, ref: Partial<CrossVersionObjectReference> | undefined, needsGroup: boolean): FieldError[] {
  const apiVersion = ref?.apiVersion ?? ''
  const isCore = ref?.kind === 'ReplicationController' && apiVersion === 'v1'
  const problem = apiVersionProblem(apiVersion, needsGroup && !isCore)
  return [
    ...requiredMatches(at.child('kind'), ref?.kind, pathSegment),
    ...requiredMatches(at.child('name'), ref?.name, pathSegment),
    ...(problem === undefined ? [] : [invalid(at.child('apiVersion'), apiVersion, problem)]),
  ]
}

function target(at: Path, value: MetricTarget): FieldError[] {
  const type: string = value.type ?? ''
  const errors = type === '' ? [required(at.child('type'), 'must specify a metric target type')] : []
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.push(invalid(at.child('type'), type, 'must be either Utilization, Value, or AverageValue'))
  }
  for (const member of ['value', 'averageValue'] as const) {
    const amount = value[member]
    if (amount !== undefined && amountOf(String(amount)).nanos <= 0n) {
      errors.push(invalid(at.child(member), amount, 'must be positive'))
    }
  }
  const utilization = value.averageUtilization
  if (utilization !== undefined && utilization < 1) {
    errors.push(invalid(at.child('averageUtilization'), utilization, 'must be greater than 0'))
  }
  return errors
}

function metricName(at: Path, name: string | undefined): FieldError[] {
  if (name === undefined || name === '') return [required(at, 'must specify a metric name')]
  return matches(at, name, pathSegment)
}

function utilizationOrValue(at: Path, value: MetricTarget): FieldError[] {
  const { averageUtilization, averageValue } = value
  if (averageUtilization === undefined && averageValue === undefined) {
    return [required(at.child('averageUtilization'), 'must set either a target raw value or a target utilization')]
  }
  if (averageUtilization === undefined || averageValue === undefined) return []
  return [forbidden(at.child('averageValue'), 'may not set both a target raw value and a target utilization')]
}

function externalTarget(at: Path, { value, averageValue }: MetricTarget): FieldError[] {
  if (value === undefined && averageValue === undefined) {
    return [required(at.child('averageValue'), 'must set either a target value for metric or a per-pod target')]
  }
  if (value === undefined || averageValue === undefined) return []
  return [forbidden(at.child('value'), 'may not set both a target value for metric and a per-pod target')]
}

type Sources = { readonly [Name in SourceName]: (at: Path, source: NonNullable<MetricSpec[Name]>) => FieldError[] }
type SourceName = 'object' | 'external' | 'pods' | 'resource' | 'containerResource'

const noResource = 'must specify a resource name'
const sources: Sources = {
  object: (at, source) => {
    const hasTarget = source.target?.value !== undefined || source.target?.averageValue !== undefined
    const targetAt = at.child('target')
    const text = 'must set either a target value or averageValue'
    return [
      ...reference(at.child('describedObject'), source.describedObject, false),
      ...metricName(at.child('metric', 'name'), source.metric?.name),
      ...target(targetAt, source.target),
      ...(hasTarget ? [] : [required(targetAt.child('averageValue'), text)]),
    ]
  },
  external: (at, source) => [
    ...metricName(at.child('metric', 'name'), source.metric?.name),
    ...target(at.child('target'), source.target),
    ...externalTarget(at.child('target'), source.target),
  ],
  pods: (at, source) => [
    ...metricName(at.child('metric', 'name'), source.metric?.name),
    ...target(at.child('target'), source.target),
    ...(source.target?.averageValue === undefined
      ? [required(at.child('target', 'averageValue'), 'must specify a positive target averageValue')]
      : []),
  ],
  resource: (at, source) => [
    ...(source.name === '' ? [required(at.child('name'), noResource)] : []),
    ...target(at.child('target'), source.target),
    ...utilizationOrValue(at.child('target'), source.target),
  ],
  containerResource: (at, source) => [
    ...(source.name === ''
      ? [required(at.child('name'), noResource)]
      : validateContainerResourceName(at.child('name'), source.name)),
    ...(source.container === ''
      ? [required(at.child('container'), 'must specify a container')]
      : matches(at.child('container'), source.container, dnsLabel)),
    ...target(at.child('target'), source.target),
    ...utilizationOrValue(at.child('target'), source.target),
  ],
}

const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']

function metric(at: Path, spec: MetricSpec): FieldError[] {
  const type: string = spec.type ?? ''
  const names = (Object.keys(sources) as SourceName[]).filter((name) => spec[name] !== undefined)
  const expected = `${type.slice(0, 1).toLowerCase()}${type.slice(1)}`
  const errors = type === '' ? [required(at.child('type'), 'must specify a metric source type')] : []
  if (!metricTypes.includes(type)) errors.push(notSupported(at.child('type'), type, metricTypes))
  const [first] = names
  if (first !== undefined) {
    const check = sources[first] as (at: Path, source: unknown) => FieldError[]
    errors.push(...check(at.child(first), spec[first]))
  }
  const known = metricTypes.includes(type)
  if (known && !names.some((name) => name === expected)) {
    errors.push(required(at.child(expected), 'must populate information for the given metric source'))
  }
  if (names.length === 1) return errors
  const others = names.filter((name) => name !== expected)
  return [...errors, ...others.map((name) => forbidden(at.child(name), 'must populate the given metric source only'))]
}

function scaling(at: Path, rules: HPAScalingRules): FieldError[] {
  const windowAt = at.child('stabilizationWindowSeconds')
  const seconds = rules.stabilizationWindowSeconds
  const errors: FieldError[] = []
  if (seconds !== undefined && seconds < 0)
    errors.push(invalid(windowAt, seconds, 'must be greater than or equal to zero'))
  if (seconds !== undefined && seconds > 3600)
    errors.push(invalid(windowAt, seconds, 'must be less than or equal to 3600'))
  errors.push(...oneOfIfSet(at.child('selectPolicy'), rules.selectPolicy, ['Disabled', 'Max', 'Min']))
  if ((rules.policies ?? []).length === 0)
    errors.push(required(at.child('policies'), 'must specify at least one Policy'))
  const policies = each(at.child('policies'), rules.policies, (policy, itemAt) => [
    ...oneOf(itemAt.child('type'), policy.type, ['Percent', 'Pods']),
    ...positive(itemAt.child('value'), policy.value),
    ...positive(itemAt.child('periodSeconds'), policy.periodSeconds),
    ...(policy.periodSeconds > 1800
      ? [invalid(itemAt.child('periodSeconds'), policy.periodSeconds, 'must be less than or equal to 1800')]
      : []),
  ])
  const { tolerance } = rules
  const isNegative = tolerance !== undefined && amountOf(String(tolerance)).nanos < 0n
  return [...errors, ...policies, ...(isNegative ? [invalid(at.child('tolerance'), tolerance, negativeText)] : [])]
}

function replicaRange(min: number | undefined, max: number): FieldError[] {
  const maxAt = specPath.child('maxReplicas')
  const errors: FieldError[] = []
  if (min !== undefined && min < 1) {
    errors.push(invalid(specPath.child('minReplicas'), min, 'must be greater than or equal to 1'))
  }
  if (max === 0) errors.push(required(maxAt, 'must be set and greater than 0'))
  else if (max < 0) errors.push(invalid(maxAt, max, 'must be greater than or equal to 1'))
  if (min !== undefined && max < min) {
    errors.push(invalid(maxAt, max, 'must be greater than or equal to `minReplicas`'))
  }
  return errors
}

function behavior({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): FieldError[] {
  const at = specPath.child('behavior')
  return [
    ...ifSet(scaleUp, (rules) => scaling(at.child('scaleUp'), rules)),
    ...ifSet(scaleDown, (rules) => scaling(at.child('scaleDown'), rules)),
  ]
}

function autoscaler({ spec }: HorizontalPodAutoscaler, needsGroup: boolean): FieldError[] {
  const metricsAt = specPath.child('metrics')
  const metrics = spec?.metrics
  const scalesToZero = (metrics ?? []).some(({ type }) => type === 'Object' || type === 'External')
  const zeroText = 'must specify at least one Object or External metric to support scaling to zero replicas'
  return [
    ...replicaRange(spec?.minReplicas, spec?.maxReplicas ?? 0),
    ...reference(specPath.child('scaleTargetRef'), spec?.scaleTargetRef, needsGroup),
    ...each(metricsAt, metrics, (item, at) => metric(at, item)),
    ...(spec?.minReplicas === 0 && !scalesToZero ? [forbidden(metricsAt, zeroText)] : []),
    ...ifSet(spec?.behavior, behavior),
  ]
}

/** The rules of autoscalers. */
export const autoscalerRules: AnyKindRules = kindRules<HorizontalPodAutoscaler>({
  name: dnsSubdomain,
  create: (object) => autoscaler(object, true),
  update: ({ object, old }) => {
    const before = reference(specPath, old.spec?.scaleTargetRef, true)
    return autoscaler(object, before.length === 0)
  },
  status: ({ object }) => [
    ...nonNegative(path('status', 'currentReplicas'), object.status?.currentReplicas),
    ...nonNegative(path('status', 'desiredReplicas'), object.status?.desiredReplicas),
  ],
})

interface Scale {
  readonly spec?: { readonly replicas?: number }
}

/** The rules of the scale subresource. */
export const scaleRules: AnyKindRules = kindRules<Scale>({
  name: dnsSubdomain,
  create: ({ spec }) => nonNegative(specPath.child('replicas'), spec?.replicas),
})
