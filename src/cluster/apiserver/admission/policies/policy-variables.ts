/** The values of `variables.NAME`: each is evaluated once, when an expression first asks for it. */
import type { PolicyVariables, VariableText } from '#spec/kubernetes/cel/admission/compile-variables.ts'
import { CelFailure, CelGiven, type CelValue } from '#spec/kubernetes/cel/cel-value.ts'
import { type ApiObject, listAt, textAt } from '../../api-object.ts'
import { type Budget, runExpression } from '../expressions/run-expression.ts'

/** The variables that a policy declares. */
export function declaredVariables(policy: ApiObject): readonly VariableText[] {
  return listAt(policy, 'spec', 'variables').map((one) => ({
    name: textAt(one, 'name'),
    expression: textAt(one, 'expression'),
  }))
}

/** An object whose members evaluate a policy's variables, at the cost of a budget. */
export function variableValues(
  { expressions }: PolicyVariables,
  others: Readonly<Record<string, unknown>>,
  how: { readonly budget: Budget; readonly signal?: AbortSignal | undefined },
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {}
  const known = new Map<string, CelValue>()
  const all = { ...others, variables: values }
  for (const [name, expression] of expressions) {
    const evaluate = (): CelValue => {
      const before = known.get(name)
      if (before !== undefined) return before
      const outcome = runExpression(expression, all, how)
      if ('error' in outcome) throw new CelFailure(`composited variable "${name}" fails to evaluate: ${outcome.error}`)
      known.set(name, outcome.value)
      return outcome.value
    }
    Object.defineProperty(values, name, { enumerable: true, get: () => new CelGiven(evaluate()) })
  }
  return values
}
