/** Disruption budgets, priority classes, leases, runtime classes and evictions. */
import type { Lease, LeaseSpec } from '../../objects/coordination-v1.generated.ts'
import type { RuntimeClass } from '../../objects/node-v1.generated.ts'
import type { PodDisruptionBudget } from '../../objects/policy-v1.generated.ts'
import type { PriorityClass } from '../../objects/scheduling-v1.generated.ts'
import type { Toleration } from '../../objects/core-v1.generated.ts'
import {
  each,
  ifSet,
  immutableText,
  matches,
  negativeText,
  oneOfIfSet,
  requiredMatches,
  requiredOneOf,
} from '../checks.ts'
import { duplicate, forbidden, invalid, notSupported, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain, qualifiedName, pathSegment } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { hasInvalidSelectorValue, validateLabelSelector, validateLabels } from '../labels.ts'
import { validateTolerations } from '../pods/affinity.ts'
import { validateOverhead } from '../pods/resources.ts'
import { validateConditions } from '../conditions.ts'
import { notAbove100Percent, validateIntOrPercent } from '../workloads/int-or-percent.ts'
import { nonNegativeCounts } from '../workloads/replica-counts.ts'

const specPath = path('spec')

function budget({ spec }: PodDisruptionBudget, allowInvalidValues: boolean): FieldError[] {
  const isBoth = spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined
  const value = internal('policy.PodDisruptionBudgetSpec', spec)
  const amounts = (['minAvailable', 'maxUnavailable'] as const).flatMap((member) =>
    ifSet(spec?.[member], (amount) => [
      ...validateIntOrPercent(specPath.child(member), amount),
      ...notAbove100Percent(specPath.child(member), amount),
    ]),
  )
  const policies = ['AlwaysAllow', 'IfHealthyBudget']
  return [
    ...(isBoth ? [invalid(specPath, value, 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...amounts,
    ...validateLabelSelector(specPath.child('selector'), spec?.selector, allowInvalidValues),
    ...oneOfIfSet(specPath.child('unhealthyPodEvictionPolicy'), spec?.unhealthyPodEvictionPolicy, policies),
  ]
}

/** The rules of disruption budgets. */
export const disruptionBudgetRules: AnyKindRules = kindRules<PodDisruptionBudget>({
  name: pathSegment,
  create: (object) => budget(object, false),
  update: ({ object, old }) => budget(object, hasInvalidSelectorValue(old.spec?.selector)),
  status: ({ object: { status } }) => [
    ...validateConditions(path('status', 'conditions'), status?.conditions),
    ...nonNegativeCounts(path('status'), status, [
      'disruptionsAllowed',
      'currentHealthy',
      'desiredHealthy',
      'expectedPods',
    ]),
  ],
})

const highestUserPriority = 1_000_000_000
const systemPriorities: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
}

function systemClassProblem(name: string, value: number, isGlobal: boolean): string | undefined {
  const known = systemPriorities[name]
  if (known === undefined) return `${name} is not a known system priority class`
  if (known !== value) return `value of ${name} PriorityClass must be ${known}`
  return isGlobal ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

function priorityClass(object: PriorityClass): FieldError[] {
  const name = (object.metadata.name as string | undefined) ?? ''
  const value = object.value ?? 0
  const errors: FieldError[] = []
  if (name.startsWith('system-')) {
    const problem = systemClassProblem(name, value, object.globalDefault ?? false)
    const text = `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`
    if (problem !== undefined) errors.push(forbidden(path('metadata', 'name'), text))
  } else if (value > highestUserPriority) {
    const text = `maximum allowed value of a user defined priority is ${highestUserPriority}`
    errors.push(forbidden(path('value'), text))
  }
  const policies = ['PreemptLowerPriority', 'Never']
  return [
    ...errors,
    ...ifSet(object.preemptionPolicy, (policy) => requiredOneOf(path('preemptionPolicy'), policy, policies)),
  ]
}

/** The rules of priority classes. */
export const priorityClassRules: AnyKindRules = kindRules<PriorityClass>({
  name: dnsSubdomain,
  create: priorityClass,
  update: ({ object, old }) => [
    ...(object.value === old.value ? [] : [forbidden(path('value'), 'may not be changed in an update.')]),
    ...(object.preemptionPolicy === old.preemptionPolicy
      ? []
      : [invalid(path('preemptionPolicy'), object.preemptionPolicy ?? null, immutableText)]),
  ],
})

function strategy(at: Path, text: string): FieldError[] {
  if (text.includes('/')) return matches(at.child('strategy'), text, qualifiedName)
  return text === 'OldestEmulationVersion' ? [] : [notSupported(at.child('strategy'), text, ['OldestEmulationVersion'])]
}

/** Whom a lease should go to is for those to heed who choose by a strategy. */
function preferredHolder({ preferredHolder: holder = '', strategy: text = '' }: LeaseSpec): FieldError[] {
  if (holder === '' || text !== '') return []
  return [forbidden(specPath.child('preferredHolder'), 'may only be specified if `strategy` is defined')]
}

function lease({ spec }: Lease): FieldError[] {
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec ?? {}
  const errors: FieldError[] = []
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid(specPath.child('leaseDurationSeconds'), seconds, 'must be greater than 0'))
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(invalid(specPath.child('leaseTransitions'), transitions, negativeText))
  }
  errors.push(...ifSet(spec?.strategy, (text) => strategy(specPath.child('strategy'), text)))
  return [...errors, ...ifSet(spec, preferredHolder)]
}

/** The rules of leases. */
export const leaseRules: AnyKindRules = kindRules<Lease>({ name: dnsSubdomain, create: lease })

function uniqueTolerations(at: Path, tolerations: readonly Toleration[] | undefined): FieldError[] {
  const seen = new Set<string>()
  return each(at, tolerations, (toleration, itemAt) => {
    const { key, operator, value, effect } = toleration
    const text = JSON.stringify([key, operator, value, effect])
    if (seen.has(text)) return [duplicate(itemAt, internal('core.Toleration', toleration))]
    seen.add(text)
    return []
  })
}

function runtimeClass({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const tolerationsAt = path('scheduling', 'tolerations')
  return [
    ...requiredMatches(path('handler'), handler, dnsLabel),
    ...validateOverhead(path('overhead'), overhead?.podFixed),
    ...validateLabels(path('scheduling', 'nodeSelector'), scheduling?.nodeSelector),
    ...validateTolerations(tolerationsAt, scheduling?.tolerations),
    ...uniqueTolerations(tolerationsAt, scheduling?.tolerations),
  ]
}

/** The rules of runtime classes. */
export const runtimeClassRules: AnyKindRules = kindRules<RuntimeClass>({
  name: dnsSubdomain,
  create: runtimeClass,
  update: ({ object, old }) => [
    ...runtimeClass(object),
    ...(object.handler === old.handler ? [] : [invalid(path('handler'), object.handler, immutableText)]),
  ],
})
