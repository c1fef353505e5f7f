/**
 * Audit events sent to a webhook (audit webhook plugin, v1.36): in batches that no request waits for, or one by one while
 * their request waits. What cannot be sent is tried again more and more slowly, then dropped and counted.
 */
import { retry, type RetryPolicy } from '#base/async/retry.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { AskWebhook } from '../ask-webhook.ts'
import { isWebhookSuccess, webhookReason, webhookStatusText } from '../webhook-words.ts'
import { AuditBatches, type AuditBatchConfig, type AuditDelivery } from './audit-batches.ts'
import { type AuditMode, type AuditSink, countAuditErrors, waitingWrite } from './audit-sink.ts'

export interface AuditWebhookDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly ask: AskWebhook
}

export interface AuditWebhookConfig extends AuditBatchConfig {
  readonly mode: AuditMode
  readonly initialBackoffMs: number
}

export const defaultAuditWebhook: AuditWebhookConfig = {
  mode: 'batch',
  initialBackoffMs: 10_000,
  bufferEvents: 10_000,
  batchEvents: 400,
  batchWaitMs: 30_000,
  throttle: { isOn: true, perSecond: 10, burst: 15 },
}

/** Opens the sink; disposing it sends what is left, each batch once. */
export function createAuditWebhook(deps: AuditWebhookDeps, config: AuditWebhookConfig): AuditSink & AsyncDisposable {
  const sender = new Sender(deps, config.initialBackoffMs)
  if (config.mode === 'batch') return new AuditBatches(deps, config, sender)
  return {
    write: waitingWrite(config.mode, sender),
    [Symbol.asyncDispose]: () => {
      sender.stop()
      return Promise.resolve()
    },
  }
}

/** Sends lists of events. */
class Sender implements AuditDelivery {
  readonly atOnceMost = 16
  readonly #deps: AuditWebhookDeps
  readonly #policy: RetryPolicy
  readonly #stop = new AbortController()

  constructor(deps: AuditWebhookDeps, initialBackoffMs: number) {
    this.#deps = deps
    this.#policy = {
      ...{ attemptsMax: 5, firstDelayMs: initialBackoffMs, factor: 1.5 },
      ...{ delayMaxMs: Number.MAX_SAFE_INTEGER, jitter: 0.2, budgetMs: 0 },
    }
  }

  /** No attempt is repeated from now on. */
  stop(): void {
    this.#stop.abort(new Error('the server has ended'))
  }

  /** False when the events are lost. */
  async send(items: readonly JsonObject[]): Promise<boolean> {
    const { log, metrics } = this.#deps
    const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items } as unknown as JsonObject
    try {
      if (this.#stop.signal.aborted) await this.#sendOnce(list)
      else await this.#sendUntilStopped(list)
      return true
    } catch (error) {
      countAuditErrors(metrics, 'webhook', items.length)
      log.error('audit events could not be sent', { count: items.length, why: webhookReason(error) })
      return false
    }
  }

  async #sendUntilStopped(list: JsonObject): Promise<void> {
    let last: unknown
    const signal = this.#stop.signal
    const attempt = (): Promise<void> =>
      this.#sendOnce(list).catch((error: unknown) => {
        last = error
        throw error
      })
    await retry(this.#deps, attempt, { policy: this.#policy, signal }).catch((error: unknown) => {
      throw last ?? error
    })
  }

  async #sendOnce(list: JsonObject): Promise<void> {
    const reply = await this.#deps.ask(list)
    if (!isWebhookSuccess(reply)) throw new Error(webhookStatusText(reply))
  }
}
