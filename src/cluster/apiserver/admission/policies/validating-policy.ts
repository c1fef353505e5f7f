/** One validating policy, compiled, and what it decides about a request (apiserver admission/plugin/policy/validating, v1.36). */
import { messageBytesMax, objectBudget } from '#spec/kubernetes/cel/cel-limits.ts'
import { boolType, nullType, stringType } from '#spec/kubernetes/cel/cel-type.ts'
import { typeNameOfValue } from '#spec/kubernetes/cel/cel-value.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../../api-object.ts'
import { admissionEnvironment, type ExpressionScope } from '#spec/kubernetes/cel/admission/admission-environment.ts'
import { compileConditions, meetsConditions } from '../expressions/match-conditions.ts'
import { compileExpression, type Expression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import { Budget, OutOfBudget, runExpression } from '../expressions/run-expression.ts'
import { compileVariables, type PolicyVariables } from '#spec/kubernetes/cel/admission/compile-variables.ts'
import { declaredVariables, variableValues } from './policy-variables.ts'

interface CompiledValidation {
  readonly expression: Expression
  readonly messageExpression: Expression | undefined
  readonly message: string
  readonly reason: string
}

/** A compiled policy. */
export interface ValidatingPolicy {
  readonly failurePolicy: string
  readonly variables: PolicyVariables
  readonly conditions: readonly Expression[]
  readonly validations: readonly CompiledValidation[]
  readonly annotations: readonly { readonly key: string; readonly expression: Expression }[]
}

/** Compiles a policy. What does not compile fails when it is evaluated. */
export function compileValidatingPolicy(policy: ApiObject): ValidatingPolicy {
  const spec = objectAt(policy, 'spec')
  const scope: ExpressionScope = { hasParams: spec['paramKind'] !== undefined, hasAuthorizer: true }
  const variables = compileVariables(declaredVariables(policy), scope)
  const environment = admissionEnvironment({ ...scope, variables: variables.types })
  const forMessages = admissionEnvironment({ ...scope, hasAuthorizer: false, variables: variables.types })
  const validation = (one: JsonObject): CompiledValidation => {
    const message = textAt(one, 'messageExpression')
    return {
      expression: compileExpression(textAt(one, 'expression'), environment, { result: [boolType] }),
      messageExpression: message === '' ? undefined : compileExpression(message, forMessages, { result: [stringType] }),
      message: textAt(one, 'message').trim(),
      reason: textAt(one, 'reason') || 'Invalid',
    }
  }
  return {
    failurePolicy: textAt(spec, 'failurePolicy') || 'Fail',
    variables,
    conditions: compileConditions(listAt(spec, 'matchConditions'), environment),
    validations: listAt(spec, 'validations').map(validation),
    annotations: listAt(spec, 'auditAnnotations').map((one) => ({
      key: textAt(one, 'key'),
      expression: compileExpression(textAt(one, 'valueExpression'), environment, { result: [stringType, nullType] }),
    })),
  }
}

/** What is said against a request. */
export interface PolicyDenial {
  readonly message: string
  readonly reason: string
  /** Which validation; 0 for the policy as a whole. */
  readonly index: number
}

/** What a policy decides. */
export interface PolicyVerdict {
  readonly denials: readonly PolicyDenial[]
  readonly annotations: ReadonlyMap<string, string>
  /** Annotations that could not be evaluated refuse a request whatever the binding's actions are. */
  readonly annotationErrors: readonly string[]
}

interface Run {
  readonly policy: ValidatingPolicy
  readonly values: Readonly<Record<string, unknown>>
  readonly budget: Budget
  readonly signal: AbortSignal | undefined
}

const noVerdict: PolicyVerdict = { denials: [], annotations: new Map(), annotationErrors: [] }

/** Evaluates a policy over the variables of a request. */
export function validatingVerdict(
  policy: ValidatingPolicy,
  request: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): PolicyVerdict {
  const budget = new Budget(objectBudget)
  const values = { ...request, variables: variableValues(policy.variables, request, { budget, signal }) }
  const run = { policy, values, budget, signal }
  const isIgnored = policy.failurePolicy === 'Ignore'
  const failed = (message: string): PolicyVerdict =>
    isIgnored ? noVerdict : { ...noVerdict, denials: [{ message, reason: '', index: 0 }] }
  try {
    const meets = meetsConditions(policy.conditions, values, { failurePolicy: policy.failurePolicy, signal })
    if (typeof meets !== 'boolean') return failed(meets.error)
    return meets
      ? { denials: denialsOf(run), ...annotationsOf({ ...run, budget: new Budget(objectBudget) }) }
      : noVerdict
  } catch (error) {
    if (error instanceof OutOfBudget) return failed(error.message)
    throw error
  }
}

function denialsOf({ policy, values, budget, signal }: Run): readonly PolicyDenial[] {
  const outcomes = policy.validations.map(({ expression }) => runExpression(expression, values, { budget, signal }))
  const denials: PolicyDenial[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const validation = policy.validations[index] as CompiledValidation
    if ('error' in outcome) {
      if (policy.failurePolicy !== 'Ignore') denials.push({ message: outcome.error, reason: '', index })
    } else if (outcome.value !== true) {
      const { reason } = validation
      denials.push({ message: messageOf(validation, { policy, values, budget, signal }), reason, index })
    }
  }
  return denials
}

/** The sentence of a validation: its expression's, its own, or the validation itself. */
function messageOf(
  { messageExpression, message, expression }: CompiledValidation,
  { values, budget, signal }: Run,
): string {
  const otherwise = message === '' ? `failed expression: ${expression.text.trim()}` : message
  if (messageExpression === undefined) return otherwise
  const outcome = runExpression(messageExpression, values, { budget, signal })
  const text = 'value' in outcome && typeof outcome.value === 'string' ? outcome.value.trim() : ''
  const isUsable = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= messageBytesMax
  return isUsable ? text : otherwise
}

function annotationsOf({
  policy,
  values,
  budget,
  signal,
}: Run): Pick<PolicyVerdict, 'annotations' | 'annotationErrors'> {
  const annotations = new Map<string, string>()
  const errors: string[] = []
  for (const { key, expression } of policy.annotations) {
    const outcome = runExpression(expression, values, { budget, signal })
    if ('error' in outcome) {
      if (policy.failurePolicy !== 'Ignore') errors.push(outcome.error)
    } else if (typeof outcome.value === 'string') {
      if (outcome.value.trim() !== '') annotations.set(key, outcome.value.trim())
    } else if (outcome.value !== null) {
      const type = typeNameOfValue(outcome.value)
      errors.push(
        `valueExpression '${expression.text}' resulted in unsupported return type: ${type}. Return type must be either string or null.`,
      )
    }
  }
  return { annotations, annotationErrors: errors }
}
