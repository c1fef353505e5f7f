/**
 * Pods that want a node, in four places:
 *
 *   gated ── gates lifted ──▶ active ── pop ──▶ (a cycle) ── no node ──▶ unschedulable
 *                               ▲                   │ error                  │ a change that a plugin's
 *                               └──── time up ── back-off ◀──────────────────┘ hint finds helpful, or 5 min
 *
 * Times are milliseconds of the caller's clock; the queue itself reads none.
 */
import type { ClusterChange, Plugin, Queued } from './plugin.ts'
import type { Rejection } from './rejection.ts'
import type { PodRecord } from './pod-record.ts'

export interface QueuedPod extends Queued {
  record: PodRecord
  readonly priority: number
  readonly sinceMs: number
  readonly sequence: number
  attempts: number
  /** When it was put aside last; back-off counts from here. */
  asideSinceMs: number
  backoffCount: number
  /** Plugins that rejected it. */
  rejectedBy: ReadonlySet<string>
  /** An error, not the cluster, put it aside: its back-off is not cut short. */
  hadError: boolean
}

export interface QueueConfig {
  readonly backoffFirstMs: number
  readonly backoffMostMs: number
  /** Put aside for longer than this, a pod is tried again in any case. */
  readonly unschedulableMostMs: number
}

export const defaultQueueConfig: QueueConfig = {
  backoffFirstMs: 1000,
  backoffMostMs: 10_000,
  unschedulableMostMs: 300_000,
}

export interface QueueDeps {
  readonly compare: (a: Queued, b: Queued) => number
  /** Plugins of the profile a pod asks for. */
  readonly pluginsOf: (record: PodRecord) => readonly Plugin[]
  /** The first plugin that keeps the pod out, if any. */
  readonly gate: (record: PodRecord) => { readonly plugin: string; readonly rejection: Rejection } | undefined
}

export class SchedulingQueue {
  readonly #deps: QueueDeps
  readonly #config: QueueConfig
  readonly #active: Heap
  readonly #backoff = new Map<string, QueuedPod>()
  readonly #unschedulable = new Map<string, QueuedPod>()
  readonly #gated = new Map<string, QueuedPod>()
  #sequence = 0
  #changes = 0
  /** Nothing that waits for time is due before. */
  #flushAtMs = Infinity

  constructor(deps: QueueDeps, config: QueueConfig = defaultQueueConfig) {
    this.#deps = deps
    this.#config = config
    this.#active = new Heap(deps.compare)
  }

  get counts(): {
    readonly active: number
    readonly backoff: number
    readonly unschedulable: number
    readonly gated: number
  } {
    return {
      active: this.#active.size,
      backoff: this.#backoff.size,
      unschedulable: this.#unschedulable.size,
      gated: this.#gated.size,
    }
  }

  /** How many changes the queue has been told of: of those meanwhile a cycle that waits for others knows nothing. */
  get changes(): number {
    return this.#changes
  }

