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
        // Between 50 and 100: 75 for a pod that leaves the balance as it is.
        score: ({ row }) => 50 + Math.trunc((50 + balance(scored, row, 1) - balance(scored, row, 0)) / 2),
      }
    },
  }
}

/** 100 for equal shares, less the further they lie apart; with the pod (1) or without (0). */
function balance(scored: readonly ScoredResource[], row: number, pods: 0 | 1): number {
  const shares: number[] = []
  for (const resource of scored) {
    const share = shareOf(resource, row, pods)
    if (share !== undefined) shares.push(share)
  }
  return Math.trunc((1 - deviation(shares)) * 100)
}

/** The standard deviation. Two are told apart without a square root: a rounded one would cost a point. */
function deviation(shares: readonly number[]): number {
  const [first = 0, second = 0] = shares
  if (shares.length < 2) return 0
  if (shares.length === 2) return Math.abs((first - second) / 2)
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length)
}

/** How much of a resource is used; undefined where the node has none of it. */
function shareOf({ allocatable, requested, wanted }: ScoredResource, row: number, pods: 0 | 1): number | undefined {
  const has = allocatable[row] ?? 0
  return has === 0 ? undefined : Math.min(1, ((requested[row] ?? 0) + pods * wanted) / has)
}
