/** Match conditions: expressions that must all be true for a webhook or policy to look at a request. */
import { matchConditionsBudget } from '#spec/kubernetes/cel/cel-limits.ts'
import { boolType } from '#spec/kubernetes/cel/cel-type.ts'
import type { CelEnvironment } from '#spec/kubernetes/cel/environment.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { textAt } from '../../api-object.ts'
import { compileExpression, type Expression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import { Budget, OutOfBudget, runExpression } from './run-expression.ts'

/** Compiles the conditions of a webhook or policy. */
export function compileConditions(
  conditions: readonly JsonObject[],
  environment: CelEnvironment,
): readonly Expression[] {
  return conditions.map((condition) =>
    compileExpression(textAt(condition, 'expression'), environment, { result: [boolType] }),
  )
}

/**
 * Whether all conditions hold. One that is false decides, whatever the others do; errors count as a failure, which is
 * an answer of its own, or as no match where failures are ignored.
 */
export function meetsConditions(
  conditions: readonly Expression[],
  variables: Readonly<Record<string, unknown>>,
  { failurePolicy, signal }: { readonly failurePolicy: string; readonly signal?: AbortSignal | undefined },
): boolean | { readonly error: string } {
  const budget = new Budget(matchConditionsBudget)
  const errors: string[] = []
  try {
    for (const condition of conditions) {
      const outcome = runExpression(condition, variables, { budget, signal })
      if ('error' in outcome) errors.push(outcome.error)
      else if (outcome.value === false) return false
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error
    return failurePolicy === 'Ignore' ? false : { error: error.message }
  }
  if (errors.length === 0) return true
  if (failurePolicy === 'Ignore') return false
  return { error: errors.length === 1 ? (errors[0] ?? '') : `[${[...new Set(errors)].join(', ')}]` }
}
