/** Literals that upstream checks when it compiles: durations, moments and patterns that can never work. */
import type { CheckedCel } from './check-types.ts'
import type { CelIssue } from './cel-issue.ts'
import { CelFailure } from './cel-value.ts'
import { durationOfText, timestampOfText } from './libraries/conversions.ts'
import { patternProblem } from './libraries/regexes.ts'
import type { CallNode } from './syntax-tree.ts'

/** What is wrong with literal arguments of `duration`, `timestamp` and `matches`. */
export function checkLiterals(checked: CheckedCel): readonly CelIssue[] {
  const issues: CelIssue[] = []
  for (const [call, { target }] of checked.calls) {
    const place = call.name === 'matches' && target === undefined ? 1 : 0
    const argument = call.args[place]
    if (argument?.kind !== 'literal' || typeof argument.value !== 'string') continue
    if (isWrong(call, argument.value)) issues.push({ at: argument.at, message: `invalid ${call.name} argument` })
  }
  return issues
}

function isWrong({ name }: CallNode, text: string): boolean {
  if (name === 'duration') return fails(() => durationOfText(text))
  if (name === 'timestamp') return fails(() => timestampOfText(text))
  return name === 'matches' && patternProblem(text) !== undefined
}

function fails(convert: () => unknown): boolean {
  try {
    convert()
    return false
  } catch (error) {
    if (error instanceof CelFailure) return true
    throw error
  }
}
