/**
 * Events of the scheduler (events.k8s.io/v1). As with client-go's tools/events, the same event about the same version of a
 * pod within six minutes starts a series: its second time is written at once, later ones are counted and written every
 * half hour. Recording never waits and never fails its caller; what does not fit the queue is lost.
 */
import { BoundedQueue } from '#base/async/bounded-queue.ts'
import { LruCache } from '#base/data/lru-cache.ts'
import { eventsV1Events } from '#clients/kubernetes/resources.table.ts'
import type { ApiClient } from '#kit/reconcile/api-client.ts'
import { apiMicroTime } from '#kit/reconcile/api-time.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Event } from '#spec/kubernetes/objects/events-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Clock } from '#world/ports/clock.ts'

export interface SchedulingEvent {
  readonly pod: Pod
  readonly reporter: string
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly action: string
  readonly note: string
}

export interface SchedulingEvents extends AsyncDisposable {
  record(event: SchedulingEvent): void
  /** Events not written yet. */
  readonly pending: number
}

export interface SchedulingEventsDeps {
  readonly client: ApiClient
  readonly clock: Clock
  readonly log: Log
}

const capacity = 1000
const noteMost = 1024
const seriesMs = 360_000
const refreshMs = 1_800_000
const writersAtOnce = 4

interface Series {
  readonly name: string
  readonly namespace: string
  count: number
  lastMs: number
  writtenMs: number
}

/** Starts writing; ending it drops what has not been written. */
export function startSchedulingEvents(deps: SchedulingEventsDeps): SchedulingEvents {
  const queue = new BoundedQueue<{ event: SchedulingEvent; atMs: number; sequence: number }>({
    capacity,
    whenFull: 'drop-newest',
  })
  const series = new LruCache<string, Series>({ capacity: 4096 })
  const state = { ended: false, pending: 0, sequence: 0 }
  const work = async (): Promise<void> => {
    for await (const { event, atMs, sequence } of queue) {
      try {
        if (!state.ended) await write(event, { atMs, sequence, series, client: deps.client })
      } catch (error) {
        deps.log.debug('event lost', { reason: event.reason, error })
      }
      state.pending--
    }
  }
  const running = Promise.all(Array.from({ length: writersAtOnce }, work))
  return {
    record(event) {
      if (queue.offer({ event, atMs: deps.clock.now(), sequence: state.sequence++ })) state.pending++
    },
    get pending() {
      return state.pending
    },
    async [Symbol.asyncDispose]() {
      state.ended = true
      queue.close()
      await running
    },
  }
}

async function write(
  event: SchedulingEvent,
  {
    atMs,
    sequence,
    series,
    client,
  }: {
    readonly atMs: number
    readonly sequence: number
    readonly series: LruCache<string, Series>
    readonly client: ApiClient
  },
): Promise<void> {
  const { uid, resourceVersion } = event.pod.metadata
  const key = [uid, resourceVersion, event.type, event.reason, event.action, event.reporter].join('\u0000')
  const known = series.get(key)
  if (known !== undefined && atMs - known.lastMs < seriesMs) {
    known.count++
    known.lastMs = atMs
    if (known.count > 2 && atMs - known.writtenMs < refreshMs) return
    known.writtenMs = atMs
    const patch = { series: { count: known.count, lastObservedTime: apiMicroTime(atMs) } }
    await client.patch(eventsV1Events, known.name, patch, { namespace: known.namespace, type: 'merge' })
    return
  }
  const object = eventObject(event, atMs, sequence)
  const namespace = object.metadata.namespace ?? 'default'
  await client.create(eventsV1Events, object, { namespace })
  series.set(key, { name: object.metadata.name, namespace, count: 1, lastMs: atMs, writtenMs: atMs })
}

/** The object; its name is the pod's with the time in hexadecimal nanoseconds, made unique by a running number. */
function eventObject(
  { pod, reporter, type, reason, action, note }: SchedulingEvent,
  atMs: number,
  sequence: number,
): Event {
  const { name, namespace = 'default', uid, resourceVersion } = pod.metadata
  const nanos = BigInt(Math.round(atMs * 1000)) * 1000n + BigInt(sequence % 1000)
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name}.${nanos.toString(16)}`, namespace },
    eventTime: apiMicroTime(atMs),
    reportingController: reporter,
    reportingInstance: `${reporter}-gantry`,
    action,
    reason,
    regarding: {
      apiVersion: 'v1',
      kind: 'Pod',
      name,
      namespace,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    note: note.length <= noteMost ? note : `${note.slice(0, noteMost - 4)} ...`,
    type,
  }
}
