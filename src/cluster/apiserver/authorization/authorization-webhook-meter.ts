/** The metrics of one authorization webhook, under upstream's names (webhook and match condition metrics, v1.36). */
import { defaultBucketBounds, type MetricSpec, type Metrics } from '#kit/telemetry/metrics.ts'

const evaluationsTotal: MetricSpec = {
  name: 'apiserver_authorization_webhook_evaluations_total',
  help: '[ALPHA] Round-trips to authorization webhooks.',
  labels: ['name', 'result'],
}
const durationSeconds: MetricSpec = {
  name: 'apiserver_authorization_webhook_duration_seconds',
  help: '[ALPHA] Request latency in seconds.',
  labels: ['name', 'result'],
}
const failOpenTotal: MetricSpec = {
  name: 'apiserver_authorization_webhook_evaluations_fail_open_total',
  help: '[ALPHA] NoOpinion results due to webhook timeout or error.',
  labels: ['name', 'result'],
}
const conditionErrorsTotal: MetricSpec = {
  name: 'apiserver_authorization_match_condition_evaluation_errors_total',
  help: '[ALPHA] Total number of errors when an authorization webhook encounters a match condition error split by authorizer type and name.',
  labels: ['type', 'name'],
}
const conditionExclusionsTotal: MetricSpec = {
  name: 'apiserver_authorization_match_condition_exclusions_total',
  help: '[ALPHA] Total number of exclusions when an authorization webhook is skipped because match conditions exclude it.',
  labels: ['type', 'name'],
}
const conditionSeconds: MetricSpec = {
  name: 'apiserver_authorization_match_condition_evaluation_seconds',
  help: '[ALPHA] Authorization match condition evaluation time in seconds, split by authorizer type and name.',
  labels: ['type', 'name'],
}
const conditionBounds: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25]

export class AuthorizationWebhookMeter {
  readonly name: string
  readonly #metrics: Metrics

  constructor(metrics: Metrics, name: string) {
    this.#metrics = metrics
    this.name = name
  }

  /** A round trip is over. */
  asked(result: 'success' | 'timeout' | 'error', tookMs: number): void {
    const labels = { name: this.name, result }
    this.#metrics.counter(evaluationsTotal).add(labels)
    this.#metrics.histogram(durationSeconds, defaultBucketBounds).observe(tookMs / 1000, labels)
  }

  /** The webhook could not be asked, and its word was not needed. */
  failedOpen(result: 'timeout' | 'error'): void {
    this.#metrics.counter(failOpenTotal).add({ name: this.name, result })
  }

  /** Conditions were evaluated. */
  matched(answer: boolean | { readonly error: string }, tookMs: number): void {
    const labels = { type: 'Webhook', name: this.name }
    this.#metrics.histogram(conditionSeconds, conditionBounds).observe(tookMs / 1000, labels)
    if (answer === false) this.#metrics.counter(conditionExclusionsTotal).add(labels)
    else if (answer !== true) this.#metrics.counter(conditionErrorsTotal).add(labels)
  }
}
