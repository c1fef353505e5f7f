/** `variables.NAME` of policies, compiled one upon the other. */
import type { CelType } from '../cel-type.ts'
import { admissionEnvironment, type ExpressionScope } from './admission-environment.ts'
import { compileExpression, type Expression } from './compile-expression.ts'

/** A variable as a policy declares it. */
export interface VariableText {
  readonly name: string
  readonly expression: string
}

/** The variables of a policy, compiled. */
export interface PolicyVariables {
  readonly expressions: ReadonlyMap<string, Expression>
  /** Their types; those that do not compile may be anything. */
  readonly types: ReadonlyMap<string, CelType>
}

/** Compiles variables in their order; each may use those before it. */
export function compileVariables(specs: readonly VariableText[], scope: ExpressionScope): PolicyVariables {
  const expressions = new Map<string, Expression>()
  const types = new Map<string, CelType>()
  for (const spec of specs) {
    const { name } = spec
    const environment = admissionEnvironment({ ...scope, variables: new Map(types) })
    const expression = compileExpression(spec.expression, environment)
    expressions.set(name, expression)
    types.set(name, 'program' in expression ? expression.program.resultType : { kind: 'dyn' })
  }
  return { expressions, types }
}
