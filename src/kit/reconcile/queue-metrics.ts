/** Metrics of work queues under client-go's names, one series for each queue. */
import type { Counter, Gauge, Histogram, Metrics } from '#kit/telemetry/metrics.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { QueueObserver } from './work-queue.ts'

/** Bounds in seconds, from ten nanoseconds to a thousand seconds. */
const durationBounds: readonly number[] = Array.from({ length: 12 }, (_, at) => 10 ** (at - 8))
const labels = ['name']

interface QueueFamilies {
  readonly depth: Gauge
  readonly adds: Counter
  readonly retries: Counter
  readonly waited: Histogram
  readonly worked: Histogram
}

function familiesIn(metrics: Metrics): QueueFamilies {
  return {
    depth: metrics.gauge({ name: 'workqueue_depth', help: 'Current depth of workqueue', labels }),
    adds: metrics.counter({
      name: 'workqueue_adds_total',
      help: 'Total number of adds handled by workqueue',
      labels,
    }),
    retries: metrics.counter({
      name: 'workqueue_retries_total',
      help: 'Total number of retries handled by workqueue',
      labels,
    }),
    waited: metrics.histogram(
      {
        name: 'workqueue_queue_duration_seconds',
        help: 'How long in seconds an item stays in workqueue before being requested.',
        labels,
      },
      durationBounds,
    ),
    worked: metrics.histogram(
      {
        name: 'workqueue_work_duration_seconds',
        help: 'How long in seconds processing an item from workqueue takes.',
        labels,
      },
      durationBounds,
    ),
  }
}

/** Measures one queue. Queues of the same name share their series. */
export function measureQueue(metrics: Metrics, name: string, clock: Clock): QueueObserver {
  const families = familiesIn(metrics)
  const of = { name }
  const waitingSince = new Map<string, number>()
  const workingSince = new Map<string, number>()
  const secondsSince = (since: Map<string, number>, key: string): number => {
    const startMs = since.get(key) ?? clock.monotonicMs()
    since.delete(key)
    return (clock.monotonicMs() - startMs) / 1000
  }
  return {
    added: (key) => {
      families.adds.add(of)
      families.depth.add(1, of)
      waitingSince.set(key, clock.monotonicMs())
    },
    taken: (key) => {
      families.depth.add(-1, of)
      families.waited.observe(secondsSince(waitingSince, key), of)
      workingSince.set(key, clock.monotonicMs())
    },
    done: (key) => families.worked.observe(secondsSince(workingSince, key), of),
    retried: () => families.retries.add(of),
  }
}
