/** Counts the decisions of one authoriser of the chain that settle a request (apiserver authorization metrics, v1.36). */
import type { Counter, Metrics } from '#kit/telemetry/metrics.ts'
import type { Decision } from './access.ts'

const decisionsTotal = {
  name: 'apiserver_authorization_decisions_total',
  help: '[ALPHA] Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.',
  labels: ['type', 'name', 'decision'],
}

type Bound = ReturnType<Counter['bind']>

export class DecisionMeter {
  readonly #counter: Counter
  readonly #link: { readonly type: string; readonly name: string }
  #allowed: Bound | undefined
  #denied: Bound | undefined

  constructor(metrics: Metrics, { type, name }: { readonly type: string; readonly name: string }) {
    this.#counter = metrics.counter(decisionsTotal)
    this.#link = { type, name }
  }

  /** Takes note of a decision; one that leaves it to others is none. */
  count({ allowed, denied }: Decision): void {
    if (denied === true) (this.#denied ??= this.#counter.bind({ ...this.#link, decision: 'denied' })).add()
    else if (allowed) (this.#allowed ??= this.#counter.bind({ ...this.#link, decision: 'allowed' })).add()
  }
}
