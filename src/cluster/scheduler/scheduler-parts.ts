/** What the steps of one scheduler share. */
import type { ApiClient } from '#kit/reconcile/api-client.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { ClusterObjects } from './cluster-objects.ts'
import type { NodeTable } from './node-table.ts'
import type { NominatedPods } from './nominated-pods.ts'
import type { PodLedger } from './pod-ledger.ts'
import type { SchedulingEvents } from './record-scheduling-event.ts'
import type { SchedulingQueue } from './scheduling-queue.ts'

export interface SchedulerParts {
  readonly client: ApiClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly table: NodeTable
  readonly queue: SchedulingQueue
  readonly nominated: NominatedPods
  readonly ledger: PodLedger
  readonly events: SchedulingEvents
  readonly objects: ClusterObjects
  readonly signal: AbortSignal
  /** Time that queue and back-off count in. */
  readonly nowMs: () => number
  /** Makes the loop look at the queue again. */
  readonly wake: () => void
  /** Bindings and writes that have not ended; each takes itself out. */
  readonly underWay: Set<Promise<void>>
  /** One of them has ended. */
  readonly onEnded: () => void
}

/** Runs work beside the loop; failures must be dealt with inside. */
export function runBeside(parts: SchedulerParts, work: () => Promise<void>): void {
  const running: Promise<void> = work()
    .catch((error: unknown) => parts.log.error('work of the scheduler failed', { error }))
    .finally(() => {
      parts.underWay.delete(running)
      parts.onEnded()
    })
  parts.underWay.add(running)
}
