/**
 * Light spans: which functions a request went through, in order and nested. Off they cost a comparison; walkthrough
 * tests and `gantry why` read them. Names are `folder/function`.
 */
import { messageOf } from '#base/errors/gantry-error.ts'

export interface SpanRecord {
  readonly name: string
  readonly depth: number
  readonly startMs: number
  readonly durationMs: number
  /** The text of the failure that left it, if one did. */
  readonly failure: string | undefined
}

/** A running trace; pass it down, `span` around each function worth a hop. */
export interface Trace {
  /** Runs `work` inside a span of that name; its own spans nest below. */
  span<T>(name: string, work: (inner: Trace) => T): T
}

/** A trace that keeps nothing. */
export const noTrace: Trace = { span: (_name, work) => work(noTrace) }

/** Spans of one recorder at most; later ones run unrecorded. */
const spansMax = 10_000

export interface TraceRecorder extends Trace {
  /** Spans in the order they began. */
  records(): readonly SpanRecord[]
}

/** Creates a trace that keeps its spans. */
export function createTraceRecorder(clock: { monotonicMs(): number }): TraceRecorder {
  const kept: { name: string; depth: number; startMs: number; durationMs: number; failure: string | undefined }[] = []
  const at = (depth: number): Trace => ({
    span: (name, work) => {
      if (kept.length >= spansMax) return work(noTrace)
      const record = {
        name,
        depth,
        startMs: clock.monotonicMs(),
        durationMs: 0,
        failure: undefined as string | undefined,
      }
      kept.push(record)
      const end = (error?: unknown): void => {
        record.durationMs = clock.monotonicMs() - record.startMs
        if (error !== undefined) record.failure = messageOf(error)
      }
      try {
        const result = work(at(depth + 1))
        if (result instanceof Promise) result.then(() => end(), end)
        else end()
        return result
      } catch (error) {
        end(error)
        throw error
      }
    },
  })
  return { span: at(0).span, records: () => kept }
}
