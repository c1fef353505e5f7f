/** Expressions to programs: parse, check, and evaluate within limits. */
import { CelSyntaxError, issuesText, type CelIssue } from './cel-issue.ts'
import { celTypeName, runtimeTypeName, sameType, type CelType } from './cel-type.ts'
import { CelFailure, type CelFailureKind, type CelValue } from './cel-value.ts'
import { checkLiterals } from './check-literals.ts'
import { checkTypes, type CheckedCel } from './check-types.ts'
import type { CelEnvironment } from './environment.ts'
import { estimateCost, type CostRange } from './estimate-cost.ts'
import { Frame, type EvaluationLimits } from './frame.ts'
import { PatternCache } from './libraries/regexes.ts'
import { parseCel } from './parse-cel.ts'
import { readJson } from './read-json.ts'
import { StepBuilder } from './build-steps.ts'
import { ZoneTable } from './time-values.ts'

/** What came of an evaluation, and what it cost. */
export type CelOutcome =
  | { readonly value: CelValue; readonly cost: number }
  | { readonly failure: { readonly kind: CelFailureKind; readonly message: string }; readonly cost: number }

/** A compiled expression. May be evaluated any number of times. */
export interface CelProgram {
  readonly text: string
  readonly resultType: CelType
  /** Whether the expression names a variable. */
  uses(variable: string): boolean
  /** What an evaluation costs at least and at most, by the sizes that the variables' types promise. */
  estimate(): CostRange
  /** Evaluates over plain JSON (or values of CEL) by the names of the variables. Never throws what an expression can cause. */
  evaluate(variables: Readonly<Record<string, unknown>>, limits: EvaluationLimits): CelOutcome
}

/** A program, or what is wrong with the text, as upstream prints it. */
export type CelCompilation = { readonly program: CelProgram } | { readonly problem: string }

export interface CompileOptions {
  /** The types that the result may have; any when absent. `dyn` results always pass. */
  readonly result?: readonly CelType[]
  /** Does not say which type the result has when it is a wrong one. */
  readonly hidesType?: boolean
}

/** Compiles an expression in an environment. */
export function compileCel(text: string, environment: CelEnvironment, options: CompileOptions = {}): CelCompilation {
  const checked = checkText(text, environment)
  if ('issues' in checked && !('root' in checked)) return { problem: issuesText(text, checked.issues) }
  const whole = checked as CheckedCel
  const { result, hidesType = false } = options
  const isWanted =
    result === undefined || whole.resultType.kind === 'dyn' || result.some((type) => sameType(type, whole.resultType))
  if (!isWanted)
    return { problem: `${wrongResult(result)}${hidesType ? '' : ` but got ${typeText(whole.resultType)}`}` }
  return { program: new CompiledCel(text, whole, environment) }
}

function wrongResult(types: readonly CelType[]): string {
  if (types.length === 1) return `must evaluate to ${typeText(types[0] as CelType)}`
  return `must evaluate to one of [${types.map(typeText).join(' ')}]`
}

/** Types of values without parts have the names here that they have at run time. */
function typeText(type: CelType): string {
  return ['null', 'timestamp', 'duration'].includes(type.kind) ? runtimeTypeName(type) : celTypeName(type)
}

function checkText(text: string, environment: CelEnvironment): CheckedCel | { readonly issues: readonly CelIssue[] } {
  try {
    const checked = checkTypes(parseCel(text, environment.writing), environment)
    const issues = checked.issues.length > 0 ? checked.issues : checkLiterals(checked)
    return issues.length > 0 ? { issues } : checked
  } catch (error) {
    if (error instanceof CelSyntaxError) return { issues: [{ at: error.at, message: error.message }] }
    throw error
  }
}

class CompiledCel implements CelProgram {
  readonly text: string
  readonly resultType: CelType
  readonly #checked: CheckedCel
  readonly #environment: CelEnvironment
  readonly #patterns = new PatternCache()
  readonly #zones = new ZoneTable()
  readonly #slots: number
  readonly #run: (frame: Frame) => CelValue
  #estimate: CostRange | undefined

  constructor(text: string, checked: CheckedCel, environment: CelEnvironment) {
    this.text = text
    this.resultType = checked.resultType
    this.#checked = checked
    this.#environment = environment
    const builder = new StepBuilder(checked)
    this.#run = builder.build(checked.root, new Map())
    this.#slots = builder.slots
  }

  uses(variable: string): boolean {
    return this.#checked.variables.has(variable)
  }

  estimate(): CostRange {
    this.#estimate ??= estimateCost(this.#checked, this.#environment)
    return this.#estimate
  }

  evaluate(variables: Readonly<Record<string, unknown>>, limits: EvaluationLimits): CelOutcome {
    const frame = new Frame({
      limits,
      patterns: this.#patterns,
      zones: this.#zones,
      slots: this.#slots,
      read: (name) => this.#variable(name, variables),
    })
    try {
      const value = this.#run(frame)
      return { value, cost: frame.cost }
    } catch (error) {
      if (error instanceof CelFailure)
        return { failure: { kind: error.kind, message: error.message }, cost: frame.cost }
      // A value that nests too deep to be compared, or a text too long to be held.
      if (error instanceof RangeError) {
        return { failure: { kind: 'evaluation', message: 'the values are too large' }, cost: frame.cost }
      }
      throw error
    }
  }

  #variable(name: string, variables: Readonly<Record<string, unknown>>): CelValue {
    const given = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (given === undefined) throw new CelFailure(`no such attribute(s): ${name}`)
    // A lazy variable is asked for its value only when an expression names it.
    const json = typeof given === 'function' ? (given as () => unknown)() : given
    return readJson(json, this.#environment.variables.get(name) ?? { kind: 'dyn' })
  }
}
