/** The resources that a score goes by: how much of each a node has, how much is taken, and what the pod would add. */
import type { NodeTable } from '../node-table.ts'
import type { PodRecord } from '../pod-record.ts'

/** A resource and how much it counts beside the others. */
export interface WeighedResource {
  readonly name: string
  readonly weight: number
}

/** One resource over all rows of the table. */
export interface ScoredResource {
  readonly allocatable: Float64Array
  readonly requested: Float64Array
  readonly wanted: number
  readonly weight: number
}

/** CPU and memory alike: what scores go by unless a profile says otherwise. */
export const cpuAndMemory: readonly WeighedResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
]

/** Resources that every pod uses some of; others count only for pods that ask for them. */
const usedByAll = new Set(['cpu', 'memory', 'ephemeral-storage'])

/**
 * What to look at for a pod. `presumes` counts CPU and memory of containers that ask for none by upstream's presumed
 * amounts (resourceAllocationScorer, v1.36).
 */
export function scoredResources(
  { pod, table, presumes }: { readonly pod: PodRecord; readonly table: NodeTable; readonly presumes: boolean },
  resources: readonly WeighedResource[],
): ScoredResource[] {
  const found: ScoredResource[] = []
  for (const { name, weight } of resources) {
    const { allocatable, requested } = table.column(name)
    const wanted = pod.requests.get(name) ?? 0
    if (presumes && name === 'cpu')
      found.push({ allocatable, requested: table.presumedCpu, wanted: pod.presumedCpuMillis, weight })
    else if (presumes && name === 'memory')
      found.push({ allocatable, requested: table.presumedMemory, wanted: pod.presumedMemoryBytes, weight })
    else if (wanted > 0 || usedByAll.has(name)) found.push({ allocatable, requested, wanted, weight })
  }
  return found
}
