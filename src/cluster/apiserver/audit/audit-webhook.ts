/**
 * Audit events sent to a webhook (audit webhook and buffered plugins, v1.36): in batches that no request waits for, or one by
 * one while their request waits. What cannot be sent is tried again more and more slowly, then dropped and counted.
 */
import { retry, type RetryPolicy } from '#base/async/retry.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { AskWebhook } from '../ask-webhook.ts'
import { webhookReason, webhookStatusText } from '../webhook-words.ts'
import { type AuditSink, countAuditErrors } from './audit-sink.ts'

export interface AuditWebhookDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly ask: AskWebhook
}

export interface AuditWebhookConfig {
  /** Whether requests wait: not at all, for each event, or fail without the first one. */
  readonly mode: 'batch' | 'blocking' | 'blocking-strict'
  readonly initialBackoffMs: number
  /** Events that may wait to be sent. */
  readonly bufferEvents: number
  readonly batchEvents: number
  /** A batch of more events than one is no larger; undefined for any size. */
  readonly batchBytesMax?: number | undefined
  /** A batch that is not full is sent after this time. */
  readonly batchWaitMs: number
  /** Batches a second, and how many may follow at once after a pause; undefined for as many as come. */
  readonly throttle: { readonly perSecond: number; readonly burst: number } | undefined
}

export const defaultAuditWebhook: AuditWebhookConfig = {
  mode: 'batch',
  initialBackoffMs: 10_000,
  bufferEvents: 10_000,
  batchEvents: 400,
  batchWaitMs: 30_000,
  throttle: { perSecond: 10, burst: 15 },
}

/** Batches on their way at once; the others wait in the buffer. */
const sendingMost = 16

/** Opens the sink; disposing it sends what is left, each batch once. */
export function createAuditWebhook(deps: AuditWebhookDeps, config: AuditWebhookConfig): AuditSink & AsyncDisposable {
  const sender = new Sender(deps, config.initialBackoffMs)
  if (config.mode === 'batch') return new BatchedEvents(deps, config, sender)
  const isStrict = config.mode === 'blocking-strict'
  return {
    write: async (event) => {
      const isSent = await sender.send([event])
      if (!isSent && isStrict) throw new Error('failed to store audit event')
    },
    [Symbol.asyncDispose]: () => {
      sender.stop()
      return Promise.resolve()
    },
  }
}

/** Sends lists of events. */
class Sender {
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
    if (reply.status < 200 || reply.status > 299) throw new Error(webhookStatusText(reply))
  }
}

class BatchedEvents implements AuditSink, AsyncDisposable {
  readonly #deps: AuditWebhookDeps
  readonly #config: AuditWebhookConfig
  readonly #sender: Sender
  readonly #throttle: Throttle
  readonly #sending = new Set<Promise<unknown>>()
  readonly #waiting: JsonObject[] = []
  /** Set while a batch is not full: sends it all the same. */
  #timer: Disposable | undefined

  constructor(deps: AuditWebhookDeps, config: AuditWebhookConfig, sender: Sender) {
    this.#deps = deps
    this.#config = config
    this.#sender = sender
    this.#throttle = new Throttle(deps.clock, config.throttle)
  }

  write(event: JsonObject): void {
    if (this.#waiting.length >= this.#config.bufferEvents) {
      countAuditErrors(this.#deps.metrics, 'buffered')
      return
    }
    this.#waiting.push(event)
    if (this.#waiting.length >= this.#config.batchEvents) this.#flush()
    else this.#timer ??= this.#deps.clock.setTimer(this.#config.batchWaitMs, () => this.#flush())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sender.stop()
    this.#endTimer()
    await Promise.all(this.#sending)
    while (this.#waiting.length > 0) await this.#sender.send(this.#nextBatch())
  }

  /** Sends what waits, as far as it may be sent now. */
  #flush(): void {
    this.#endTimer()
    while (this.#waiting.length > 0 && this.#sending.size < sendingMost) {
      const waitMs = this.#throttle.take()
      if (waitMs > 0) {
        this.#timer = this.#deps.clock.setTimer(waitMs, () => this.#flush())
        return
      }
      const sending: Promise<unknown> = this.#sender.send(this.#nextBatch()).finally(() => {
        this.#sending.delete(sending)
        if (this.#waiting.length >= this.#config.batchEvents) this.#flush()
      })
      this.#sending.add(sending)
    }
    if (this.#waiting.length > 0) this.#timer = this.#deps.clock.setTimer(this.#config.batchWaitMs, () => this.#flush())
  }

  #endTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #nextBatch(): readonly JsonObject[] {
    const { batchEvents, batchBytesMax } = this.#config
    if (batchBytesMax === undefined) return this.#waiting.splice(0, batchEvents)
    let sizeBytes = 0
    const first = this.#waiting.slice(0, batchEvents)
    const tooMuch = first.findIndex((event, index) => {
      sizeBytes += Buffer.byteLength(JSON.stringify(event))
      return sizeBytes > batchBytesMax && index > 0
    })
    return this.#waiting.splice(0, tooMuch < 0 ? batchEvents : tooMuch)
  }
}

/** A bucket of tokens that fills again with time. */
class Throttle {
  readonly #clock: Clock
  readonly #limits: AuditWebhookConfig['throttle']
  #tokens: number
  #atMs: number

  constructor(clock: Clock, limits: AuditWebhookConfig['throttle']) {
    this.#clock = clock
    this.#limits = limits
    this.#tokens = limits?.burst ?? 0
    this.#atMs = clock.monotonicMs()
  }

  /** 0 when a token was taken, otherwise how long until there is one. */
  take(): number {
    if (this.#limits === undefined) return 0
    const { perSecond, burst } = this.#limits
    const nowMs = this.#clock.monotonicMs()
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000)
    this.#atMs = nowMs
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecond)
    this.#tokens--
    return 0
  }
}
