/** One evaluation: what its variables are, what it has cost, and when it has to stop. */
import type { CallContext } from './cel-function.ts'
import { CelFailure, type CelValue } from './cel-value.ts'

/** How much an evaluation may take. */
export interface EvaluationLimits {
  /** In units of cost. */
  readonly costLimit: number
  readonly signal?: AbortSignal | undefined
}

/** Steps of comparing and flattening that costs do not count, per unit of the cost limit. */
const workPerCost = 20
const checkEvery = 100

/** The state of one evaluation. */
export class Frame implements CallContext {
  readonly patterns: CallContext['patterns']
  readonly zones: CallContext['zones']
  /** Values of the loops' variables; a failure where a loop's result is one so far. */
  readonly slots: (CelValue | CelFailure)[]
  readonly #limits: EvaluationLimits
  readonly #read: (name: string) => CelValue
  readonly #values = new Map<string, CelValue>()
  #cost = 0
  #work = 0
  #rounds = 0

  constructor(options: {
    readonly limits: EvaluationLimits
    readonly read: (name: string) => CelValue
    readonly patterns: CallContext['patterns']
    readonly zones: CallContext['zones']
    readonly slots: number
  }) {
    this.#limits = options.limits
    this.#read = options.read
    this.patterns = options.patterns
    this.zones = options.zones
    this.slots = Array.from({ length: options.slots }, () => null)
  }

  get cost(): number {
    return this.#cost
  }

  /** Adds to the cost. @throws CelFailure of kind `cost-limit` */
  charge(cost: number): void {
    this.#cost += cost
    if (this.#cost > this.#limits.costLimit) {
      throw new CelFailure('operation cancelled: actual cost limit exceeded', 'cost-limit')
    }
  }

  work(steps: number): void {
    this.#work += steps
    if (this.#work > this.#limits.costLimit * workPerCost) {
      throw new CelFailure('operation cancelled: actual cost limit exceeded', 'cost-limit')
    }
  }

  /** Counts a round of a loop. @throws CelFailure of kind `cancelled` when nobody waits any more. */
  round(): void {
    this.#rounds += 1
    if (this.#rounds % checkEvery === 0 && this.#limits.signal?.aborted === true) {
      throw new CelFailure('operation interrupted', 'cancelled')
    }
  }

  /** The value of a variable. @throws CelFailure when it has none or does not fit its type. */
  variable(name: string): CelValue {
    const known = this.#values.get(name)
    if (known !== undefined) return known
    const value = this.#read(name)
    this.#values.set(name, value)
    return value
  }
}
