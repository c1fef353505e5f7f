/** A job's pods sorted by what they mean for it, and the counting that survives their deletion. */
import type { Job, JobStatus } from '#spec/kubernetes/objects/batch-v1.generated.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { hasFinalizer } from '#kit/reconcile/finalizers.ts'
import { isPodActive, isPodTerminating } from '../workloads/pod-state.ts'
import { formatIndexes, parseIndexes } from './index-text.ts'
import { type FailureVerdict, judgeFailure } from './pod-failure-policy.ts'

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index'
export const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count'

/** Pods that one write of the status takes in at most. */
const uncountedMost = 500

/** True for jobs whose pods are numbered. */
export function isIndexed(job: Job): boolean {
  return job.spec.completionMode === 'Indexed' && job.spec.completions !== undefined
}

/** The number of a pod, undefined where it has none that counts. */
export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

export function failuresOfIndex(pod: Pod): number {
  return Number(pod.metadata.annotations?.[failureCountAnnotation] ?? '0')
}

/** What the pods amount to, those not yet in the counters included. */
export interface JobCount {
  readonly active: readonly Pod[]
  readonly terminating: number
  readonly succeeded: number
  readonly failed: number
  readonly succeededIndexes: ReadonlySet<number>
  readonly failedIndexes: ReadonlySet<number>
  /** Failed pods that are seen, for back-off and retries of their index. */
  readonly failedPods: readonly Pod[]
  /** The rule that fails the whole job. */
  readonly failJob: FailureVerdict | undefined
  /** Pods that are in the uncounted list already: their finalizer can go. */
  readonly release: readonly Pod[]
  /** The status fields that carry the counting on. */
  readonly fields: Pick<
    JobStatus,
    'succeeded' | 'failed' | 'completedIndexes' | 'failedIndexes' | 'uncountedTerminatedPods'
  >
}

/** True when the pod counts as failed: ended badly, or on its way out without having done its work. */
export function isFailedFor(job: Job, pod: Pod): boolean {
  const phase = pod.status?.phase
  if (phase === 'Failed') return true
  if (phase === 'Succeeded') return false
  const waits = job.spec.podReplacementPolicy === 'Failed' || job.spec.podFailurePolicy !== undefined
  return !waits && pod.metadata.deletionTimestamp !== undefined
}

/** The state of a count under way. */
interface Tally {
  readonly uncounted: { readonly succeeded: Set<string>; readonly failed: Set<string> }
  readonly counted: { succeeded: number; failed: number }
  readonly succeededIndexes: Set<number>
  readonly failedIndexes: Set<number>
  readonly ignored: Pod[]
  failJob: FailureVerdict | undefined
}

/** Counts the pods of a job. */
export function countPods(job: Job, pods: readonly Pod[]): JobCount {
  const tally = tallyOf(job)
  const held = new Map(
    pods.filter((pod) => hasFinalizer(pod, trackingFinalizer)).map((pod) => [pod.metadata.uid ?? '', pod]),
  )
  settle(tally, held)
  const release = [...held].filter(([uid]) => isListed(tally, uid)).map(([, pod]) => pod)
  for (const [uid, pod] of held) if (!isListed(tally, uid)) takeIn(job, pod, tally)
  const indexed = isIndexed(job)
  return {
    active: pods.filter(isPodActive),
    terminating: pods.filter(isPodTerminating).length,
    succeeded: indexed ? tally.succeededIndexes.size : tally.counted.succeeded + tally.uncounted.succeeded.size,
    failed: tally.counted.failed + tally.uncounted.failed.size,
    succeededIndexes: tally.succeededIndexes,
    failedIndexes: tally.failedIndexes,
    failedPods: pods.filter((pod) => isFailedFor(job, pod)),
    failJob: tally.failJob,
    release: [...release, ...tally.ignored],
    fields: fieldsOf(job, tally),
  }
}

