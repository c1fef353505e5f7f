/** The webhook of an AuthorizationConfiguration, checked and its conditions compiled (apiserver/validation, v1.36); pure. */
import { isAbsolute } from 'node:path'
import { formatGoDuration, parseGoDurationMs } from '#base/data/duration.ts'
import type { Expression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooMany,
} from '#spec/kubernetes/validation/field-errors.ts'
import type { Path } from '#spec/kubernetes/validation/field-path.ts'
import { compileMatchCondition, matchConditionEnvironment } from './match-conditions.ts'

/** A webhook as the file has it. */
export interface WebhookConfiguration {
  readonly authorizedTTL?: string
  readonly unauthorizedTTL?: string
  readonly cacheAuthorizedRequests?: boolean
  readonly cacheUnauthorizedRequests?: boolean
  readonly timeout?: string
  readonly subjectAccessReviewVersion?: string
  readonly matchConditionSubjectAccessReviewVersion?: string
  readonly failurePolicy?: string
  readonly connectionInfo?: { readonly type?: string; readonly kubeConfigFile?: string }
  readonly matchConditions?: readonly { readonly expression?: string }[]
}

/** A webhook that can be asked once its kubeconfig is read. */
export interface AuthorizationWebhookSettings {
  readonly kubeconfigPath: string
  readonly timeoutMs: number
  readonly version: string
  readonly authorizedKeepMs: number
  readonly unauthorizedKeepMs: number
  readonly failurePolicy: 'NoOpinion' | 'Deny'
  readonly conditions: readonly Expression[]
}

const timeoutMsMost = 30_000
const authorizedKeepMsDefault = 300_000
const unauthorizedKeepMsDefault = 30_000
const conditionsMost = 64

/** The webhook, and what is wrong with it. */
export function compileWebhook(
  given: WebhookConfiguration,
  at: Path,
): { readonly settings: AuthorizationWebhookSettings; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = []
  const timeoutMs = timeoutOf(given.timeout, at.child('timeout'), errors)
  const authorizedKeepMs = keepOf(given.authorizedTTL, at.child('authorizedTTL'), errors)
  const unauthorizedKeepMs = keepOf(given.unauthorizedTTL, at.child('unauthorizedTTL'), errors)
  errors.push(...versionErrors(given, at), ...policyErrors(given, at), ...connectionErrors(given, at))
  const conditions = conditionsOf(given, at.child('matchConditions'), errors)
  const settings = {
    kubeconfigPath: given.connectionInfo?.kubeConfigFile ?? '',
    timeoutMs,
    version: given.subjectAccessReviewVersion ?? '',
    authorizedKeepMs: given.cacheAuthorizedRequests === false ? 0 : (authorizedKeepMs ?? authorizedKeepMsDefault),
    unauthorizedKeepMs:
      given.cacheUnauthorizedRequests === false ? 0 : (unauthorizedKeepMs ?? unauthorizedKeepMsDefault),
    failurePolicy: given.failurePolicy === 'Deny' ? ('Deny' as const) : ('NoOpinion' as const),
    conditions,
  }
  return { settings, errors }
}

/** Milliseconds; undefined for none. */
function durationOf(given: string | undefined, at: Path, errors: FieldError[]): number | undefined {
  if (given === undefined || given === '') return undefined
  try {
    const durationMs = parseGoDurationMs(given)
    return durationMs === 0 ? undefined : durationMs
  } catch {
    errors.push(invalid(at, given, `time: invalid duration ${JSON.stringify(given)}`))
    return undefined
  }
}

const shown = (durationMs: number): string => formatGoDuration(durationMs * 1_000_000)

function timeoutOf(given: string | undefined, at: Path, errors: FieldError[]): number {
  const before = errors.length
  const timeoutMs = durationOf(given, at, errors)
  if (timeoutMs === undefined) {
    if (errors.length === before) errors.push(required(at))
    return timeoutMsMost
  }
  if (timeoutMs > timeoutMsMost || timeoutMs < 0) errors.push(invalid(at, shown(timeoutMs), 'must be > 0s and <= 30s'))
  return timeoutMs
}

function keepOf(given: string | undefined, at: Path, errors: FieldError[]): number | undefined {
  const keepMs = durationOf(given, at, errors)
  if (keepMs !== undefined && keepMs < 0) errors.push(invalid(at, shown(keepMs), 'must be > 0s'))
  return keepMs
}

function choiceErrors(value: string, at: Path, choices: readonly string[]): readonly FieldError[] {
  if (value === '') return [required(at)]
  return choices.includes(value) ? [] : [notSupported(at, value, choices)]
}

function versionErrors(given: WebhookConfiguration, at: Path): readonly FieldError[] {
  const { subjectAccessReviewVersion = '', matchConditionSubjectAccessReviewVersion = '', matchConditions = [] } = given
  const versions = choiceErrors(subjectAccessReviewVersion, at.child('subjectAccessReviewVersion'), ['v1', 'v1beta1'])
  const conditionsAt = at.child('matchConditionSubjectAccessReviewVersion')
  if (matchConditionSubjectAccessReviewVersion !== '')
    return [...versions, ...choiceErrors(matchConditionSubjectAccessReviewVersion, conditionsAt, ['v1'])]
  const isNeeded = matchConditions.length > 0
  return isNeeded ? [...versions, required(conditionsAt, 'required if match conditions are specified')] : versions
}

function policyErrors({ failurePolicy = '' }: WebhookConfiguration, at: Path): readonly FieldError[] {
  return choiceErrors(failurePolicy, at.child('failurePolicy'), ['NoOpinion', 'Deny'])
}

/** Whether the file is there is found out when it is read. */
function connectionErrors({ connectionInfo = {} }: WebhookConfiguration, at: Path): readonly FieldError[] {
  const { type = '', kubeConfigFile = '' } = connectionInfo
  const typeAt = at.child('connectionInfo', 'type')
  const fileAt = at.child('connectionInfo', 'kubeConfigFile')
  if (type !== 'KubeConfigFile') return choiceErrors(type, typeAt, ['KubeConfigFile'])
  if (kubeConfigFile === '') return [required(fileAt)]
  return isAbsolute(kubeConfigFile) ? [] : [invalid(fileAt, kubeConfigFile, 'must be an absolute path')]
}

function conditionsOf(
  { matchConditions = [] }: WebhookConfiguration,
  at: Path,
  errors: FieldError[],
): readonly Expression[] {
  if (matchConditions.length > conditionsMost) {
    errors.push(tooMany(at, matchConditions.length, conditionsMost))
    return []
  }
  const environment = matchConditionEnvironment()
  return matchConditions.flatMap(({ expression = '' }, index) => {
    const expressionAt = at.index(index).child('expression')
    if (expression.trim() === '') {
      errors.push(required(expressionAt))
      return []
    }
    if (matchConditions.slice(0, index).some((one) => one.expression === expression)) {
      errors.push(duplicate(expressionAt, expression))
      return []
    }
    const compiled = compileMatchCondition(expression, environment)
    if ('problem' in compiled) errors.push(invalid(expressionAt, expression, compiled.problem))
    return [compiled]
  })
}
