/** Expressions of webhooks and policies within one budget, with upstream's words for what goes wrong. */
import type { Expression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import { perCallLimit } from '#spec/kubernetes/cel/cel-limits.ts'
import type { CelValue } from '#spec/kubernetes/cel/cel-value.ts'

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
