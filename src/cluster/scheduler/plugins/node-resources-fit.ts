/** A pod fits where its requests are free; of the nodes where it fits, those with the most left free are liked best. */
import { finalRejection, type Plugin, rejection, type Rejection } from '../plugin.ts'
import type { KnownNode, NodeTable, ResourceColumn } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'

export type ScoringStrategy = 'LeastAllocated' | 'MostAllocated'

interface Wanted {
  readonly amount: number
  readonly column: ResourceColumn
  readonly reason: string
}

/** Builds the plugin; the strategy is the profile's choice. */
export function nodeResourcesFit(strategy: ScoringStrategy = 'LeastAllocated'): Plugin {
  return {
    name: 'NodeResourcesFit',
    preFilter: (pod, { table }) => {
      const wanted = wantedOf(pod, table)
      return { check: (entry) => checkFit(entry, wanted, table.podCount) }
    },
    preScore: (pod, { table }) => ({
      score: ({ row }) => {
        const cpu = share(
          (table.presumedCpu[row] ?? 0) + pod.presumedCpuMillis,
          table.cpu.allocatable[row] ?? 0,
          strategy,
        )
        const memory = share(
          (table.presumedMemory[row] ?? 0) + pod.presumedMemoryBytes,
          table.memory.allocatable[row] ?? 0,
          strategy,
        )
        if (cpu === undefined && memory === undefined) return 0
        if (cpu === undefined || memory === undefined) return cpu ?? memory ?? 0
        return Math.trunc((cpu + memory) / 2)
      },
    }),
    hints: {
      'pod-deleted': true,
      'pod-changed': true,
      'own-pod-changed': true,
      'node-added': true,
      'node-changed': true,
    },
  }
}

function wantedOf(pod: PodRecord, table: NodeTable): Wanted[] {
  return Array.from(pod.requests, ([name, amount]) => ({
    amount,
    column: table.column(name),
    reason: `Insufficient ${name}`,
  })).filter(({ amount }) => amount > 0)
}

const tooManyPods = 'Too many pods'

/** Every resource that is missing; final when the node could not even hold the pod alone. */
function checkFit({ row }: KnownNode, wanted: readonly Wanted[], podCount: ResourceColumn): Rejection | undefined {
  let reasons: string[] | undefined
  let isHopeless = false
  if ((podCount.requested[row] ?? 0) + 1 > (podCount.allocatable[row] ?? 0)) reasons = [tooManyPods]
  for (const { amount, column, reason } of wanted) {
    const allocatable = column.allocatable[row] ?? 0
    if (amount <= allocatable - (column.requested[row] ?? 0)) continue
    reasons ??= []
    reasons.push(reason)
    if (amount > allocatable) isHopeless = true
  }
  if (reasons === undefined) return undefined
  return isHopeless ? finalRejection(...reasons) : rejection(...reasons)
}

/** 0 to 100 of one resource; undefined where the node has none of it. */
function share(requested: number, allocatable: number, strategy: ScoringStrategy): number | undefined {
  if (allocatable === 0) return undefined
  if (strategy === 'MostAllocated') return Math.trunc((Math.min(requested, allocatable) * 100) / allocatable)
  return requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * 100) / allocatable)
}
