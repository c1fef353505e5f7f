/** How long clients of an overloaded priority level are asked to stay away: longer while requests go on being refused. */

const secondsMax = 32
/** Seconds whose refusals are remembered. */
const historyMax = 2 * secondsMax

/** The advice of one priority level, in whole seconds. */
export class RetryAfter {
  #seconds = 1
  #raisedAt = 0
  #history: { readonly second: number; count: number }[] = []

  /** Seconds to wait from now on. */
  get seconds(): number {
    return this.#seconds
  }

  /** Counts a refused request. */
  refuse(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    const last = this.#history.at(-1)
    if (last?.second === second) {
      last.count++
      return
    }
    this.#settle(second)
    this.#history = [...this.#history.filter((one) => second - one.second <= historyMax), { second, count: 1 }]
  }

  /** Doubles after a burst (at most once in the time advised), and goes down by one when it became quiet. */
  #settle(second: number): void {
    const recent = this.#history
      .filter((one) => second - one.second <= this.#seconds)
      .reduce((sum, one) => sum + one.count, 0)
    if (recent >= 3 * this.#seconds && second - this.#raisedAt >= this.#seconds) {
      this.#seconds = Math.min(secondsMax, this.#seconds * 2)
      this.#raisedAt = second
    } else if (recent < this.#seconds && this.#seconds > 1) this.#seconds--
  }
}
