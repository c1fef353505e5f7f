/** Pods that a node was made free for and that have not come yet: they hold their place against pods that matter less. */
import type { KnownNode, NodeTable } from './node-table.ts'
import type { PodRecord } from './pod-record.ts'
import type { ActiveFilter } from './plugin.ts'

export class NominatedPods {
  readonly #byNode = new Map<string, Map<string, PodRecord>>()
  readonly #nodeOf = new Map<string, string>()

  get isEmpty(): boolean {
    return this.#byNode.size === 0
  }

  /** Nominates a pod to a node, instead of any other. */
  set(record: PodRecord, nodeName: string): void {
    this.delete(record.uid)
    const pods = this.#byNode.get(nodeName) ?? new Map<string, PodRecord>()
    pods.set(record.uid, record)
    this.#byNode.set(nodeName, pods)
    this.#nodeOf.set(record.uid, nodeName)
  }

  delete(uid: string): void {
    const nodeName = this.#nodeOf.get(uid)
    if (nodeName === undefined) return
    this.#nodeOf.delete(uid)
    const pods = this.#byNode.get(nodeName)
    pods?.delete(uid)
    if (pods?.size === 0) this.#byNode.delete(nodeName)
  }

  /** Other pods nominated to a node that matter as much as `pod` or more. */
  ahead(pod: PodRecord, nodeName: string): readonly PodRecord[] {
    const pods = this.#byNode.get(nodeName)
    if (pods === undefined) return []
    return [...pods.values()].filter((other) => other.uid !== pod.uid && other.priority >= pod.priority)
  }

  /** Pods nominated to a node that matter less than `priority`. */
  below(priority: number, nodeName: string): readonly PodRecord[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? [])].filter((other) => other.priority < priority)
  }
}

/** Runs a check as if further pods were on a node, and takes them away again. */
export function withNominated<T>(
  pods: readonly PodRecord[],
  entry: KnownNode,
  {
    filters,
    table,
    run,
  }: { readonly filters: readonly ActiveFilter[]; readonly table: NodeTable; readonly run: () => T },
): T {
  const change = (by: 1 | -1): void => {
    for (const pod of pods) {
      if (by === 1) table.addPod(pod, entry.name)
      else table.removePod(pod.uid, entry.name)
      for (const { filtering } of filters) filtering.whatIf?.(pod, entry, by)
    }
  }
  change(1)
  try {
    return run()
  } finally {
    change(-1)
  }
}
