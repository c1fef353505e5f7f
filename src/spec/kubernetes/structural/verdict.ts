/** What a schema says of a value: problems, each once, and how many checks passed. */

/** One problem before it is a field error. */
export interface Problem {
  readonly kind: 'required' | 'enum' | 'long' | 'many' | 'type' | 'other' | 'composite'
  readonly path: string
  readonly value: unknown
  readonly message: string
  readonly allowed?: readonly unknown[]
  readonly max?: number
}

/** Problems told of one body; hostile bodies could have one a byte. */
const problemsMax = 500

/** Grows while a value is checked. */
export class Verdict {
  readonly #problems = new Map<string, Problem>()
  #matches = 0

  get problems(): readonly Problem[] {
    return [...this.#problems.values()]
  }

  /** How much of the schema fitted: decides whose problems of several schemas are told. */
  get matches(): number {
    return this.#matches
  }

  get isValid(): boolean {
    return this.#problems.size === 0
  }

  add(problem: Problem | undefined): this {
    if (problem === undefined || this.#problems.size >= problemsMax) return this
    const text = problem.kind === 'enum' ? `${problem.message} ${problem.path}` : problem.message
    if (!this.#problems.has(text)) this.#problems.set(text, problem)
    return this
  }

  addAll(problems: readonly Problem[]): this {
    for (const problem of problems) this.add(problem)
    return this
  }

  merge(other: Verdict): this {
    for (const problem of other.#problems.values()) this.add(problem)
    this.#matches += other.#matches
    return this
  }

  count(checks: number = 1): this {
    this.#matches += checks
    return this
  }

  /** Without its problems. */
  forgiven(): Verdict {
    return new Verdict().count(this.#matches)
  }
}
