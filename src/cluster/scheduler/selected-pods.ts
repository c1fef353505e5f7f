/**
 * How many pods a selector selects on each node. Spreading asks this of many nodes for every pod of a workload, so the
 * numbers of a selector are counted when it is first asked about, and follow the pods from then on.
 */
import { matchesSelector, type Requirement } from '#base/data/label-selector.ts'
import type { PodRecord } from './pod-record.ts'

/** Selectors that numbers are kept of; the one not asked about for the longest time is forgotten. */
const keptMost = 128

/** Which pods count: those of a namespace that a selector selects and that are not on their way out. */
export interface PodSelection {
  readonly namespace: string
  readonly selector: readonly Requirement[]
}

/** True when a pod is one of a selection. */
export function isSelected({ namespace, labels, pod }: PodRecord, selection: PodSelection): boolean {
  return (
    namespace === selection.namespace &&
    pod.metadata.deletionTimestamp === undefined &&
    matchesSelector(selection.selector, labels)
  )
}

interface Placed {
  readonly row: number
  readonly pods: ReadonlyMap<string, PodRecord>
}

interface Kept {
  readonly selection: PodSelection
  /** By the node's row; a row without pods may be missing. */
  readonly counts: number[]
}

export class SelectedPods {
  readonly #kept = new Map<string, Kept>()

  /** Selected pods by row. The list changes with the pods: good for one cycle. */
  byRow(selection: PodSelection, nodes: () => Iterable<Placed>): readonly (number | undefined)[] {
    const key = `${selection.namespace}/${JSON.stringify(selection.selector)}`
    const known = this.#kept.get(key)
    const kept = known ?? { selection, counts: countAll(selection, nodes()) }
    // The newest stand last.
    if (known !== undefined) this.#kept.delete(key)
    this.#kept.set(key, kept)
    if (this.#kept.size > keptMost) this.#kept.delete(this.#kept.keys().next().value ?? '')
    return kept.counts
  }

  /** A pod came to a row or left it. */
  count(record: PodRecord, row: number, by: 1 | -1): void {
    for (const { selection, counts } of this.#kept.values())
      if (isSelected(record, selection)) counts[row] = (counts[row] ?? 0) + by
  }
}

function countAll(selection: PodSelection, nodes: Iterable<Placed>): number[] {
  const counts: number[] = []
  for (const { row, pods } of nodes) {
    let count = 0
    for (const record of pods.values()) if (isSelected(record, selection)) count++
    while (counts.length <= row) counts.push(0)
    counts[row] = count
  }
  return counts
}
