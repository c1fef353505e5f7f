import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '#kit/telemetry/log.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { SimClock } from '#world/sim/clock.ts'
import { createSeededRandom } from '#world/sim/random.ts'
import { serveApi } from '../served-api.contract.ts'
import { parseAuditPolicy } from './audit-policy.ts'
import { type AuditSink, joinAuditSinks, truncateAuditEvents } from './audit-sink.ts'
import { type AuditWebhookConfig, createAuditWebhook, defaultAuditWebhook } from './audit-webhook.ts'

interface Webhook extends AsyncDisposable {
  readonly sink: AuditSink & AsyncDisposable
  readonly clock: SimClock
  readonly metrics: Metrics
  /** The sizes of the lists that came. */
  readonly lists: number[]
  status: number
}

function webhook(config: Partial<AuditWebhookConfig> = {}): Webhook {
  const clock = new SimClock({ startMs: 0, order: createSeededRandom(1) })
  const metrics = createMetrics()
  const lists: number[] = []
  const it = { status: 200 }
  const ask = (list: JsonObject): Promise<{ status: number; body: string }> => {
    assert.deepEqual([list['kind'], list['apiVersion']], ['EventList', 'audit.k8s.io/v1'])
    lists.push((list['items'] as unknown as readonly unknown[]).length)
    return Promise.resolve({ status: it.status, body: '' })
  }
  const deps = { clock, random: createSeededRandom(2), log: silentLog, metrics, ask }
  const sink = createAuditWebhook(deps, { ...defaultAuditWebhook, ...config })
  return Object.assign(it, { sink, clock, metrics, lists, [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose]() })
}

const write = (sink: AuditSink, count: number): void => {
  for (let index = 0; index < count; index++) void sink.write({ index })
}

test('events are sent when a batch is full, after a while, and at the end', async () => {
  const it = webhook({ batchEvents: 10, batchWaitMs: 1000 })
  write(it.sink, 25)
  assert.deepEqual(it.lists, [10, 10])
  await it.clock.advance(999)
  assert.deepEqual(it.lists, [10, 10])
  await it.clock.advance(1)
  assert.deepEqual(it.lists, [10, 10, 5])
  write(it.sink, 3)
  await it.sink[Symbol.asyncDispose]()
  assert.deepEqual(it.lists, [10, 10, 5, 3])
})

test('batches follow each other no faster than the throttle lets them', async () => {
  await using it = webhook({ batchEvents: 1, throttle: { isOn: true, perSecond: 2, burst: 3 } })
  write(it.sink, 6)
  await it.clock.advance(0)
  assert.equal(it.lists.length, 3)
  await it.clock.advance(500)
  assert.equal(it.lists.length, 4)
  await it.clock.advance(1000)
  assert.equal(it.lists.length, 6)
})

test('what fails is sent again, five times in all, then dropped and counted', async () => {
  await using it = webhook({ batchEvents: 2, initialBackoffMs: 1000 })
  it.status = 503
  write(it.sink, 2)
  await it.clock.advance(800)
  assert.equal(it.lists.length, 1)
  for (let turn = 0; turn < 20; turn++) await it.clock.advance(1000)
  assert.equal(it.lists.length, 5)
  assert.match(it.metrics.render(), /apiserver_audit_error_total\{plugin="webhook"\} 2\n/)
  it.status = 200
  write(it.sink, 2)
  assert.equal(it.lists.length, 6)
})

test('a full buffer drops events and counts them; a batch is no larger than it may be', async () => {
  const full = webhook({ bufferEvents: 4, batchEvents: 100 })
  write(full.sink, 6)
  assert.match(full.metrics.render(), /apiserver_audit_error_total\{plugin="buffered"\} 2\n/)
  await full.sink[Symbol.asyncDispose]()
  assert.deepEqual(full.lists, [4])
  const small = webhook({ batchBytesMax: 30 })
  write(small.sink, 5)
  await small.sink[Symbol.asyncDispose]()
  assert.deepEqual(small.lists, [2, 2, 1])
})

test('requests wait for their event where they are to; in the strict mode they fail without', async () => {
  const policy = parseAuditPolicy('{ apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{ level: Metadata }] }')
  for (const [mode, status] of [
    ['blocking', 200],
    ['blocking-strict', 500],
  ] as const) {
    const it = webhook({ mode, initialBackoffMs: 0 })
    await using served = await serveApi({ deps: { audit: { policy, sink: joinAuditSinks(it.metrics, [it.sink]) } } })
    it.lists.length = 0
    assert.equal((await served.call('/version', { token: 'admin-token' })).status, 200)
    assert.equal(it.lists[0], 1)
    it.status = 503
    const reply = served.call('/version', { token: 'admin-token' })
    let answered = false
    void reply.then(() => (answered = true))
    while (!answered) {
      await it.clock.advance(1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal((await reply).status, status)
    const text = await (await reply).text()
    if (status === 500) assert.equal(text, 'Internal Server Error: "/version": failed to store audit event\n')
  }
})

test('large events lose their objects, and go where that does not help', () => {
  const metrics = createMetrics()
  const events: JsonObject[] = []
  const sink = truncateAuditEvents({ write: (event) => void events.push(event) }, metrics, { eventBytesMax: 120 })
  const large = 'x'.repeat(200)
  void sink.write({ a: 1 })
  void sink.write({ a: 2, requestObject: { large }, responseObject: {}, annotations: { k: 'v' } })
  void sink.write({ a: 3, requestURI: large })
  assert.deepEqual(events, [{ a: 1 }, { a: 2, annotations: { k: 'v', 'audit.k8s.io/truncated': 'true' } }])
  assert.match(metrics.render(), /apiserver_audit_error_total\{plugin="truncate"\} 1\n/)
})
