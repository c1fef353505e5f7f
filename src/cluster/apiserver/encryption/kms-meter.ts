/** The metrics of one KMS provider, under upstream's names (envelope metrics, v1.36). */
import { digestOf } from '#base/data/digest.ts'
import type { Counter, MetricSpec, Metrics } from '#kit/telemetry/metrics.ts'

const prefix = 'apiserver_envelope_encryption_'
const latencySeconds: MetricSpec = {
  name: `${prefix}kms_operations_latency_seconds`,
  help: '[ALPHA] KMS operation duration with gRPC error code status total.',
  labels: ['provider_name', 'method_name', 'grpc_status_code'],
}
const keyTotal: MetricSpec = {
  name: `${prefix}key_id_hash_total`,
  help: '[ALPHA] Number of times a keyID is used split by transformation type, provider, and apiserver identity.',
  labels: ['transformation_type', 'provider_name', 'key_id_hash'],
}
const keySaid: MetricSpec = {
  name: `${prefix}key_id_hash_status_last_timestamp_seconds`,
  help: '[ALPHA] The last time in seconds when a keyID was returned by the Status RPC call.',
  labels: ['provider_name', 'key_id_hash'],
}
const invalidTotal: MetricSpec = {
  name: `${prefix}invalid_key_id_from_status_total`,
  help: '[ALPHA] Number of times an invalid keyID is returned by the Status RPC call split by error.',
  labels: ['provider_name', 'error'],
}
const cacheSize: MetricSpec = {
  name: `${prefix}dek_source_cache_size`,
  help: '[ALPHA] Number of records in data encryption key (DEK) source cache.',
  labels: ['provider_name'],
}
/** From 0.1 ms to 52 s. */
const latencyBounds: readonly number[] = Array.from({ length: 20 }, (_, index) => 0.0001 * 2 ** index)
const keysMost = 100

export class KmsMeter {
  readonly #metrics: Metrics
  readonly #name: string
  readonly #uses = new Map<string, ReturnType<Counter['bind']>>()

  constructor(metrics: Metrics, name: string) {
    this.#metrics = metrics
    this.#name = name
  }

  /** A call is over. @param status of gRPC, as its name: `OK`. */
  called(method: string, status: string, tookMs: number): void {
    const labels = { provider_name: this.#name, method_name: method, grpc_status_code: status }
    this.#metrics.histogram(latencySeconds, latencyBounds).observe(tookMs / 1000, labels)
  }

  /** A key sealed or opened a value. */
  used(transformation: 'to_storage' | 'from_storage', keyId: string): void {
    const at = `${transformation} ${keyId}`
    let use = this.#uses.get(at)
    if (use === undefined) {
      if (this.#uses.size >= keysMost) this.#uses.clear()
      const labels = { transformation_type: transformation, provider_name: this.#name, key_id_hash: digestOf(keyId) }
      this.#uses.set(at, (use = this.#metrics.counter(keyTotal).bind(labels)))
    }
    use.add()
  }

  said(keyId: string, nowMs: number): void {
    this.#metrics.gauge(keySaid).set(nowMs / 1000, { provider_name: this.#name, key_id_hash: digestOf(keyId) })
  }

  saidNonsense(keyId: string): void {
    const labels = { provider_name: this.#name, error: keyId === '' ? 'empty' : 'too_long' }
    this.#metrics.counter(invalidTotal).add(labels)
  }

  cached(count: number): void {
    this.#metrics.gauge(cacheSize).set(count, { provider_name: this.#name })
  }
}
