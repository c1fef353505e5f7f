/**
 * The pause of a job after failed pods (pkg/controller/job backoff_utils.go, v1.36): 10 s after the first failure, doubling
 * to 10 minutes; a success ends the count. It is remembered beside the job, for failed pods may be gone before it is over.
 */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { epochMsOf } from '#kit/reconcile/api-time.ts'

const firstBackoffMs = 10_000
const mostBackoffMs = 600_000

/** What is remembered of a job's pods. */
export interface BackoffRecord {
  /** Failures since the last success. */
  readonly failures: number
  readonly lastFailureMs: number
  /** Finished pods that are counted in it and still there. */
  readonly seen: ReadonlySet<string>
}

export const noBackoff: BackoffRecord = { failures: 0, lastFailureMs: 0, seen: new Set() }

/** The record after the pods that finished lately. Asking again with the same pods changes nothing. */
export function nextBackoff(
  record: BackoffRecord,
  {
    succeeded,
    failed,
    nowMs,
  }: { readonly succeeded: readonly Pod[]; readonly failed: readonly Pod[]; readonly nowMs: number },
): BackoffRecord {
  const uid = (pod: Pod): string => pod.metadata.uid ?? ''
  const fresh = (pods: readonly Pod[]): number[] =>
    pods.filter((pod) => !record.seen.has(uid(pod))).map((pod) => finishedMs(pod, nowMs))
  const successes = fresh(succeeded)
  const lastSuccessMs = Math.max(-Infinity, ...successes)
  const failures = fresh(failed).filter((atMs) => atMs > lastSuccessMs)
  const before = successes.length > 0 ? noBackoff : record
  return {
    failures: before.failures + failures.length,
    lastFailureMs: failures.length > 0 ? Math.max(...failures) : before.lastFailureMs,
    seen: new Set([...succeeded, ...failed].map(uid)),
  }
}

/** Milliseconds until the next pod may start; 0 or less when it may start now. */
export function backoffLeftMs(failures: number, lastFailureMs: number, nowMs: number): number {
  if (failures === 0) return 0
  return lastFailureMs + Math.min(mostBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 20)) - nowMs
}

/** When a pod ended, epoch milliseconds: its containers' last end, else when it stopped being ready or was deleted. */
export function finishedMs(pod: Pod, nowMs: number): number {
  const ends = (pod.status?.containerStatuses ?? []).flatMap(
    ({ state }) => epochMsOf(state?.terminated?.finishedAt) ?? [],
  )
  if (ends.length > 0) return Math.max(...ends)
  const ready = pod.status?.conditions?.find((condition) => condition.type === 'Ready')
  const time = ready?.lastTransitionTime ?? pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp
  return Math.min(nowMs, epochMsOf(time) ?? nowMs)
}