  /** A new pod without a node. */
  add(record: PodRecord, nowMs: number): void {
    this.#place({
      record,
      priority: record.priority,
      sinceMs: nowMs,
      sequence: this.#sequence++,
      attempts: 0,
      asideSinceMs: nowMs,
      backoffCount: 0,
      rejectedBy: new Set(),
      hadError: false,
    })
  }

  /** A pod in the queue has changed; false when it is not in the queue. */
  update(record: PodRecord, change: ClusterChange, nowMs: number): boolean {
    const active = this.#active.get(record.uid)
    if (active !== undefined) {
      active.record = record
      if (this.#deps.gate(record) === undefined) return true
      this.#active.remove(record.uid)
      this.#place(active)
      return true
    }
    const gated = this.#gated.get(record.uid)
    if (gated !== undefined) {
      this.#gated.delete(record.uid)
      gated.record = record
      this.#place(gated)
      return true
    }
    const waiting = this.#backoff.get(record.uid)
    if (waiting !== undefined) {
      waiting.record = record
      return true
    }
    const aside = this.#unschedulable.get(record.uid)
    if (aside === undefined) return false
    aside.record = record
    if (this.#isHelped(aside, change)) this.#retry(aside, nowMs)
    return true
  }

  delete(uid: string): void {
    this.#active.remove(uid)
    this.#backoff.delete(uid)
    this.#unschedulable.delete(uid)
    this.#gated.delete(uid)
  }

  /** The next pod to try, or undefined. When nothing else waits, back-off after a mere "no node" is cut short. */
  pop(nowMs: number): QueuedPod | undefined {
    this.#flush(nowMs)
    const next = this.#active.pop() ?? this.#earliestBackoff()
    if (next !== undefined) next.attempts++
    return next
  }

  /** No node was found: wait for a change that helps. */
  putAside(pod: QueuedPod, rejectedBy: ReadonlySet<string>, nowMs: number): void {
    pod.rejectedBy = rejectedBy
    pod.hadError = false
    pod.asideSinceMs = nowMs
    pod.backoffCount++
    this.#unschedulable.set(pod.record.uid, pod)
    this.#flushAtMs = Math.min(this.#flushAtMs, nowMs + this.#config.unschedulableMostMs)
  }

  /** Something went wrong that has nothing to do with the cluster's state: try again after the back-off. */
  retryLater(pod: QueuedPod, nowMs: number): void {
    pod.hadError = true
    pod.asideSinceMs = nowMs
    pod.backoffCount++
    this.#waitOut(pod)
  }

  /** Something changed in the cluster: pods that it may help come back. */
  onChange(change: ClusterChange, nowMs: number): void {
    this.#changes++
    for (const pod of [...this.#unschedulable.values()]) if (this.#isHelped(pod, change)) this.#retry(pod, nowMs)
    for (const pod of [...this.#gated.values()]) {
      if (!this.#isHelped(pod, change)) continue
      this.#gated.delete(pod.record.uid)
      this.#place(pod)
    }
  }

  /** When the queue wants to be asked again without any change; undefined when it waits for changes only. */
  nextWakeMs(): number | undefined {
    let earliest: number | undefined
    const consider = (atMs: number): void => {
      if (earliest === undefined || atMs < earliest) earliest = atMs
    }
    for (const pod of this.#backoff.values()) consider(this.#backoffEndMs(pod))
    for (const pod of this.#unschedulable.values()) consider(pod.asideSinceMs + this.#config.unschedulableMostMs)
    return earliest
  }

  #isHelped(pod: QueuedPod, change: ClusterChange): boolean {
    if (change.kind === 'everything' || pod.rejectedBy.size === 0) return true
    return this.#deps.pluginsOf(pod.record).some(({ name, hints }) => {
      if (!pod.rejectedBy.has(name)) return false
      const hint = hints?.[change.kind]
      return hint === true || (hint !== undefined && hint(pod.record, change))
    })
  }

  #retry(pod: QueuedPod, nowMs: number): void {
    this.#unschedulable.delete(pod.record.uid)
    if (this.#backoffEndMs(pod) > nowMs) this.#waitOut(pod)
    else this.#place(pod)
  }

  #waitOut(pod: QueuedPod): void {
    this.#backoff.set(pod.record.uid, pod)
    this.#flushAtMs = Math.min(this.#flushAtMs, this.#backoffEndMs(pod))
  }

  #place(pod: QueuedPod): void {
    const gated = this.#deps.gate(pod.record)
    if (gated === undefined) {
      this.#active.push(pod)
      return
    }
    pod.rejectedBy = new Set([gated.plugin])
    this.#gated.set(pod.record.uid, pod)
  }

  #backoffEndMs(pod: QueuedPod): number {
    if (pod.backoffCount === 0) return pod.asideSinceMs
    const { backoffFirstMs, backoffMostMs } = this.#config
    return pod.asideSinceMs + Math.min(backoffMostMs, backoffFirstMs * 2 ** (pod.backoffCount - 1))
  }

  #flush(nowMs: number): void {
    if (nowMs < this.#flushAtMs) return
    for (const pod of this.#backoff.values()) {
      if (this.#backoffEndMs(pod) > nowMs) continue
      this.#backoff.delete(pod.record.uid)
      this.#place(pod)
    }
    for (const pod of this.#unschedulable.values()) {
      if (pod.asideSinceMs + this.#config.unschedulableMostMs <= nowMs) this.#retry(pod, nowMs)
    }
    this.#flushAtMs = this.nextWakeMs() ?? Infinity
  }

  #earliestBackoff(): QueuedPod | undefined {
    let best: QueuedPod | undefined
    for (const pod of this.#backoff.values()) {
      if (pod.hadError || this.#deps.gate(pod.record) !== undefined) continue
      if (best === undefined || this.#deps.compare(pod, best) < 0) best = pod
    }
    if (best !== undefined) this.#backoff.delete(best.record.uid)
    return best
  }
}

/** A binary heap that finds its members by uid. */
class Heap {
  readonly #compare: (a: Queued, b: Queued) => number
  readonly #items: QueuedPod[] = []
  readonly #members = new Map<string, QueuedPod>()
  readonly #removed = new Set<QueuedPod>()

  constructor(compare: (a: Queued, b: Queued) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#members.size
  }

  get(uid: string): QueuedPod | undefined {
    return this.#members.get(uid)
  }

  push(pod: QueuedPod): void {
    this.remove(pod.record.uid)
    // An entry of the same pod that still lies in the heap as removed would hide this one.
    const entry = this.#removed.has(pod) ? { ...pod } : pod
    this.#members.set(pod.record.uid, entry)
    this.#items.push(entry)
    let index = this.#items.length - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfBefore(index, parent)) break
      index = parent
    }
  }

  pop(): QueuedPod | undefined {
    for (;;) {
      const top = this.#items[0]
      if (top === undefined) return undefined
      const last = this.#items.pop()
      if (last !== undefined && last !== top) {
        this.#items[0] = last
        this.#sink()
      }
      if (this.#removed.delete(top)) continue
      this.#members.delete(top.record.uid)
      return top
    }
  }

  remove(uid: string): void {
    const pod = this.#members.get(uid)
    if (pod === undefined) return
    this.#members.delete(uid)
    this.#removed.add(pod)
  }

  #sink(): void {
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      const smaller = this.#isBefore(right, left) ? right : left
      if (!this.#swapIfBefore(smaller, index)) return
      index = smaller
    }
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.#items[a]
    const second = this.#items[b]
    return first !== undefined && second !== undefined && this.#compare(first, second) < 0
  }

  #swapIfBefore(a: number, b: number): boolean {
    if (!this.#isBefore(a, b)) return false
    const first = this.#items[a]
    const second = this.#items[b]
    if (first === undefined || second === undefined) return false
    this.#items[a] = second
    this.#items[b] = first
    return true
  }
}
