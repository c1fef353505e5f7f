/**
 * Records events about objects as the fields of core v1 want them (`kubectl describe` shows them). Recording never blocks
 * and never fails the caller: events wait in a bounded queue and are written one after the other; what does not fit is lost.
 */
import { BoundedQueue } from '#base/async/bounded-queue.ts'
import type { Event } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import { createEventAggregator, type EventAggregator, type EventDecision } from './aggregate-event.ts'
import type { ApiClient, ApiResource } from './api-client.ts'
import { isGone, isInTerminatingNamespace, isTaken } from './api-failure.ts'
import type { EventSubject, EventText } from './plan.ts'
import { apiTime } from './api-time.ts'

export interface EventRecorder {
  record(subject: EventSubject, text: EventText): void
}

export interface RunningEventRecorder extends EventRecorder, AsyncDisposable {
  /** Resolves when everything recorded so far has been written or given up. */
  flush(): Promise<void>
}

export interface EventRecorderDeps {
  readonly client: ApiClient
  readonly clock: Clock
  readonly log: Log
}

export interface EventRecorderConfig {
  /** Name in `source.component`: `replicaset-controller`. */
  readonly component: string
  readonly host?: string
  /** Events that may wait, 1000 unless told. */
  readonly capacity?: number
}

const eventResource: ApiResource<Event> = {
  group: '',
  version: 'v1',
  resource: 'events',
  kind: 'Event',
  namespaced: true,
}
const attemptsMost = 12
const retryMs = 10_000
const messageMost = 1024
/** Names tried for one event. */
const namesMost = 200

interface Reported {
  readonly subject: EventSubject
  readonly text: EventText
  readonly atMs: number
  /** Which event of the recorder it is: those of one instant need different names. */
  readonly sequence: number
}

/** Starts a recorder. Ending it drops what has not been written. */
export function startEventRecorder(deps: EventRecorderDeps, config: EventRecorderConfig): RunningEventRecorder {
  const queue = new BoundedQueue<Reported>({ capacity: config.capacity ?? 1000, whenFull: 'drop-newest' })
  const abort = new AbortController()
  const aggregator = createEventAggregator()
  const idle: { waiters: (() => void)[]; pending: number } = { waiters: [], pending: 0 }
  const recorded = { count: 0 }
  const finished = (): void => {
    idle.pending--
    if (idle.pending === 0) for (const resolve of idle.waiters.splice(0)) resolve()
  }
  const work = (async () => {
    for await (const reported of queue) {
      if (!abort.signal.aborted) await writeEvent(reported, { deps, config, aggregator, signal: abort.signal })
      finished()
    }
  })()
  return {
    record(subject, text) {
      const sequence = recorded.count++
      if (queue.offer({ subject, text, atMs: deps.clock.now(), sequence })) idle.pending++
    },
    flush: () => (idle.pending === 0 ? Promise.resolve() : new Promise((resolve) => idle.waiters.push(resolve))),
    async [Symbol.asyncDispose]() {
      abort.abort(new Error('the event recorder has ended'))
      queue.close()
      await work
    },
  }
}

interface Writing {
  readonly deps: EventRecorderDeps
  readonly config: EventRecorderConfig
  readonly aggregator: EventAggregator
  readonly signal: AbortSignal
}

/** Writes one event; where the server is away, tries again for two minutes. */
async function writeEvent(reported: Reported, writing: Writing): Promise<void> {
  const { deps, aggregator, signal } = writing
  const decision = aggregator.decide(reported.subject, reported.text, reported.atMs)
  if (decision.write === 'nothing') return
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await writeOnce(decision, reported, writing)
      return
    } catch (error) {
      const isFinal = isRefusal(error) || attempt >= attemptsMost
      if (isFinal) {
        deps.log.warn('event lost', { reason: reported.text.reason, error })
        return
      }
      await deps.clock.sleep(retryMs, signal).catch(() => undefined)
    }
  }
}

/** The server has answered and means no: asking again changes nothing. */
function isRefusal(error: unknown): boolean {
  return isInTerminatingNamespace(error) || (error instanceof Error && 'details' in error)
}

async function writeOnce(
  decision: Exclude<EventDecision, { write: 'nothing' }>,
  reported: Reported,
  { deps, config, aggregator }: Writing,
): Promise<void> {
  const namespace = eventNamespace(reported.subject)
  if (decision.write === 'again') {
    const patch = { count: decision.count, lastTimestamp: apiTime(reported.atMs), message: bounded(decision.message) }
    try {
      await deps.client.patch(eventResource, decision.name, patch, { namespace, type: 'merge' })
      return
    } catch (error) {
      if (!isGone(error)) throw error
      aggregator.lost(decision.key)
    }
  }
  for (let attempt = 0; ; attempt++) {
    const event = eventFor(reported, decision, { config, attempt })
    try {
      await deps.client.create(eventResource, event, { namespace })
      aggregator.wrote(decision.key, event.metadata.name)
      return
    } catch (error) {
      // Somebody else made an event about the object in the same instant: the next name is as good.
      if (!isTaken(error) || attempt >= namesMost) throw error
    }
  }
}

function eventNamespace(subject: EventSubject): string {
  const namespace = subject.metadata.namespace ?? ''
  return namespace === '' ? 'default' : namespace
}

function bounded(message: string): string {
  return message.length <= messageMost ? message : `${message.slice(0, messageMost - 3)}...`
}

/**
 * The new event object; its name is the subject's with the time in hexadecimal nanoseconds, as client-go makes it. Clocks
 * tell microseconds at best: what lies below counts events.
 */
function eventFor(
  { subject, text, atMs, sequence }: Reported,
  { message, ...decision }: Exclude<EventDecision, { write: 'nothing' }>,
  { config, attempt }: { readonly config: EventRecorderConfig; readonly attempt: number },
): Event {
  const { metadata } = subject
  const time = apiTime(atMs)
  const nanos = BigInt(Math.round(atMs * 1000)) * 1000n + BigInt((sequence + attempt) % 1000)
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${metadata.name ?? ''}.${nanos.toString(16)}`, namespace: eventNamespace(subject) },
    involvedObject: {
      apiVersion: subject.apiVersion,
      kind: subject.kind,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.name === undefined ? {} : { name: metadata.name }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    },
    reason: text.reason,
    message: bounded(message),
    source: { component: config.component, ...(config.host === undefined ? {} : { host: config.host }) },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    type: text.type,
    // client-go names no reporter in an event that stands for several.
    reportingComponent: decision.write === 'new' && decision.isCombined ? '' : config.component,
    reportingInstance: config.host ?? '',
  }
}
