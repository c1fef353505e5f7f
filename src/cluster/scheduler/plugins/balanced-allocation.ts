/** Likes nodes whose resources a pod brings closer to being used in equal shares. */
import type { Plugin } from '../plugin.ts'
import { cpuAndMemory, type ScoredResource, scoredResources, type WeighedResource } from './scored-resources.ts'

/** Builds the plugin; the resources are the profile's choice. */
export function balancedAllocation(resources: readonly WeighedResource[] = cpuAndMemory): Plugin {
  return {
    name: 'NodeResourcesBalancedAllocation',
    preScore: (pod, { table }) => {
      const scored = scoredResources({ pod, table, presumes: false }, resources)
      // A pod that asks for nothing changes no balance.
      if (scored.every(({ wanted }) => wanted === 0)) return undefined
      return {
        question: pod.requestsText,
        // Between 50 and 100: 75 for a pod that leaves the balance as it is.
        score: ({ row }) => 50 + Math.trunc((50 + balance(scored, row, 1) - balance(scored, row, 0)) / 2),
      }
    },
  }
}

/** 100 for equal shares, less the further they lie apart; with the pod (1) or without (0). */
function balance(scored: readonly ScoredResource[], row: number, pods: 0 | 1): number {
  let count = 0
  let sum = 0
  let gap = 0
  for (const resource of scored) {
    const share = shareOf(resource, row, pods)
    if (share < 0) continue
    count++
    sum += share
    gap = share - gap
  }
  if (count < 2) return 100
  // Two are told apart without a square root: a rounded one would cost a point.
  const apart = count === 2 ? Math.abs(gap) / 2 : deviation(scored, row, { pods, mean: sum / count, count })
  return Math.trunc((1 - apart) * 100)
}

interface Shares {
  readonly pods: 0 | 1
  readonly mean: number
  readonly count: number
}

/** The standard deviation. */
function deviation(scored: readonly ScoredResource[], row: number, { pods, mean, count }: Shares): number {
  let squares = 0
  for (const resource of scored) {
    const share = shareOf(resource, row, pods)
    if (share >= 0) squares += (share - mean) ** 2
  }
  return Math.sqrt(squares / count)
}

/** How much of a resource is used, at most all of it; -1 where the node has none. */
function shareOf({ allocatable, requested, wanted }: ScoredResource, row: number, pods: 0 | 1): number {
  const has = allocatable[row] ?? 0
  return has === 0 ? -1 : Math.min(1, ((requested[row] ?? 0) + pods * wanted) / has)
}
