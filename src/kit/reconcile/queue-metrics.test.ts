import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import { measureQueue } from './queue-metrics.ts'
import { VirtualClock } from './virtual-clock.contract.ts'
import { WorkQueue } from './work-queue.ts'

test('a queue counts what is added, waits, is worked on and comes back', async () => {
  const clock = new VirtualClock()
  const metrics = createMetrics()
  using queue = new WorkQueue({ clock, observer: measureQueue(metrics, 'pods', clock) })
  const of = { name: 'pods' }
  const depth = metrics.gauge({ name: 'workqueue_depth', help: '', labels: ['name'] })
  const adds = metrics.counter({ name: 'workqueue_adds_total', help: '', labels: ['name'] })
  queue.add('a')
  queue.add('a')
  queue.add('b')
  assert.deepEqual([adds.value(of), depth.value(of)], [2, 2])
  await clock.advance(2000)
  assert.equal(await queue.take(), 'a')
  queue.add('a')
  queue.add('a')
  assert.deepEqual([adds.value(of), depth.value(of)], [3, 2])
  queue.retry('a')
  await clock.advance(3000)
  queue.done('a')
  assert.equal(await queue.take(), 'b')
  const text = metrics.render()
  assert.match(text, /workqueue_queue_duration_seconds_sum\{name="pods"\} 7/)
  assert.match(text, /workqueue_work_duration_seconds_sum\{name="pods"\} 3/)
  assert.match(text, /workqueue_retries_total\{name="pods"\} 1/)
})
