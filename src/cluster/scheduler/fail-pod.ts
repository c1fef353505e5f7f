/** What follows when no node was found: preemption where it helps, the event and condition that say why, and waiting. */
import { pods } from '#clients/kubernetes/resources.table.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { apiTime } from '#kit/reconcile/api-time.ts'
import { withCondition } from '#kit/reconcile/conditions.ts'
import type { Pod, PodCondition } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Aftermath } from './after-failure.ts'
import { type Diagnosis, fitErrorMessage } from './fit-error.ts'
import type { PodRecord } from './pod-record.ts'
import { type Candidate, type Preemption, preemptionReason } from './preempt.ts'
import { runBeside, type SchedulerParts } from './scheduler-parts.ts'
import type { QueuedPod } from './scheduling-queue.ts'

/** Puts a pod aside. */
export function failPod(
  queued: QueuedPod,
  diagnosis: Diagnosis,
  {
    parts,
    aftermath,
  }: {
    readonly parts: SchedulerParts
    /** What can be done for it; left out where nothing can (a reservation that failed). */
    readonly aftermath?: Aftermath | undefined
  },
): void {
  const { record } = queued
  const result = aftermath?.preemption
  const candidate = result !== undefined && 'candidate' in result ? result.candidate : undefined
  const message = fitErrorMessage(diagnosis, aftermath?.message)
  parts.queue.putAside(queued, diagnosis.plugins, parts.nowMs())
  parts.events.record({
    pod: record.pod,
    reporter: reporterOf(record),
    type: 'Warning',
    reason: 'FailedScheduling',
    action: 'Scheduling',
    note: message,
  })
  const nominatedNodeName = nominationAfter(record, result)
  if (candidate !== undefined) parts.nominated.set(record, candidate.entry.name)
  else if (nominatedNodeName === '') parts.nominated.delete(record.uid)
  runBeside(parts, async () => {
    await writePodCondition(record, { reason: 'Unschedulable', message, nominatedNodeName }, parts)
    for (const act of aftermath?.acts ?? []) await helpOnce(act, record, parts)
    if (candidate !== undefined) await evictVictims(record, candidate, parts)
  })
}

async function helpOnce(act: () => Promise<void>, { key }: PodRecord, { log, signal }: SchedulerParts): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!isGone(error) && !signal.aborted) log.warn('a plugin could not help', { pod: key, error })
  }
}

function reporterOf({ pod }: PodRecord): string {
  return pod.spec.schedulerName ?? 'default-scheduler'
}

/** The node that the pod is nominated to from now on; '' for none. */
function nominationAfter({ pod }: PodRecord, result: Preemption | undefined): string {
  if (result !== undefined && 'candidate' in result) return result.candidate.entry.name
  return result === undefined || result.keepNomination ? (pod.status?.nominatedNodeName ?? '') : ''
}

function generationSeen({ generation }: Pod['metadata']): Pick<PodCondition, 'observedGeneration'> {
  return generation === undefined ? {} : { observedGeneration: generation }
}

interface Nomination {
  /** Empty for none; as it was unless told. */
  readonly nominatedNodeName?: string
  /** Takes it back, whatever is known of it. */
  readonly endsNomination?: boolean
}

function nominationPatch(
  { nominatedNodeName: wanted, endsNomination = false }: Nomination,
  before: string,
): { readonly nominatedNodeName: string | null } | undefined {
  if (endsNomination || wanted === '') return before === '' && !endsNomination ? undefined : { nominatedNodeName: null }
  return wanted === undefined || wanted === before ? undefined : { nominatedNodeName: wanted }
}

/** Writes why a pod has no node, when that is new. */
export async function writePodCondition(
  record: PodRecord,
  said: Nomination & { readonly reason: string; readonly message: string },
  parts: SchedulerParts,
): Promise<void> {
  const { status, metadata } = (parts.ledger.waiting(record.uid) ?? record).pod
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: said.reason,
    message: said.message,
    lastTransitionTime: apiTime(parts.clock.now()),
    ...generationSeen(metadata),
  }
  const { conditions: before, nominatedNodeName = '' } = status ?? {}
  const conditions = withCondition(before, condition)
  const nomination = nominationPatch(said, nominatedNodeName)
  if (conditions === before && nomination === undefined) return
  const written = conditions.find(({ type }) => type === 'PodScheduled')
  const patch = {
    status: {
      conditions: [{ ...written, lastProbeTime: null }],
      ...nomination,
    },
  }
  try {
    const { namespace, name } = record
    await parts.client.patch(pods, name, patch, { namespace, type: 'strategic', subresource: 'status' })
  } catch (error) {
    if (!isGone(error) && !parts.signal.aborted) parts.log.warn('condition not written', { pod: record.key, error })
  }
}

async function evictVictims(record: PodRecord, { entry, victims }: Candidate, parts: SchedulerParts): Promise<void> {
  const reporter = reporterOf(record)
  for (const victim of victims) {
    if (victim.pod.metadata.deletionTimestamp !== undefined) continue
    try {
      // The most important victim goes first, as upstream does.
      await evict(victim, `${reporter}: preempting to accommodate a higher priority pod`, parts)
    } catch (error) {
      if (isGone(error)) continue
      parts.log.warn('preemption failed', { pod: record.key, victim: victim.key, error })
      parts.nominated.delete(record.uid)
      return
    }
    parts.events.record({
      pod: victim.pod,
      reporter,
      type: 'Normal',
      reason: 'Preempted',
      action: 'Preempting',
      note: `Preempted by pod ${record.uid} on node ${entry.name}`,
    })
  }
  // Pods of lower priority that were promised this node look for another one.
  for (const other of parts.nominated.below(record.priority, entry.name)) {
    parts.nominated.delete(other.uid)
    const patch = { status: { nominatedNodeName: null } }
    const place = { namespace: other.namespace, type: 'strategic', subresource: 'status' } as const
    await parts.client.patch(pods, other.name, patch, place).catch((error: unknown) => {
      parts.log.debug('nomination not taken back', { pod: other.key, error })
    })
  }
}

async function evict({ namespace, name, pod }: PodRecord, message: string, parts: SchedulerParts): Promise<void> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: preemptionReason,
    message,
    lastTransitionTime: apiTime(parts.clock.now()),
    ...generationSeen(pod.metadata),
  }
  const patch = { status: { conditions: [condition] } }
  await parts.client.patch(pods, name, patch, { namespace, type: 'strategic', subresource: 'status' })
  const uid = pod.metadata.uid
  await parts.client.delete(pods, name, { namespace, ...(uid === undefined ? {} : { preconditions: { uid } }) })
}
