/** What a job asks for, in jobs and in templates of cron jobs (batch/validation, v1.36). */
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from '../../objects/batch-v1.generated.ts'
import { byteLength, each, ifSet, matches, nonNegative, oneOf } from '../checks.ts'
import {
  duplicate,
  invalid,
  invalidWithoutValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { domainPrefixedPath } from '../format-errors.ts'
import { qualifiedName } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { templateSpec, validatePodTemplate } from '../pods/pod-template.ts'
import { readIntervals } from './index-intervals.ts'

const countMembers = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const

const many = 100_000
const few = 10_000

function manyCompletions(at: Path, spec: JobSpec): FieldError[] {
  const { completions = 0, backoffLimitPerIndex, maxFailedIndexes, parallelism = 0 } = spec
  if (completions <= many || backoffLimitPerIndex === undefined) return []
  const failedAt = at.child('maxFailedIndexes')
  const text = `must be less than or equal to ${few} when completions are above ${many} and used with backoff limit per index`
  const missing = `must be specified when completions is above ${many}`
  return [
    ...(maxFailedIndexes === undefined ? [required(failedAt, missing)] : []),
    ...(parallelism > few ? [invalid(at.child('parallelism'), parallelism, text)] : []),
    ...((maxFailedIndexes ?? 0) > few ? [invalid(failedAt, maxFailedIndexes, text)] : []),
  ]
}

function indexed(at: Path, spec: JobSpec): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes = 0 } = spec
  const failedAt = at.child('maxFailedIndexes')
  const errors: FieldError[] = []
  if (completions === undefined) errors.push(required(at.child('completions'), 'when completion mode is Indexed'))
  if (parallelism > many) {
    const text = `must be less than or equal to ${many} when completion mode is Indexed`
    errors.push(invalid(at.child('parallelism'), parallelism, text))
  }
  if (completions !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(failedAt, maxFailedIndexes, 'must be less than or equal to completions'))
  }
  if (maxFailedIndexes > many) errors.push(invalid(failedAt, maxFailedIndexes, `must be less than or equal to ${many}`))
  return [...errors, ...manyCompletions(at, spec)]
}

function completionMode(at: Path, spec: JobSpec): FieldError[] {
  const mode: string | undefined = spec.completionMode
  if (mode === 'Indexed') return indexed(at, spec)
  const errors = mode === undefined ? [] : oneOf(at.child('completionMode'), mode, ['NonIndexed', 'Indexed'])
  if (mode !== undefined && mode !== 'NonIndexed') return errors
  const set = (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).filter((member) => spec[member] !== undefined)
  return [
    ...errors,
    ...set.map((member) => invalid(at.child(member), spec[member], 'requires indexed completion mode')),
  ]
}

/** As `requiredOneOf`, with the values in the message of a missing one. */
function listedOneOf(at: Path, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (value !== undefined && value !== '') return oneOf(at, value, supported)
  return [required(at, `valid values: [${supported.map((item) => JSON.stringify(item)).join(' ')}]`)]
}

function exitCodes(
  at: Path,
  codes: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  names: readonly string[],
): FieldError[] {
  const values = codes.values ?? []
  const valuesAt = at.child('values')
  const seen = new Set<number>()
  const container = codes.containerName
  const isKnown = container === undefined || names.includes(container)
  const unknownText = 'must be one of the container or initContainer names in the pod template'
  const errors = listedOneOf(at.child('operator'), codes.operator, ['In', 'NotIn'])
  if (!isKnown) errors.push(invalid(at.child('containerName'), container, unknownText))
  if (values.length === 0) errors.push(invalid(valuesAt, values, 'at least one value is required'))
  else if (values.length > 255) errors.push(tooMany(valuesAt, values.length, 255))
  errors.push(
    ...each(valuesAt, values, (value, valueAt) => {
      const zero = codes.operator === 'In' && value === 0
      const repeated = seen.has(value) ? [duplicate(valueAt, value)] : []
      seen.add(value)
      return [...(zero ? [invalid(valueAt, value, 'must not be 0 for the In operator')] : []), ...repeated]
    }),
  )
  const isOrdered = values.every((value, index) => index === 0 || (values[index - 1] ?? 0) <= value)
  return isOrdered ? errors : [...errors, invalid(valuesAt, values, 'must be ordered')]
}

