/** Expressions of webhooks and policies within one budget, with upstream's words for what goes wrong. */
import { perCallLimit } from '#spec/kubernetes/cel/cel-limits.ts'
import type { CelType } from '#spec/kubernetes/cel/cel-type.ts'
import type { CelValue } from '#spec/kubernetes/cel/cel-value.ts'
import { compileCel, type CelProgram } from '#spec/kubernetes/cel/compile-cel.ts'
import type { CelEnvironment } from '#spec/kubernetes/cel/environment.ts'

/** A compiled expression, or what is wrong with it. */
export type Expression = { readonly text: string } & ({ readonly program: CelProgram } | { readonly problem: string })

/** Compiles an expression whose result has one of some types. */
export function compileExpression(text: string, environment: CelEnvironment, result?: readonly CelType[]): Expression {
  const compiled = compileCel(text.trim(), environment, result === undefined ? {} : { result })
  return 'problem' in compiled
    ? { text, problem: `compilation failed: ${compiled.problem}` }
    : { text, program: compiled.program }
}

/** What one evaluation came to. */
export type ExpressionOutcome = { readonly value: CelValue } | { readonly error: string }

/** Thrown when nothing more may be evaluated. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

/** What is left to spend on the expressions of one webhook or binding. */
export class Budget {
  #left: number

  constructor(limit: number) {
    this.#left = limit
  }

  /** Takes from the budget. @throws OutOfBudget */
  spend(cost: number): void {
    if (cost > this.#left) throw new OutOfBudget()
    this.#left -= cost
  }
}

/** Evaluates an expression. @throws OutOfBudget */
export function runExpression(
  expression: Expression,
  variables: Readonly<Record<string, unknown>>,
  { budget, signal }: { readonly budget: Budget; readonly signal?: AbortSignal | undefined },
): ExpressionOutcome {
  if ('problem' in expression) return { error: `compilation error: ${expression.problem}` }
  const outcome = expression.program.evaluate(variables, { costLimit: perCallLimit, signal })
  budget.spend(outcome.cost)
  if ('value' in outcome) return { value: outcome.value }
  return { error: `expression '${expression.text}' resulted in error: ${outcome.failure.message}` }
}
