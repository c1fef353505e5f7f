/**
 * Where pods are, as the scheduler knows it: those on nodes (also those it has just decided about, "assumed"), and those
 * that wait. Turns changes of pods into changes of the node table and the queue.
 */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { CacheChange } from '#kit/reconcile/object-cache.ts'
import type { NodeTable } from './node-table.ts'
import type { NominatedPods } from './nominated-pods.ts'
import type { ClusterChange } from './plugin.ts'
import { type PodRecord, PodRecords } from './pod-record.ts'
import type { SchedulingQueue } from './scheduling-queue.ts'

interface Placed {
  record: PodRecord
  readonly nodeName: string
  /** Decided by us, not yet seen in the API. */
  isAssumed: boolean
}

export interface LedgerDeps {
  readonly table: NodeTable
  readonly queue: SchedulingQueue
  readonly nominated: NominatedPods
  readonly isOurs: (pod: Pod) => boolean
  readonly nowMs: () => number
}

export class PodLedger {
  readonly #deps: LedgerDeps
  readonly #records: PodRecords
  readonly #placed = new Map<string, Placed>()
  readonly #waiting = new Map<string, PodRecord>()

  constructor(deps: LedgerDeps) {
    this.#deps = deps
    this.#records = new PodRecords(deps.table.reader)
  }

  /** Puts a pod on a node before the API says so. */
  assume(record: PodRecord, nodeName: string): void {
    this.#deps.table.addPod(record, nodeName)
    this.#placed.set(record.uid, { record, nodeName, isAssumed: true })
  }

  /** The pod does not go there after all; does nothing when the API says it is there. */
  forget(uid: string): boolean {
    const placed = this.#placed.get(uid)
    if (placed === undefined || !placed.isAssumed) return false
    this.#placed.delete(uid)
    this.#deps.table.removePod(uid, placed.nodeName)
    return true
  }

  /** True while the pod waits for a node and nobody has decided about it. */
  isWaiting(uid: string): boolean {
    return this.#waiting.has(uid) && !this.#placed.has(uid)
  }

  /** The newest picture of a waiting pod. */
  waiting(uid: string): PodRecord | undefined {
    return this.#waiting.get(uid)
  }

  /** Takes in a change of a pod; what it means for others is told to the queue. */
  take({ type, object, previous }: CacheChange<Pod>): void {
    const uid = object.metadata.uid ?? `${object.metadata.namespace ?? ''}/${object.metadata.name}`
    const isGone = type === 'deleted' || isTerminal(object)
    if (isGone) this.#drop(uid, object)
    else if ((object.spec.nodeName ?? '') !== '') this.#place(uid, object)
    else this.#wait(uid, object, previous)
  }

  #drop(uid: string, object: Pod): void {
    this.#stopWaiting(uid)
    const placed = this.#placed.get(uid)
    if (placed === undefined) return
    this.#placed.delete(uid)
    this.#deps.table.removePod(uid, placed.nodeName)
    this.#tell({ kind: 'pod-deleted', object, pod: placed.record })
  }

  #place(uid: string, pod: Pod): void {
    this.#stopWaiting(uid)
    const nodeName = pod.spec.nodeName ?? ''
    const known = this.#placed.get(uid)
    if (known !== undefined && known.nodeName === nodeName && !changesPlacement(known.record.pod, pod)) {
      // What was decided here is news to others only now.
      if (known.isAssumed) this.#tell({ kind: 'pod-added', object: pod, pod: known.record })
      known.isAssumed = false
      return
    }
    const record = known === undefined ? this.#records.of(pod) : this.#records.changed(known.record, pod)
    if (known !== undefined) this.#deps.table.removePod(uid, known.nodeName)
    this.#deps.table.addPod(record, nodeName)
    this.#placed.set(uid, { record, nodeName, isAssumed: false })
    if (known === undefined || known.isAssumed) {
      this.#tell({ kind: 'pod-added', object: pod, pod: record })
      return
    }
    const change = { object: pod, pod: record, podBefore: known.record }
    if (!sameText(known.record.labels, record.labels)) this.#tell({ kind: 'pod-changed', ...change })
    if (asksLess(known.record, record)) this.#tell({ kind: 'pod-shrunk', ...change })
  }

  #wait(uid: string, pod: Pod, previous: Pod | undefined): void {
    // An old picture of a pod that is on its way to a node already.
    if (this.#placed.has(uid)) return
    if (!this.#deps.isOurs(pod) || pod.metadata.deletionTimestamp !== undefined) {
      this.#stopWaiting(uid)
      return
    }
    const isNew = !this.#waiting.has(uid)
    const record = this.#records.of(pod)
    this.#waiting.set(uid, record)
    const nominated = pod.status?.nominatedNodeName ?? ''
    if (nominated !== '') this.#deps.nominated.set(record, nominated)
    if (isNew) {
      this.#deps.queue.add(record, this.#deps.nowMs())
      return
    }
    const kind = previous !== undefined && wantsTheSame(previous, pod) ? undefined : 'own-pod-changed'
    this.#deps.queue.update(record, { kind: kind ?? 'pod-status', object: pod }, this.#deps.nowMs())
  }

  #stopWaiting(uid: string): void {
    if (!this.#waiting.delete(uid)) return
    this.#deps.queue.delete(uid)
    this.#deps.nominated.delete(uid)
  }

  #tell(change: ClusterChange): void {
    this.#deps.queue.onChange(change, this.#deps.nowMs())
  }
}

function isTerminal({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

const sameText = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/** True when plugins would count the pod differently: its labels, requests (in-place resize) or end. */
function changesPlacement(before: Pod, now: Pod): boolean {
  if (before === now) return false
  if (before.metadata.deletionTimestamp !== now.metadata.deletionTimestamp) return true
  if (before.metadata.generation !== now.metadata.generation && before.spec.nodeName !== undefined) return true
  if (!sameText(before.metadata.labels, now.metadata.labels)) return true
  const held = ({ status }: Pod): unknown =>
    status?.containerStatuses?.map(({ allocatedResources }) => allocatedResources)
  return before.spec.nodeName !== undefined && !sameText(held(before), held(now))
}

function asksLess(before: PodRecord, now: PodRecord): boolean {
  return [...before.requests].some(([name, amount]) => (now.requests.get(name) ?? 0) < amount)
}

function wantsTheSame(before: Pod, now: Pod): boolean {
  return (
    sameText(before.metadata.labels, now.metadata.labels) &&
    sameText(before.spec, now.spec) &&
    sameText(before.status?.resourceClaimStatuses, now.status?.resourceClaimStatuses)
  )
}