function failureRule(at: Path, rule: PodFailurePolicyRule, spec: JobSpec): FieldError[] {
  const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
  const action: string = rule.action ?? ''
  const pod = templateSpec(spec.template)
  const names = [...(pod.containers ?? []), ...(pod.initContainers ?? [])].map(({ name }) => name)
  const conditions = rule.onPodConditions ?? []
  const conditionsAt = at.child('onPodConditions')
  const errors = listedOneOf(at.child('action'), action, actions)
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(at.child('action'), action, 'requires the backoffLimitPerIndex to be set'))
  }
  errors.push(...ifSet(rule.onExitCodes, (codes) => exitCodes(at.child('onExitCodes'), codes, names)))
  if (conditions.length > 20) errors.push(tooMany(conditionsAt, conditions.length, 20))
  errors.push(
    ...each(conditionsAt, conditions, (condition, itemAt) => [
      ...matches(itemAt.child('type'), condition.type, qualifiedName),
      ...listedOneOf(itemAt.child('status'), condition.status, ['False', 'True', 'Unknown']),
    ]),
  )
  if (rule.onExitCodes !== undefined && conditions.length > 0) {
    errors.push(invalidWithoutValue(at, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  }
  if (rule.onExitCodes !== undefined || conditions.length > 0) return errors
  return [...errors, invalidWithoutValue(at, 'specifying one of OnExitCodes and OnPodConditions is required')]
}

function failurePolicy(at: Path, spec: JobSpec): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? []
  const rulesAt = at.child('rules')
  return [
    ...(rules.length > 20 ? [tooMany(rulesAt, rules.length, 20)] : []),
    ...each(rulesAt, rules, (rule, itemAt) => failureRule(itemAt, rule, spec)),
  ]
}

function successCount(
  at: Path,
  count: number,
  of: { readonly completions: number; readonly listed: number | undefined },
): FieldError[] {
  const errors = nonNegative(at, count)
  const text = 'must be less than or equal to'
  if (count > of.completions) {
    errors.push(invalid(at, count, `${text} ${of.completions} (the number of specified completions)`))
  }
  if (of.listed === undefined || count <= of.listed) return errors
  const listed = `${text} ${of.listed} (the number of indexes in the specified succeededIndexes field)`
  return [...errors, invalid(at, count, listed)]
}

function successRule(at: Path, rule: SuccessPolicyRule, completions: number): FieldError[] {
  const { succeededCount, succeededIndexes } = rule
  const indexesAt = at.child('succeededIndexes')
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return [required(at, 'at least one of succeededCount or succeededIndexes must be specified')]
  }
  const read = succeededIndexes === undefined ? undefined : readIntervals(succeededIndexes, completions)
  const errors = byteLength(succeededIndexes ?? '') > 65536 ? [tooLong(indexesAt, 65536)] : []
  if (read?.problem !== undefined) {
    errors.push(invalid(indexesAt, succeededIndexes, `error parsing succeededIndexes: ${read.problem}`))
  }
  const of = { completions, listed: read?.total }
  return [...errors, ...ifSet(succeededCount, (count) => successCount(at.child('succeededCount'), count, of))]
}

function successPolicy(at: Path, spec: JobSpec): FieldError[] {
  if (spec.successPolicy === undefined) return []
  if (spec.completionMode !== 'Indexed') {
    return [invalid(at, internal('batch.SuccessPolicy', spec.successPolicy), 'requires indexed completion mode')]
  }
  const rules = spec.successPolicy.rules ?? []
  const rulesAt = at.child('rules')
  const text = 'at least one rules must be specified when the successPolicy is specified'
  return [
    ...(rules.length === 0 ? [required(rulesAt, text)] : []),
    ...(rules.length > 20 ? [tooMany(rulesAt, rules.length, 20)] : []),
    ...each(rulesAt, rules, (rule, itemAt) => successRule(itemAt, rule, spec.completions ?? 0)),
  ]
}

function restartPolicy(at: Path, spec: JobSpec): FieldError[] {
  const policy: string = templateSpec(spec.template).restartPolicy ?? ''
  if (policy === '' || policy === 'Always') return [required(at, 'valid values: "OnFailure", "Never"')]
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(at, policy, ['OnFailure', 'Never'])]
  if (spec.podFailurePolicy === undefined || policy === 'Never') return []
  return [invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified')]
}

/** The spec of a job but for its selector. */
export function validateJobSpec(at: Path, spec: JobSpec): FieldError[] {
  const managerAt = at.child('managedBy')
  const replacements = spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']
  const needsLimit = spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined
  return [
    ...countMembers.flatMap((member) => nonNegative(at.child(member), spec[member])),
    ...(needsLimit ? [required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified')] : []),
    ...ifSet(spec.managedBy, (manager) => [
      ...domainPrefixedPath(managerAt, manager),
      ...(byteLength(manager) > 63 ? [tooLong(managerAt, 63)] : []),
    ]),
    ...completionMode(at, spec),
    ...failurePolicy(at.child('podFailurePolicy'), spec),
    ...successPolicy(at.child('successPolicy'), spec),
    ...ifSet(spec.podReplacementPolicy, (policy) => oneOf(at.child('podReplacementPolicy'), policy, replacements)),
    ...validatePodTemplate(at.child('template'), spec.template),
    ...restartPolicy(at.child('template', 'spec', 'restartPolicy'), spec),
  ]
}
