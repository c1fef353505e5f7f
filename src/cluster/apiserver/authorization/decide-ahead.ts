/**
 * Decisions for expressions, which cannot wait: a question whose answer takes time ends the evaluation, and it begins anew
 * once the answer is there. What was answered once is answered the same for the rest of the request.
 */
import type { Access, Authorizer, Decision } from './access.ts'

class AnswerPending extends Error {
  readonly settled: Promise<void>

  constructor(settled: Promise<void>) {
    super('the answer of an authorizer is awaited')
    this.settled = settled
  }
}

export class DecisionsAhead {
  readonly #authorizer: Authorizer
  readonly #known = new Map<string, Decision>()

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  /** Only within `evaluate`. */
  decide(access: Access): Decision {
    const decision = this.#known.size === 0 ? undefined : this.#known.get(JSON.stringify(access))
    if (decision !== undefined) return decision
    const asked = this.#authorizer.decide(access)
    if (!(asked instanceof Promise)) return asked
    throw new AnswerPending(
      asked.then((late) => {
        this.#known.set(JSON.stringify(access), late)
      }),
    )
  }

  /** What `run` comes to, which asks by `decide` and does nothing else that counts twice. */
  evaluate<T>(run: () => T): T | Promise<T> {
    try {
      return run()
    } catch (error) {
      if (!(error instanceof AnswerPending)) throw error
      return error.settled.then(() => this.evaluate(run))
    }
  }
}
