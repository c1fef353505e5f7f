/** `variables.NAME` of policies: expressions that are compiled one upon the other and evaluated once, when first asked for. */
import type { CelType } from '#spec/kubernetes/cel/cel-type.ts'
import { CelFailure, CelGiven, type CelValue } from '#spec/kubernetes/cel/cel-value.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { textAt } from '../../api-object.ts'
import { admissionEnvironment, type ExpressionScope } from '../expressions/admission-types.ts'
import { type Budget, compileExpression, type Expression, runExpression } from '../expressions/run-expression.ts'

/** The variables of a policy, compiled. */
export interface PolicyVariables {
  readonly expressions: ReadonlyMap<string, Expression>
  /** Their types; those that do not compile may be anything. */
  readonly types: ReadonlyMap<string, CelType>
}

/** Compiles variables in their order; each may use those before it. */
export function compileVariables(specs: readonly JsonObject[], scope: ExpressionScope): PolicyVariables {
  const expressions = new Map<string, Expression>()
  const types = new Map<string, CelType>()
  for (const spec of specs) {
    const name = textAt(spec, 'name')
    const environment = admissionEnvironment({ ...scope, variables: new Map(types) })
    const expression = compileExpression(textAt(spec, 'expression'), environment)
    expressions.set(name, expression)
    types.set(name, 'program' in expression ? expression.program.resultType : { kind: 'dyn' })
  }
  return { expressions, types }
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
