/** Counts and times who acts as somebody else (apiserver impersonation metrics, v1.36). */
import type { Counter, Histogram, Metrics } from '#kit/telemetry/metrics.ts'
import type { Clock } from '#world/ports/clock.ts'

const labels = ['mode', 'decision']
const bounds = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power)

const attemptsTotal = {
  name: 'apiserver_impersonation_attempts_total',
  help: '[ALPHA] Total number of impersonation attempts split by mode and decision.',
  labels,
}
const attemptSeconds = {
  name: 'apiserver_impersonation_attempts_duration_seconds',
  help: '[ALPHA] Latency of impersonation attempts in seconds split by mode and decision.',
  labels,
}
const checksTotal = {
  name: 'apiserver_impersonation_authorization_attempts_total',
  help: '[ALPHA] Total number of authorization checks made by the impersonation handler split by mode and decision.',
  labels,
}
const checkSeconds = {
  name: 'apiserver_impersonation_authorization_attempts_duration_seconds',
  help: '[ALPHA] Latency of authorization checks made by the impersonation handler in seconds split by mode and decision.',
  labels,
}

interface Timed {
  readonly counter: Counter
  readonly histogram: Histogram
}

export class ImpersonationMeter {
  readonly #clock: Clock
  readonly #attempts: Timed
  readonly #checks: Timed

  constructor({ metrics, clock }: { readonly metrics: Metrics; readonly clock: Clock }) {
    this.#clock = clock
    const family = (total: typeof attemptsTotal, seconds: typeof attemptSeconds): Timed => ({
      counter: metrics.counter(total),
      histogram: metrics.histogram(seconds, bounds),
    })
    this.#attempts = family(attemptsTotal, attemptSeconds)
    this.#checks = family(checksTotal, checkSeconds)
  }

  /** An attempt begins; what it gives is told the constraint under which it succeeded, if it did. */
  begin(): (constraint: string | undefined) => void {
    const note = this.#timed(this.#attempts)
    return (constraint) => (constraint === undefined ? note('', 'denied') : note(modeOf(constraint), 'allowed'))
  }

  /** A question is put; what it gives is told the answer. */
  beginCheck(verb: string): (isAllowed: boolean) => void {
    const note = this.#timed(this.#checks)
    return (isAllowed) => note(modeOf(verb), isAllowed ? 'allowed' : 'denied')
  }

  #timed({ counter, histogram }: Timed): (mode: string, decision: string) => void {
    const startMs = this.#clock.monotonicMs()
    return (mode, decision) => {
      counter.add({ mode, decision })
      histogram.observe((this.#clock.monotonicMs() - startMs) / 1000, { mode, decision })
    }
  }
}

/** `user-info` of `impersonate:user-info` and `impersonate-on:user-info:list`. */
function modeOf(verb: string): string {
  const [, mode = 'legacy'] = verb.split(':')
  return mode
}
