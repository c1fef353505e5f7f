/** The validation rules of one schema as programs (`x-kubernetes-validations`; apiextensions schema/cel, v1.36). */
import { boolType, optionalType, sameType, stringType, type CelType } from '../cel/cel-type.ts'
import { compileCel, type CelProgram } from '../cel/compile-cel.ts'
import { celEnvironment } from '../cel/environment.ts'
import { type CelSchema, schemaType } from '../cel/schema-type.ts'
import type { ValidationRule } from '../objects/apiextensions-v1.generated.ts'
import { fieldPathOf } from './field-path-of.ts'
import type { SchemaNode } from './schema-node.ts'

/** A rule and its programs. What is wrong with an expression stands in its place. */
export interface CompiledRule {
  readonly rule: ValidationRule
  readonly program: CelProgram | undefined
  readonly problem: string | undefined
  readonly message: CelProgram | undefined
  readonly messageProblem: string | undefined
  readonly usesOldSelf: boolean
  /** Where its failures are told, relative to the schema; `''` for the schema itself. */
  readonly fieldPath: string
}

/** The type that expressions see of a schema; undefined when they must not see it. */
export function typeOfNode(node: SchemaNode, isResource: boolean): CelType | undefined {
  return schemaType(node.props as CelSchema, { isResource })
}

/** Compiles the rules of a schema, in order. `type` is what `typeOfNode` says. */
export function compileRules(node: SchemaNode, type: CelType): readonly CompiledRule[] {
  const plain = celEnvironment({ variables: { self: type, oldSelf: type } })
  const optional = celEnvironment({ variables: { self: type, oldSelf: optionalType(type) } })
  return (node.props['x-kubernetes-validations'] ?? []).map((rule) => {
    const environment = rule.optionalOldSelf === true ? optional : plain
    const main = compiled(rule.rule, environment, boolType)
    const isBroken = main.program === undefined
    const { messageExpression = '' } = rule
    const text = messageExpression === '' || isBroken ? undefined : compiled(messageExpression, environment, stringType)
    return {
      rule,
      program: main.program,
      problem: main.problem,
      message: text?.program,
      messageProblem: text?.problem === undefined ? undefined : `messageExpression ${text.problem}`,
      usesOldSelf: main.program?.uses('oldSelf') === true,
      fieldPath: fieldPathOf(node, rule.fieldPath ?? '') ?? '',
    }
  })
}

interface Compiled {
  readonly program?: CelProgram
  readonly problem?: string
}

const wanted: Readonly<Record<string, string>> = {
  bool: 'cel expression must evaluate to a bool',
  string: 'must evaluate to a string',
}

function compiled(text: string, environment: ReturnType<typeof celEnvironment>, type: CelType): Compiled {
  if (text.trim() === '') return {}
  const outcome = compileCel(text, environment)
  if ('problem' in outcome) return { problem: `compilation failed: ${outcome.problem}` }
  if (!sameType(outcome.program.resultType, type)) return { problem: wanted[type.kind] ?? '' }
  return { program: outcome.program }
}
