/** Expressions of webhooks and policies, compiled, with upstream's words for what is wrong with them. */
import { compileCel, type CelProgram, type CompileOptions } from '../compile-cel.ts'
import type { CelEnvironment } from '../environment.ts'

/** A compiled expression, or what is wrong with it. */
export type Expression = { readonly text: string } & ({ readonly program: CelProgram } | { readonly problem: string })

/** Compiles an expression, whose result may have to be of one of some types. */
export function compileExpression(text: string, environment: CelEnvironment, options: CompileOptions = {}): Expression {
  const compiled = compileCel(text.trim(), environment, options)
  if ('program' in compiled) return { text, program: compiled.program }
  const { problem } = compiled
  return { text, problem: problem.startsWith('ERROR: ') ? `compilation failed: ${problem}` : problem }
}
