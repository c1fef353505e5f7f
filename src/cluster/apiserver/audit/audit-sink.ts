/** Where finished audit events go: several places at once, cut down to a size where that is asked for. */
import type { MetricSpec, Metrics } from '#kit/telemetry/metrics.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

/** Takes finished events. */
export interface AuditSink {
  /**
   * Takes an event. What cannot keep up drops events and counts them; only one that requests are to wait for promises
   * when it has the event, and fails where the request must not go on without.
   */
  write(event: JsonObject): void | Promise<void>
}

/** Whether requests wait for their events: not at all, for each one, or so that they fail without the first one. */
export type AuditMode = 'batch' | 'blocking' | 'blocking-strict'

/** Takes events one by one while their request waits. @param to says false when events are lost. */
export function waitingWrite(
  mode: Exclude<AuditMode, 'batch'>,
  to: { send(events: readonly JsonObject[]): Promise<boolean> },
): (event: JsonObject) => Promise<void> {
  return async (event) => {
    const isKept = await to.send([event])
    if (!isKept && mode === 'blocking-strict') throw new Error('failed to store audit event')
  }
}

export interface TruncateLimits {
  /** Larger events lose their objects, and are dropped where that does not help. */
  readonly eventBytesMax: number
}

const eventsTotal: MetricSpec = {
  name: 'apiserver_audit_event_total',
  help: '[ALPHA] Counter of audit events generated and sent to the audit backend.',
}
const errorsTotal: MetricSpec = {
  name: 'apiserver_audit_error_total',
  help: '[ALPHA] Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.',
  labels: ['plugin'],
}

/** Counts events that a plugin could not keep. */
export function countAuditErrors(metrics: Metrics, plugin: string, count = 1): void {
  metrics.counter(errorsTotal).add({ plugin }, count)
}

/** One sink for several: each gets every event, and all are waited for that want it. */
export function joinAuditSinks(metrics: Metrics, sinks: readonly AuditSink[]): AuditSink {
  const counter = metrics.counter(eventsTotal)
  return {
    write: (event) => {
      counter.add()
      const waits: Promise<void>[] = []
      for (const sink of sinks) {
        const stored = sink.write(event)
        if (stored instanceof Promise) waits.push(stored)
      }
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
    },
  }
}

/** A sink that gets no event that is too large (audit truncate plugin, v1.36). */
export function truncateAuditEvents(sink: AuditSink, metrics: Metrics, { eventBytesMax }: TruncateLimits): AuditSink {
  const isTooLarge = (event: JsonObject): boolean => Buffer.byteLength(JSON.stringify(event)) + 1 > eventBytesMax
  return {
    write: (event) => {
      if (!isTooLarge(event)) return sink.write(event)
      const rest = withoutObjects(event)
      if (!isTooLarge(rest)) return sink.write(rest)
      countAuditErrors(metrics, 'truncate')
      return undefined
    },
  }
}

function withoutObjects(event: JsonObject): JsonObject {
  const { requestObject, responseObject, annotations, ...rest } = event
  const known = (annotations ?? {}) as JsonObject
  const cut = { ...known, 'audit.k8s.io/truncated': 'true' }
  const hasNone = requestObject === undefined && responseObject === undefined
  if (hasNone) return annotations === undefined ? rest : { ...rest, annotations }
  return { ...rest, annotations: cut }
}