function tallyOf(job: Job): Tally {
  const { succeeded = 0, failed = 0, completedIndexes, failedIndexes, uncountedTerminatedPods } = job.status ?? {}
  const completions = job.spec.completions ?? 0
  return {
    uncounted: {
      succeeded: new Set(uncountedTerminatedPods?.succeeded),
      failed: new Set(uncountedTerminatedPods?.failed),
    },
    counted: { succeeded, failed },
    succeededIndexes: parseIndexes(completedIndexes, completions),
    failedIndexes: parseIndexes(failedIndexes, completions),
    ignored: [],
    failJob: undefined,
  }
}

function isListed({ uncounted }: Tally, uid: string): boolean {
  return uncounted.succeeded.has(uid) || uncounted.failed.has(uid)
}

/** Whoever is in the list and lost its finalizer moves to the counters for good. */
function settle(tally: Tally, held: ReadonlyMap<string, Pod>): void {
  for (const kind of ['succeeded', 'failed'] as const) {
    for (const uid of tally.uncounted[kind]) {
      if (held.has(uid)) continue
      tally.uncounted[kind].delete(uid)
      tally.counted[kind]++
    }
  }
}

/** Puts an ended pod into the list. */
function takeIn(job: Job, pod: Pod, tally: Tally): void {
  const { uncounted } = tally
  const outcome = outcomeOf(job, pod)
  if (outcome === undefined || uncounted.succeeded.size + uncounted.failed.size >= uncountedMost) return
  const uid = pod.metadata.uid ?? ''
  const index = indexOf(pod)
  if (outcome === 'succeeded') {
    uncounted.succeeded.add(uid)
    if (isIndexed(job) && index !== undefined && index < (job.spec.completions ?? 0)) tally.succeededIndexes.add(index)
  } else takeInFailure({ job, pod, verdict: outcome, index }, tally)
}

function takeInFailure(
  {
    job,
    pod,
    verdict,
    index,
  }: { readonly job: Job; readonly pod: Pod; readonly verdict: FailureVerdict; readonly index: number | undefined },
  tally: Tally,
): void {
  if (verdict.action === 'FailJob') tally.failJob ??= verdict
  if (verdict.action === 'Ignore') tally.ignored.push(pod)
  else tally.uncounted.failed.add(pod.metadata.uid ?? '')
  // What a job that is about to fail takes away counts as failed, and fails no index.
  if (index !== undefined && !isFailing(job) && failsIndex(job, pod, verdict)) tally.failedIndexes.add(index)
}

function isFailing({ status }: Job): boolean {
  return (status?.conditions ?? []).some(
    (condition) => condition.type === 'FailureTarget' && condition.status === 'True',
  )
}

function fieldsOf(job: Job, { uncounted, counted, succeededIndexes, failedIndexes }: Tally): JobCount['fields'] {
  const indexed = isIndexed(job)
  return {
    succeeded: indexed ? succeededIndexes.size : counted.succeeded,
    failed: counted.failed,
    ...(indexed && succeededIndexes.size > 0 ? { completedIndexes: formatIndexes(succeededIndexes) } : {}),
    ...(job.spec.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(failedIndexes) }),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.size === 0 ? {} : { succeeded: [...uncounted.succeeded] }),
      ...(uncounted.failed.size === 0 ? {} : { failed: [...uncounted.failed] }),
    },
  }
}

function outcomeOf(job: Job, pod: Pod): 'succeeded' | FailureVerdict | undefined {
  if (pod.status?.phase === 'Succeeded') return 'succeeded'
  return isFailedFor(job, pod) ? judgeFailure(job, pod) : undefined
}

function failsIndex(job: Job, pod: Pod, verdict: FailureVerdict): boolean {
  const limit = job.spec.backoffLimitPerIndex
  if (limit === undefined || verdict.action === 'Ignore') return false
  return verdict.action === 'FailIndex' || failuresOfIndex(pod) >= limit
}
