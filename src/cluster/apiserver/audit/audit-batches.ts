/** Audit events gathered to batches that no request waits for (audit buffered plugin, v1.36). */
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Clock } from '#world/ports/clock.ts'
import { type AuditSink, countAuditErrors } from './audit-sink.ts'

export interface AuditBatchConfig {
  /** Events that may wait to be sent. */
  readonly bufferEvents: number
  readonly batchEvents: number
  /** A batch of more events than one is no larger; undefined for any size. */
  readonly batchBytesMax?: number | undefined
  /** A batch that is not full is sent after this time. */
  readonly batchWaitMs: number
  /** Batches a second, and how many may follow at once after a pause; where it is off, as many as come. */
  readonly throttle: { readonly isOn: boolean; readonly perSecond: number; readonly burst: number }
}

/** What takes batches. */
export interface AuditDelivery {
  /** Batches on their way at once; the others wait in the buffer. */
  readonly atOnceMost: number
  /** False when the events are lost. */
  send(events: readonly JsonObject[]): Promise<boolean>
  /** No attempt is repeated from now on. */
  stop?(): void
}

interface AuditBatchDeps {
  readonly clock: Clock
  readonly metrics: Metrics
}

/** Sends what comes in batches that nobody waits for; disposing it sends what is left, each batch once. */
export class AuditBatches implements AuditSink, AsyncDisposable {
  readonly #deps: AuditBatchDeps
  readonly #config: AuditBatchConfig
  readonly #delivery: AuditDelivery
  readonly #throttle: Throttle
  readonly #sending = new Set<Promise<unknown>>()
  readonly #waiting: JsonObject[] = []
  /** Set while a batch is not full: sends it all the same. */
  #timer: Disposable | undefined
  /** True while events wait for nothing but a batch that is on its way. */
  #isLate = false

  constructor(deps: AuditBatchDeps, config: AuditBatchConfig, delivery: AuditDelivery) {
    this.#deps = deps
    this.#config = config
    this.#delivery = delivery
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
    this.#delivery.stop?.()
    this.#endTimer()
    await Promise.all(this.#sending)
    while (this.#waiting.length > 0) await this.#delivery.send(this.#nextBatch())
  }

  /** Sends what waits, as far as it may be sent now. */
  #flush(): void {
    this.#endTimer()
    while (this.#waiting.length > 0 && this.#sending.size < this.#delivery.atOnceMost) {
      const waitMs = this.#throttle.take()
      if (waitMs > 0) {
        this.#timer = this.#deps.clock.setTimer(waitMs, () => this.#flush())
        return
      }
      const sending: Promise<unknown> = this.#delivery.send(this.#nextBatch()).finally(() => {
        this.#sending.delete(sending)
        if (this.#isLate || this.#waiting.length >= this.#config.batchEvents) this.#flush()
      })
      this.#sending.add(sending)
    }
    this.#isLate = this.#waiting.length > 0
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
  readonly #limits: AuditBatchConfig['throttle']
  #tokens: number
  #atMs: number

  constructor(clock: Clock, limits: AuditBatchConfig['throttle']) {
    this.#clock = clock
    this.#limits = limits
    this.#tokens = limits.burst
    this.#atMs = clock.monotonicMs()
  }

  /** 0 when a token was taken, otherwise how long until there is one. */
  take(): number {
    const { isOn, perSecond, burst } = this.#limits
    if (!isOn) return 0
    const nowMs = this.#clock.monotonicMs()
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000)
    this.#atMs = nowMs
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecond)
    this.#tokens--
    return 0
  }
}
