/** Why no node was found, as counts by reason, and the sentence that events and conditions carry. */
import type { Rejection } from './rejection.ts'

export interface Diagnosis {
  readonly nodeCount: number
  /** Rejections by node name; nodes that are missing share `others`. */
  readonly byNode: ReadonlyMap<string, Rejection>
  readonly others: Rejection | undefined
  /** A plugin's no to the pod as a whole. */
  readonly wholePod: string
  /** Names of the plugins that said no: their hints decide when to try again. */
  readonly plugins: ReadonlySet<string>
}

/** The sentence as upstream's FitError words it; `after` is what preemption found out. */
export function fitErrorMessage(diagnosis: Diagnosis, after = ''): string {
  const { nodeCount, byNode, others, wholePod } = diagnosis
  if (nodeCount === 0 && wholePod === '') return 'no nodes available to schedule pods'
  const said = wholePod === '' ? countReasons(byNode, nodeCount, others) : wholePod
  return `0/${nodeCount} nodes are available:${said === '' ? '' : ` ${said}.`}${after === '' ? '' : ` ${after}`}`
}

function countReasons(
  byNode: ReadonlyMap<string, Rejection>,
  nodeCount: number,
  others: Rejection | undefined,
): string {
  const counts = new Map<string, number>()
  const count = (rejected: Rejection, by: number): void => {
    for (const reason of rejected.reasons) counts.set(reason, (counts.get(reason) ?? 0) + by)
  }
  for (const rejected of byNode.values()) count(rejected, 1)
  if (others !== undefined && byNode.size < nodeCount) count(others, nodeCount - byNode.size)
  const texts = Array.from(counts, ([reason, times]) => `${times} ${reason}`)
  return texts.toSorted((a, b) => (a < b ? -1 : 1)).join(', ')
}
