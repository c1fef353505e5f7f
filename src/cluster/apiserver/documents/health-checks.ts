/** `/healthz`, `/livez` and `/readyz`: named checks, all of them or one, with `verbose` and `exclude` as kube-apiserver has them. */
import type { HttpRequest, HttpResponse } from '#kit/http/exchange.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import { sendNotFound } from '../wire/send-not-found.ts'

/** One named check. */
export interface HealthCheck {
  readonly name: string
  isHealthy(): boolean
  /** Why it is not, for whoever asks for this check alone. */
  reason?(): string
  /** True when only `/readyz` asks it. */
  readonly isReadiness?: boolean
  /** True when `/livez` does not ask it: starting anew would not help. */
  readonly isOutside?: boolean
}

/** The endpoints. */
export const healthEndpoints: ReadonlySet<string> = new Set(['healthz', 'livez', 'readyz'])

/** The checks of an endpoint, in order. */
export function checksOf(checks: readonly HealthCheck[], endpoint: string): readonly HealthCheck[] {
  if (endpoint === 'readyz') return checks
  return checks.filter(
    ({ isReadiness, isOutside }) => isReadiness !== true && (isOutside !== true || endpoint !== 'livez'),
  )
}

/** The checks of a server, and how they have gone so far. */
export interface Health {
  readonly checks: readonly HealthCheck[]
  readonly meter: HealthMeter
}

/** Counts checks by name, endpoint and outcome, as `/metrics/slis` tells them (component-base slis, v1.36). */
export class HealthMeter {
  readonly #metrics = createMetrics()
  readonly #last = this.#metrics.gauge({
    name: 'kubernetes_healthcheck',
    help: '[STABLE] This metric records the result of a single healthcheck.',
    labels: ['name', 'type'],
  })
  readonly #total = this.#metrics.counter({
    name: 'kubernetes_healthchecks_total',
    help: '[STABLE] This metric records the results of all healthcheck.',
    labels: ['name', 'status', 'type'],
  })

  /** Asks a check for an endpoint. */
  ask(check: HealthCheck, type: string): boolean {
    const isHealthy = check.isHealthy()
    this.#last.set(isHealthy ? 1 : 0, { name: check.name, type })
    this.#total.add({ name: check.name, status: isHealthy ? 'success' : 'error', type })
    return isHealthy
  }

  /** The text of `/metrics/slis`. */
  render(): string {
    return this.#metrics.render()
  }
}

/** Answers an endpoint or one of its checks (`words` of the path), and 404 for one that there is not. */
export function answerHealth(
  { checks: all, meter }: Health,
  { http, response }: { readonly http: HttpRequest; readonly response: HttpResponse },
  [endpoint = '', ...rest]: readonly string[],
): void {
  const checks = checksOf(all, endpoint)
  if (rest.length === 0) {
    answerAll({ checks, meter }, { http, response }, endpoint)
    return
  }
  const one = checks.find(({ name }) => name === rest.join('/'))
  if (one === undefined) sendNotFound(response)
  else if (meter.ask(one, endpoint)) response.send(200, 'ok', plain)
  else response.send(500, `internal server error: ${one.reason?.() ?? 'reason withheld'}\n`, plain)
}

const plain = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }

function answerAll(
  { checks, meter }: Health,
  { http, response }: { readonly http: HttpRequest; readonly response: HttpResponse },
  endpoint: string,
): void {
  const excluded = new Set(http.query.all('exclude'))
  const results = checks.map((check) => {
    const { name } = check
    if (excluded.has(name)) return { isFine: true, line: `[+]${name} excluded: ok` }
    return meter.ask(check, endpoint)
      ? { isFine: true, line: `[+]${name} ok` }
      : { isFine: false, line: `[-]${name} failed: reason withheld` }
  })
  const isFine = results.every((one) => one.isFine)
  if (isFine && !http.query.has('verbose')) {
    response.send(200, 'ok', plain)
    return
  }
  const unknown = [...excluded].filter((name) => !checks.some((check) => check.name === name)).toSorted()
  const names = unknown.map((name) => JSON.stringify(name)).join(',')
  const warning = unknown.length === 0 ? [] : [`warn: some health checks cannot be excluded: no matches for ${names}`]
  const lines = [...results.map(({ line }) => line), ...warning, `${endpoint} check ${isFine ? 'passed' : 'failed'}`]
  response.send(isFine ? 200 : 500, `${lines.join('\n')}\n`, plain)
}
