/** What a simulated container has written to its log so far: from its behaviour and from when it ran. Pure. */
import { epochMsOf } from '#kit/reconcile/api-time.ts'
import type { ContainerStatus, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type BehaviourRule, behaviourOf, type LogText, type PodBehaviour } from './pod-behaviour.ts'

/** One line, and when it was written. */
export interface LogLine {
  readonly timeMs: number
  readonly text: string
}

/** The lines of one run, oldest first, or why there are none to be had. */
export type ContainerLog =
  | { readonly lines: readonly LogLine[]; readonly isOver: boolean }
  | { readonly problem: string }

export interface LogQuestion {
  readonly container: string
  /** The run before this one. */
  readonly previous: boolean
  readonly nowMs: number
}

/** Lines of a repeated text are kept for this many at most, the newest. */
const repeatsMost = 10_000

interface Span {
  readonly startMs: number
  /** When the run ended; undefined while it goes on. */
  readonly endMs: number | undefined
}

function spanOf(state: ContainerStatus['state'] | undefined): Span | undefined {
  const { running, terminated } = state ?? {}
  const startMs = epochMsOf(running?.startedAt ?? terminated?.startedAt)
  if (startMs === undefined) return undefined
  return { startMs, endMs: terminated === undefined ? undefined : (epochMsOf(terminated.finishedAt) ?? startMs) }
}

function linesOf(one: LogText, { startMs, endMs }: Span, nowMs: number): readonly LogLine[] {
  const untilMs = Math.min(nowMs, endMs ?? nowMs)
  const { text, afterMs = 0, everyMs } = typeof one === 'string' ? { text: one } : one
  const firstMs = startMs + afterMs
  if (firstMs > untilMs) return []
  if (everyMs === undefined || everyMs <= 0) return [{ timeMs: firstMs, text }]
  const count = Math.floor((untilMs - firstMs) / everyMs) + 1
  const kept = Math.min(count, repeatsMost)
  return Array.from({ length: kept }, (_, index) => ({ timeMs: firstMs + (count - kept + index) * everyMs, text }))
}

function textsFor({ logs }: PodBehaviour, container: string, image: string): readonly LogText[] {
  return logs ?? [`simulated container ${container} of image ${image} has started`]
}

function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  const lists = [status?.initContainerStatuses, status?.containerStatuses, status?.ephemeralContainerStatuses]
  return lists.flatMap((list) => list ?? []).find(({ name }) => name === container)
}

/** The run that is asked for: while a container waits for its next one, the one before it. */
function askedSpan(status: ContainerStatus | undefined, previous: boolean): Span | undefined {
  const last = spanOf(status?.lastState)
  return previous ? last : (spanOf(status?.state) ?? last)
}

function missing(pod: Pod, status: ContainerStatus | undefined, { container, previous }: LogQuestion): ContainerLog {
  const what = `container "${container}" in pod "${pod.metadata.name}"`
  if (previous) return { problem: `previous terminated ${what} not found` }
  return { problem: `${what} is waiting to start: ${status?.state?.waiting?.reason ?? 'ContainerCreating'}` }
}

/** The log of a container of a simulated pod. */
export function podLog(pod: Pod, rules: readonly BehaviourRule[], question: LogQuestion): ContainerLog {
  const { container, previous, nowMs } = question
  const status = statusOf(pod, container)
  const span = askedSpan(status, previous)
  if (span === undefined) return missing(pod, status, question)
  const texts = textsFor(behaviourOf(pod, rules), container, status?.image ?? '')
  const lines = texts.flatMap((one) => linesOf(one, span, nowMs))
  return { lines: lines.toSorted((a, b) => a.timeMs - b.timeMs), isOver: span.endMs !== undefined }
}
